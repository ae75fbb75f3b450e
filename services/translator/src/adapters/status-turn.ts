import type { Revision } from '@sluice/events';

/** What brought about the statuses that wait. */
export interface StatusCause {
  /** When the newest cause was stored; 0 where none is known. */
  readonly timeMs: number;
  readonly traceparent: string | undefined;
}

/** How long statuses wait for Envoys at most, milliseconds. */
export interface StatusPatience {
  /** After a revision of a few changes. */
  readonly fewMs: number;
  /** After a revision of very many. */
  readonly manyMs: number;
}

/** An Envoy has a few changes within some milliseconds; where it takes longer, people should not wait for it. */
export const productionPatience: StatusPatience = { fewMs: 25, manyMs: 5_000 };

/**
 * When it is the statuses' turn: once the Envoys have the revision that they belong to, or have taken too long. To find them out and to
 * write them would hold up those who bring the revision into force, and what the Envoys say of it would make them be written again.
 */
export class StatusTurn {
  readonly #patience: StatusPatience;
  readonly #wake: () => void;
  #held:
    | { readonly revision: Revision; readonly isMany: boolean; readonly timer: NodeJS.Timeout }
    | undefined;
  #overdue = false;
  #cause: StatusCause = { timeMs: 0, traceparent: undefined };

  /** @param of `wake` is called when the patience ends */
  constructor(of: { readonly patience: StatusPatience; readonly wake: () => void }) {
    this.#patience = of.patience;
    this.#wake = of.wake;
  }

  /** Statuses have waited too long: no more waits until they are taken. */
  get overdue(): boolean {
    return this.#overdue;
  }

  /**
   * Statuses wait from now on until this revision is acknowledged. Where some wait already, theirs counts, unless it is one of few changes
   * and this one of many.
   */
  hold(revision: Revision, of: { readonly isMany: boolean }): void {
    const { isMany } = of;
    if (this.#overdue || (this.#held !== undefined && (this.#held.isMany || !isMany))) return;
    this.#release();
    const { fewMs, manyMs } = this.#patience;
    const end = (): void => {
      this.#release();
      this.#overdue = true;
      this.#wake();
    };
    this.#held = { revision, isMany, timer: setTimeout(end, isMany ? manyMs : fewMs).unref() };
  }

  /** Whether statuses are still to wait. */
  waits(isAwaited: (revision: Revision) => boolean): boolean {
    if (this.#held === undefined) return false;
    if (isAwaited(this.#held.revision)) return true;
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
    this.#overdue = false;
    return cause;
  }

  #release(): void {
    clearTimeout(this.#held?.timer);
    this.#held = undefined;
  }
}
