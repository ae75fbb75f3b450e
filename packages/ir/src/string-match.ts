import { z } from 'zod';

/** How a value is compared. `regex` is RE2 syntax and matches the whole value. */
export const irStringMatchSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('exact'), value: z.string() }),
  z.strictObject({ type: z.literal('regex'), value: z.string() }),
]);
export type IrStringMatch = z.infer<typeof irStringMatchSchema>;
