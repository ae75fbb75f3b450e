// ReferenceGrants. What comes in: grants; what goes out: one entry per permission, so that a reference depends on
// the permissions it asks for and on no other grant. Gateway API v1.7.0 ReferenceGrant.
import type { Collection, Fetch, Graph } from '@sluice/incremental';
import type { ReferenceGrant } from '@sluice/kinds';

interface Permission {
  readonly fromGroup: string;
  readonly fromKind: string;
  readonly fromNamespace: string;
  readonly toGroup: string;
  readonly toKind: string;
  readonly toNamespace: string;
  /** The empty string: every object of the kind. */
  readonly toName: string;
}

/** A reference from one object to another. */
export type Reference = Permission;

function permissionKey(p: Permission): string {
  return [p.fromGroup, p.fromKind, p.fromNamespace, p.toGroup, p.toKind, p.toNamespace, p.toName].join('|');
}

/** One entry per permission that some grant gives. */
export function permissionsOf(graph: Graph, grants: Collection<ReferenceGrant>): Collection<true> {
  return graph.flatMap(grants, 'permissions', function* (grant) {
    for (const from of grant.spec.from)
      for (const to of grant.spec.to) {
        const key = permissionKey({
          fromGroup: from.group,
          fromKind: from.kind,
          fromNamespace: from.namespace,
          toGroup: to.group,
          toKind: to.kind,
          toNamespace: grant.metadata.namespace,
          toName: to.name ?? '',
        });
        yield [key, true] as const;
      }
  });
}

/** Whether a reference may be followed: within a namespace always, across namespaces by a grant. */
export function isPermitted(reference: Reference, permissions: Collection<true>, fetch: Fetch): boolean {
  if (reference.fromNamespace === reference.toNamespace) return true;
  return (
    fetch(permissions, permissionKey(reference)) === true ||
    fetch(permissions, permissionKey({ ...reference, toName: '' })) === true
  );
}
