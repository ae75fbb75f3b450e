// The Service that a backendRef of a route of any kind means. What comes in: a backendRef, grants; what goes out: the key
// of the Service, or why the reference may not be followed. Gateway API v1.6.3 BackendObjectReference.
import type { Collection, Fetch } from '@sluice/incremental';
import { type BackendObjectRef, gatewayGroup } from '@sluice/kinds';
import { isPermitted } from './grants.ts';
import { objectKey } from './keys.ts';
import type { RouteRefFault } from './route-fault.ts';

/** A backendRef with the route that holds it. */
export interface BackendOf {
  readonly ref: BackendObjectRef;
  /** Kind and namespace of the route. */
  readonly kind: string;
  readonly namespace: string;
}

/** Finds the Service; whether it exists is not looked at. */
export function findService(
  { ref, kind, namespace: from }: BackendOf,
  permissions: Collection<true>,
  fetch: Fetch,
): { readonly key: string } | { readonly fault: RouteRefFault } {
  if (ref.group !== '' || ref.kind !== 'Service') {
    const named = ref.group === '' ? ref.kind : `${ref.kind}.${ref.group}`;
    return {
      fault: { reason: 'InvalidKind', message: `backends of kind ${named} are not supported, only Service` },
    };
  }
  const namespace = ref.namespace ?? from;
  const reference = {
    fromGroup: gatewayGroup,
    fromKind: kind,
    fromNamespace: from,
    toGroup: '',
    toKind: 'Service',
    toNamespace: namespace,
    toName: ref.name,
  };
  if (isPermitted(reference, permissions, fetch)) return { key: objectKey(namespace, ref.name) };
  const message = `no ReferenceGrant in namespace ${namespace} allows ${kind}s of ${from} to use Service ${ref.name}`;
  return { fault: { reason: 'RefNotPermitted', message } };
}
