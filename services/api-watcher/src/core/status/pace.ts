// How often one object's status is written while it keeps changing: at once at first, then less and less often, so that
// a thousand routes that attach to one Gateway cost it a handful of writes.

/** How one object has been written lately. */
export interface Pace {
  /** When it was written last, ms of a monotonic clock. */
  readonly writtenMs: number;
  /** It is not written again before so much time has passed, ms. */
  readonly gapMs: number;
}

const firstGapMs = 60;
const maxGapMs = 500;
/** After so long without a write an object is new again, ms. */
const quietMs = 2000;

/** When an object may be written, ms. */
export function mayWriteAtMs(pace: Pace | undefined): number {
  return pace === undefined ? 0 : pace.writtenMs + pace.gapMs;
}

/** An object was written. */
export function written(pace: Pace | undefined, nowMs: number): Pace {
  const quiet = pace === undefined || nowMs - pace.writtenMs > quietMs;
  return { writtenMs: nowMs, gapMs: quiet ? firstGapMs : Math.min(maxGapMs, pace.gapMs * 2) };
}
