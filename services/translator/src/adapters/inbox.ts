import type { LogEvent, Position } from '@sluice/event-log';
import type { AckEvent } from '@sluice/events';
import type { FactInput, SignOfLife } from '../core/index.ts';

/** A fact that could not be decoded. */
export interface Poison {
  readonly seq: number;
  readonly subject: string;
  /** In words, without the bytes. */
  readonly error: string;
}

/** A decoded fact with what its envelope says. */
export interface ReceivedFact {
  readonly input: FactInput;
  /** Without its data, so that these do not wait with it. */
  readonly event: Pick<LogEvent, 'seq' | 'timeMs' | 'traceparent'>;
}

/** A decoded acknowledgement with what its envelope says. */
export interface ReceivedAck {
  readonly subject: string;
  readonly ack: AckEvent;
  readonly timeMs: number;
  readonly traceparent: string | undefined;
}

/** Something that may change the output. */
export type Item =
  | {
      readonly kind: 'facts';
      /** Everything before is void. */
      readonly reset: boolean;
      readonly facts: readonly ReceivedFact[];
      readonly poison: readonly Poison[];
      readonly position: Position;
      readonly caughtUp: boolean;
    }
  | {
      readonly kind: 'acks';
      readonly reset: boolean;
      readonly acks: readonly ReceivedAck[];
    }
  | { readonly kind: 'server'; readonly server: string; readonly sign: SignOfLife; readonly timeMs: number };

/**
 * What has come in and was not yet taken. While one batch is written the next one grows here, so a slow log makes
 * batches larger, not later; readers stop reading when it is full.
 */
export class Inbox {
  readonly #capacity: number;
  #items: Item[] = [];
  #events = 0;
  #early: readonly FactInput[] | undefined;
  #waiting = Promise.withResolvers<void>();
  #space = Promise.withResolvers<void>();

  /** @param capacity events that may wait before `put` holds its caller back */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Puts an item in; resolves when there is room for the next one. */
  async put(item: Item): Promise<void> {
    this.#items.push(item);
    this.#events += item.kind === 'facts' ? item.facts.length : item.kind === 'acks' ? item.acks.length : 1;
    this.wake();
    while (this.#events > this.#capacity) await this.#space.promise;
  }

  /** Says what may come next; of several the newest counts. */
  sayEarly(facts: readonly FactInput[]): void {
    this.#early = facts;
    this.wake();
  }

  /** Takes what was said early last; undefined where nothing was since. */
  takeEarly(): readonly FactInput[] | undefined {
    const early = this.#early;
    this.#early = undefined;
    return early;
  }

  /** Resolves when something waits, or after `wake`. */
  wait(): Promise<void> {
    return this.#waiting.promise;
  }

  /** Ends the wait of whoever waits. */
  wake(): void {
    this.#waiting.resolve();
  }

  /** Takes everything, in order. */
  drain(): Item[] {
    const items = this.#items;
    this.#items = [];
    this.#events = 0;
    this.#waiting = Promise.withResolvers();
    this.#space.resolve();
    this.#space = Promise.withResolvers();
    return items;
  }
}
