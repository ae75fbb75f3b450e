// Reads the field names out of zod schemas, so that messages can name the place a field belongs to.
import { z } from 'zod';

/** A field path with `[]` for "any item": `spec.rules[].backendRefs`. */
export type FieldPath = readonly string[];

/** The schema inside defaults, optionals and transforms. */
function core(schema: z.core.$ZodType): z.core.$ZodType {
  let inner = schema;
  for (;;) {
    if (inner instanceof z.ZodPipe) inner = inner.def.in;
    else if (
      inner instanceof z.ZodDefault ||
      inner instanceof z.ZodPrefault ||
      inner instanceof z.ZodOptional ||
      inner instanceof z.ZodExactOptional
    )
      inner = inner.def.innerType;
    else return inner;
  }
}

/** Fields of an object schema (of every member of a union), or `[]` for the items of an array. */
export function childrenOf(schema: z.core.$ZodType): ReadonlyMap<string, z.core.$ZodType> {
  const inner = core(schema);
  if (inner instanceof z.ZodObject) return new Map(Object.entries(inner.def.shape));
  if (inner instanceof z.ZodArray) return new Map([['[]', inner.def.element]]);
  const all = new Map<string, z.core.$ZodType>();
  if (inner instanceof z.ZodUnion)
    for (const option of inner.def.options)
      for (const [name, child] of childrenOf(option)) all.set(name, child);
  return all;
}

/** The schema at a path, undefined where the path leads out of what is known. Indexes count as `[]`. */
export function schemaAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | undefined {
  let at: z.core.$ZodType | undefined = schema;
  for (const step of path)
    at = at === undefined ? undefined : childrenOf(at).get(typeof step === 'number' ? '[]' : String(step));
  return at;
}

/** Every field path of a schema, parents before children. */
export function fieldPaths(schema: z.core.$ZodType, prefix: FieldPath = []): FieldPath[] {
  const found: FieldPath[] = [];
  for (const [name, child] of childrenOf(schema)) {
    const path = [...prefix, name];
    if (name !== '[]') found.push(path);
    found.push(...fieldPaths(child, path));
  }
  return found;
}

/** What a value must be, in words, with the names of its fields where it is an object. */
export function shapeOf(schema: z.core.$ZodType): string {
  const inner = core(schema);
  if (inner instanceof z.ZodObject)
    return `an object with the fields ${Object.keys(inner.def.shape).join(', ')}`;
  if (inner instanceof z.ZodArray) return 'a list: each item begins with "- "';
  return '';
}
