import type { z } from 'zod';
import { type QuickParser, quickParser, undecided } from './quick-parse.ts';

const parsers = new WeakMap<z.ZodType, QuickParser>();

/** `schema.safeParse(value)`, at a fraction of its cost for a value without faults: its output may share parts with the value. */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown): z.ZodSafeParseResult<T> {
  let parse = parsers.get(schema);
  if (parse === undefined) {
    parse = quickParser(schema);
    parsers.set(schema, parse);
  }
  const data = parse(value);
  return data === undecided ? schema.safeParse(value) : { success: true, data: data as T };
}
