// TEMPORARY seam: filled in by kind, one file each.
import { z } from 'zod';

export const knownObjectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});
export type KnownObject = z.infer<typeof knownObjectSchema>;

/** Reference to an object. */
export function objectRefOf(object: KnownObject): { group: string; kind: string; namespace: string; name: string } {
  const slash = object.apiVersion.indexOf('/');
  return {
    group: slash < 0 ? '' : object.apiVersion.slice(0, slash),
    kind: object.kind,
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name,
  };
}
