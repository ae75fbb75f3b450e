import { z } from 'zod';
import { objectRefSchema } from './key.ts';

/** What a raw resource is to the data plane. */
export const rawTypes = ['listener', 'route', 'cluster', 'endpoint', 'secret'] as const;
export type RawType = (typeof rawTypes)[number];

/**
 * A resource in the words of one data plane, that a user wrote himself (docs/adr/0018). For all others its message is a
 * payload: it is judged before it gets here, its names are put under the name of its object, and it has addresses to
 * bind. Key: `<type>/<name>`.
 */
export const irRawResourceSchema = z.strictObject({
  kind: z.literal('raw-resource'),
  key: z.string(),
  source: objectRefSchema,
  /** `metadata.generation` of the object. */
  generation: z.int().nonnegative(),
  type: z.enum(rawTypes),
  /** `cec:<namespace>/<object>/<name>` or `ccec:<object>/<name>`: nothing else begins so. */
  name: z.string(),
  /** The message in the JSON form of its type, with the names of its own fields. Not looked into. */
  message: z.record(z.string(), z.unknown()),
  /** What has to be there before it: names of raw resources of other types, and keys of certificates as `secret`. Sorted. */
  uses: z.array(z.strictObject({ type: z.enum(rawTypes), name: z.string() })),
  /** Of a cluster whose endpoints are those of a Service port: `<namespace>/<service>/<port>`; empty: it has none. */
  endpoints: z.string().optional(),
});
export type IrRawResource = z.infer<typeof irRawResourceSchema>;

/** The key of a raw resource. */
export function rawResourceKey(type: RawType, name: string): string {
  return `${type}/${name}`;
}
