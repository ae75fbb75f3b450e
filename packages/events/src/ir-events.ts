// Events of the IR stream. One revision is one transaction: resource events, closed by RevisionCommitted.
import { irKinds, irResourceSchema } from '@sluice/ir';
import { z } from 'zod';
import { revisionSchema } from './revision.ts';

/** Subject `ir.v1._.<kind>._.<key>`. */
export const resourcePutSchema = z.strictObject({
  type: z.literal('ResourcePut'),
  revision: revisionSchema,
  resource: irResourceSchema,
});

/** Tombstone on the resource's subject. */
export const resourceRemovedSchema = z.strictObject({
  type: z.literal('ResourceRemoved'),
  revision: revisionSchema,
  kind: z.enum(irKinds),
  key: z.string(),
});

/** Subject `revision.v1._._._._`, the closing event of a revision. */
export const revisionCommittedSchema = z.strictObject({
  type: z.literal('RevisionCommitted'),
  revision: revisionSchema,
  /** Version of the translator that made it. */
  translator: z.string(),
  /** Resources put and removed by it. */
  changes: z.int().nonnegative(),
  /** `SetHash` over `irHash` of every resource of the whole IR after it. */
  stateHash: z.string(),
});

export const irEventSchema = z.discriminatedUnion('type', [
  resourcePutSchema,
  resourceRemovedSchema,
  revisionCommittedSchema,
]);
export type IrEvent = z.infer<typeof irEventSchema>;
