// The inputs of goldens: an IR with the revision that made it.
import { revisionSchema } from '@sluice/events';
import { irResourceSchema } from '@sluice/ir';
import { parse } from 'yaml';
import { z } from 'zod';

const inputSchema = z.strictObject({ revision: revisionSchema, resources: z.array(irResourceSchema) });

/** Parses an input, which must be a valid IR. */
export function goldenInput(text: string): z.infer<typeof inputSchema> {
  return inputSchema.parse(parse(text));
}
