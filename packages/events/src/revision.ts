import { z } from 'zod';

/** A state of the IR: made by the translator of `epoch` from all facts up to `seq`. Compared by epoch first. */
export const revisionSchema = z.strictObject({ epoch: z.int().nonnegative(), seq: z.int().nonnegative() });
export type Revision = z.infer<typeof revisionSchema>;

/** Negative where `a` is older than `b`; 0 where they are the same. */
export function compareRevisions(a: Revision, b: Revision): number {
  return a.epoch - b.epoch || a.seq - b.seq;
}

/** `<epoch>-<seq>`, for people and for metadata. */
export function formatRevision(revision: Revision): string {
  return `${revision.epoch}-${revision.seq}`;
}
