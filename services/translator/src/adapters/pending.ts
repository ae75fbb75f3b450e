import type { AckEvent } from '@sluice/events';
import type { FactInput, SignOfLife } from '../core/index.ts';
import type { Item, Poison } from './inbox.ts';

/** Causes that are linked to a batch at most; more would say nothing. */
const maxLinks = 32;

/** What one step of the translator takes in. */
export interface Batch {
  /** Facts so far are void. */
  readonly reset: boolean;
  readonly facts: readonly FactInput[];
  readonly resetAcks: boolean;
  readonly acks: readonly AckEvent[];
  readonly servers: readonly { readonly server: string; readonly sign: SignOfLife }[];
  readonly poison: readonly Poison[];
  /** Sequence of the last fact. */
  readonly seq: number;
  /** Sequence of the last event of FACTS that was read, the log's own ones included. */
  readonly readSeq: number;
  /** When the oldest fact was stored; undefined where no fact came, or what came is a folded state. */
  readonly sinceMs: number | undefined;
  /** When the newest cause was stored; 0 where nothing came. */
  readonly timeMs: number;
  /** Trace contexts of the causes, each once; facts after acknowledgements, and then the newest last. */
  readonly traceparents: readonly string[];
}

const tombstones: ReadonlySet<string> = new Set([
  'ObjectDeleted',
  'RefusalCleared',
  'AddressReleased',
  'CertificateForgotten',
  'RejectionCleared',
]);

/**
 * Joins items into batches. Until `start`, it folds: what is kept is the newest word on each subject, so that a
 * standby holds one state and no past.
 */
export class Pending {
  #facts = new Map<string, FactInput>();
  #acks = new Map<string, AckEvent>();
  readonly #signs = new Map<string, SignOfLife>();
  #poison = new Map<number, Poison>();
  #judged = new Set<number>();
  #seq = 0;
  #readSeq = 0;
  #timeMs = 0;
  #caughtUp = false;

  /** Every fact that was stored when reading began has come in. */
  get caughtUp(): boolean {
    return this.#caughtUp;
  }

  /** Folds items in. */
  fold(items: readonly Item[]): void {
    this.#absorb(items);
    for (const item of items) {
      if (item.kind !== 'facts') continue;
      if (item.reset) this.#facts.clear();
      for (const { input } of item.facts) {
        this.#facts.delete(input.subject);
        if (!tombstones.has(input.fact.type)) this.#facts.set(input.subject, input);
      }
    }
  }

  /** The folded state as one batch; the facts are handed over and no longer kept. */
  start(): Batch {
    const facts = [...this.#facts.values()];
    this.#facts = new Map();
    return {
      ...this.#whole(),
      reset: true,
      facts,
      timeMs: this.#timeMs,
      sinceMs: undefined,
      traceparents: [],
    };
  }

  /** The items as one batch. After a reset of facts it holds all acknowledgements too, for a translator made anew. */
  batch(items: readonly Item[]): Batch {
    this.#absorb(items);
    const facts: FactInput[] = [];
    const acks: AckEvent[] = [];
    const servers: { server: string; sign: SignOfLife }[] = [];
    const [factTraces, ackTraces] = [new Set<string>(), new Set<string>()];
    let sinceMs: number | undefined;
    let [reset, resetAcks, timeMs] = [false, false, 0];
    for (const item of items) {
      if (item.kind === 'server') {
        servers.push(item);
        timeMs = Math.max(timeMs, item.timeMs);
      } else if (item.kind === 'acks') {
        if (item.reset) [resetAcks, acks.length] = [true, 0];
        for (const { ack, timeMs: at, traceparent } of item.acks) {
          acks.push(ack);
          timeMs = Math.max(timeMs, at);
          if (traceparent !== undefined && !item.reset) ackTraces.add(traceparent);
        }
      } else {
        if (item.reset) [reset, facts.length] = [true, 0];
        for (const { input, event } of item.facts) {
          facts.push(input);
          timeMs = Math.max(timeMs, event.timeMs);
          if (!item.reset) sinceMs = Math.min(sinceMs ?? event.timeMs, event.timeMs);
          if (event.traceparent !== undefined) factTraces.add(event.traceparent);
        }
      }
    }
    const traceparents = [...ackTraces, ...factTraces].slice(-maxLinks);
    const common = { facts, timeMs, sinceMs, traceparents };
    if (reset) return { ...this.#whole(), ...common, reset };
    return { ...this.#whole(), ...common, reset, acks, resetAcks, servers };
  }

  #whole(): Omit<Batch, 'facts' | 'timeMs' | 'sinceMs' | 'traceparents'> {
    const poison = [...this.#poison.values()].filter(({ seq }) => !this.#judged.has(seq));
    this.#poison = new Map();
    for (const { seq } of poison) this.#judged.add(seq);
    return {
      reset: false,
      resetAcks: true,
      acks: [...this.#acks.values()],
      servers: [...this.#signs].map(([server, sign]) => ({ server, sign })),
      poison,
      seq: this.#seq,
      readSeq: this.#readSeq,
    };
  }

  #absorb(items: readonly Item[]): void {
    for (const item of items) {
      if (item.kind === 'server') this.#signs.set(item.server, item.sign);
      else if (item.kind === 'acks') this.#absorbAcks(item);
      else this.#absorbFacts(item);
    }
  }

  #absorbAcks(item: Extract<Item, { kind: 'acks' }>): void {
    if (item.reset) this.#acks.clear();
    for (const { subject, ack, timeMs } of item.acks) {
      this.#acks.delete(subject);
      this.#acks.set(subject, ack);
      this.#timeMs = Math.max(this.#timeMs, timeMs);
    }
  }

  #absorbFacts(item: Extract<Item, { kind: 'facts' }>): void {
    if (item.reset) {
      this.#poison.clear();
      this.#judged.clear();
      this.#seq = item.position.seq;
    }
    for (const { input, event } of item.facts) {
      this.#seq = Math.max(this.#seq, event.seq);
      this.#timeMs = Math.max(this.#timeMs, event.timeMs);
      if (input.fact.type === 'EventJudged' && input.fact.stream === 'FACTS')
        this.#judged.add(input.fact.seq);
    }
    for (const poison of item.poison) {
      this.#seq = Math.max(this.#seq, poison.seq);
      this.#poison.set(poison.seq, poison);
    }
    this.#readSeq = item.position.seq;
    if (item.caughtUp) this.#caughtUp = true;
  }
}
