import type { Revision } from '@sluice/events';

/** What brought about the statuses that wait. */
export interface StatusCause {
  /** When the newest cause was stored; 0 where none is known. */
  readonly timeMs: number;
  readonly traceparent: string | undefined;
}

/**
 * When it is the statuses' turn: at once, and after a revision of very many changes once the Envoys have it. To write as many
 * statuses, and to read them, would hold up those who bring the revision into force.
 */
export class StatusTurn {
  readonly #patienceMs: number;
  readonly #wake: () => void;
  #revision: Revision | undefined;
  #patience: NodeJS.Timeout | undefined;
  #cause: StatusCause = { timeMs: 0, traceparent: undefined };

  /** @param of `patienceMs`: statuses wait for so long at most; `wake` is called at its end */
  constructor(of: { readonly patienceMs: number; readonly wake: () => void }) {
    this.#patienceMs = of.patienceMs;
    this.#wake = of.wake;
  }

  /** Statuses wait from now on until this revision is acknowledged. Where some wait already, their patience counts. */
  hold(revision: Revision): void {
    this.#revision = revision;
    this.#patience ??= setTimeout(() => {
      this.#release();
      this.#wake();
    }, this.#patienceMs).unref();
  }

  /** Whether statuses are still to wait. */
  waits(isAwaited: (revision: Revision) => boolean): boolean {
    if (this.#revision === undefined) return false;
    if (isAwaited(this.#revision)) return true;
    this.#release();
    return false;
  }

  /** Adds the cause of a batch to that of the statuses. */
  add({ timeMs, traceparent }: StatusCause): void {
    const before = this.#cause;
    this.#cause = {
      timeMs: Math.max(before.timeMs, timeMs),
      traceparent: traceparent ?? before.traceparent,
    };
  }

  /** The cause of all that has waited; it is over with that. */
  take(): StatusCause {
    const cause = this.#cause;
    this.#cause = { timeMs: 0, traceparent: undefined };
    return cause;
  }

  #release(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    this.#revision = undefined;
  }
}
