/** Times between tries, ms. */
export interface BackoffTimes {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** A time between tries that doubles up to a bound, each time drawn at random from its upper half, so that many who lost the same server do not come back at once. */
export class Backoff {
  readonly #times: BackoffTimes;
  #tries = 0;

  constructor(times: BackoffTimes) {
    this.#times = times;
  }

  /** How long to wait before the next try, ms; at least `atLeastMs`, which a server asked for. */
  next(atLeastMs = 0): number {
    const full = Math.min(this.#times.maxMs, this.#times.firstMs * 2 ** Math.min(this.#tries, 20));
    this.#tries++;
    const jittered = full * (0.5 + Math.random() / 2);
    return Math.max(jittered, atLeastMs * (1 + Math.random() / 10));
  }

  /** A try succeeded. */
  reset(): void {
    this.#tries = 0;
  }
}
