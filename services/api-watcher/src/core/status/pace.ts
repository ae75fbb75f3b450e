// How often one object's status is written while it keeps changing: at once at first, then less and less often, so that
// a thousand routes that attach to one Gateway cost it a handful of writes; and soon once it is still.

/** How one object has been written lately. */
export interface Pace {
  /** When it was written last, ms of a monotonic clock. */
  readonly writtenMs: number;
  /** While it keeps changing it is not written again before so much time has passed, ms. */
  readonly gapMs: number;
  /** When something new was said of it last, ms. */
  readonly saidMs: number;
}

const firstGapMs = 60;
const maxGapMs = 3000;
/** An object of which nothing new has been said for so long is still, ms, and then waits no longer than `maxStillGapMs`. */
const stillMs = 400;
const maxStillGapMs = 500;
/** After so long without a write an object is new again, ms; more than the longest gap. */
const quietMs = 5000;

/** When an object may be written, ms; never later than `gapMs` after its last write. */
export function mayWriteAtMs(pace: Pace | undefined): number {
  if (pace === undefined) return 0;
  const { writtenMs, gapMs, saidMs } = pace;
  const whileChanging = writtenMs + gapMs;
  const onceStill = Math.max(saidMs + stillMs, writtenMs + maxStillGapMs);
  return Math.min(whileChanging, onceStill);
}

/** Something new was said of an object. */
export function said(pace: Pace, nowMs: number): Pace {
  return { ...pace, saidMs: nowMs };
}

/** An object was written. */
export function written(pace: Pace | undefined, nowMs: number): Pace {
  const quiet = pace === undefined || nowMs - pace.writtenMs > quietMs;
  const gapMs = quiet ? firstGapMs : Math.min(maxGapMs, pace.gapMs * 2);
  return { writtenMs: nowMs, gapMs, saidMs: nowMs };
}
