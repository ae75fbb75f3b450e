import { z } from 'zod';

/**
 * The kinds of the neutral model. One resource of a kind is the unit that is stored, sent and acknowledged, so
 * no kind may grow with its neighbours: a route does not hold the other routes of its host, an endpoint group
 * not the other slices of its Service.
 */
export const irKinds = [
  'gateway',
  'listener',
  'http-route',
  'l4-route',
  'l4-service',
  'cluster',
  'endpoint-group',
  'certificate',
  'raw-resource',
] as const;
export type IrKind = (typeof irKinds)[number];

/** Identifies one resource in the whole IR: `<kind>:<key>`. Keys are compared byte by byte. */
export type IrId = `${IrKind}:${string}`;

/** Joins a kind and a key. Joined, not added up: an id is held, and a sum of texts would keep its parts beside it. */
export function irId(kind: IrKind, key: string): IrId {
  return [kind, key].join(':') as IrId;
}

/** The object that a resource was made from, as the user wrote it. */
export const objectRefSchema = z.strictObject({
  /** API group; the empty string is the core group. */
  group: z.string(),
  kind: z.string().min(1),
  /** The empty string for cluster-scoped objects. */
  namespace: z.string(),
  name: z.string().min(1),
});
export type ObjectRef = z.infer<typeof objectRefSchema>;

/** Writes an object reference as `<kind>/<namespace>/<name>`, or `<kind>/<name>` when it has no namespace. */
export function formatObjectRef(ref: ObjectRef): string {
  return ref.namespace === '' ? `${ref.kind}/${ref.name}` : `${ref.kind}/${ref.namespace}/${ref.name}`;
}

/** A total order of object references: group, kind, namespace, name, each by UTF-16 code unit. */
export function compareObjectRefs(a: ObjectRef, b: ObjectRef): number {
  return (
    compareText(a.group, b.group) ||
    compareText(a.kind, b.kind) ||
    compareText(a.namespace, b.namespace) ||
    compareText(a.name, b.name)
  );
}

/** Orders two strings by UTF-16 code unit: the same on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
