// How long to wait before a process that ended is started again. In: how often it ended in a row and how long it was
// healthy; out: milliseconds.

/** Waits before the first, second, … restart, milliseconds; the last one repeats. */
const steps = [0, 100, 200, 400, 800, 1_600, 3_200, 5_000] as const;
const longest = 5_000;
/** A process that was healthy this long counts as mended, milliseconds. */
const mendedAfterMs = 5_000;

/** Delays between restarts: 0, 100 ms, doubling up to 5 s; from the start again once a run was healthy for 5 s. */
export class Backoff {
  #failures = 0;

  /** @param healthyForMs how long the run that ended had been healthy; 0 where it never was. */
  next(healthyForMs: number): number {
    if (healthyForMs >= mendedAfterMs) this.#failures = 0;
    const delay = steps[this.#failures] ?? longest;
    this.#failures++;
    return delay;
  }
}
