// Raw messages in order → events, epoch starts, damage. Knows sequences, chains and transactions; does no I/O.
import type { Damage } from '../port.ts';
import { Chains } from './chain.ts';
import { controlTypes, isControl } from './control.ts';
import type { ChainHead, RawMessage, StoredEvent } from './message.ts';
import { type Packs, unsealAll } from './stored-events.ts';
import { Transactions } from './transactions.ts';

/** What reading a message brought. */
export type Step =
  | { readonly kind: 'events'; readonly events: readonly StoredEvent[] }
  /** The fold starts empty here. */
  | { readonly kind: 'epoch'; readonly event: StoredEvent }
  | { readonly kind: 'damage'; readonly damage: Damage };

export interface ReaderStart {
  readonly stream: string;
  /** Every sequence must be there; else only their order counts. */
  readonly gapless: boolean;
  /** Of the stream. */
  readonly packs: Packs;
  /** First sequence to come. */
  readonly nextSeq: number;
  /** Hash of the event before it, where known. */
  readonly hash?: string;
  readonly heads?: Readonly<Record<string, ChainHead>>;
}

export class StreamReader {
  readonly chains: Chains;
  readonly transactions = new Transactions();
  readonly #stream: string;
  readonly #gapless: boolean;
  readonly #packs: Packs;
  #nextSeq: number;
  #settled: { readonly seq: number; readonly hash: string };

  constructor(start: ReaderStart) {
    this.#stream = start.stream;
    this.#gapless = start.gapless;
    this.#packs = start.packs;
    this.#nextSeq = start.nextSeq;
    this.#settled = { seq: start.nextSeq - 1, hash: start.hash ?? '' };
    this.chains = new Chains({
      gapless: start.gapless,
      ...(start.heads === undefined ? {} : { heads: start.heads }),
    });
  }

  /** Sequence expected next. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** Last sequence with nothing uncertain at or before it. */
  get settled(): { readonly seq: number; readonly hash: string } {
    return this.#settled;
  }

  /** Takes the next message in. */
  push(raw: RawMessage): Step[] {
    const steps: Step[] = [];
    if (raw.seq < this.#nextSeq) return steps;
    if (raw.seq > this.#nextSeq) steps.push(...this.missing(raw.seq - 1));
    this.#nextSeq = raw.seq + 1;
    const events = unsealAll(raw, this.#packs);
    if (events === undefined) {
      steps.push(this.#damage('undecodable-envelope', raw.seq, 'a message is no event of the log'));
      if (!this.transactions.holding) this.#settled = { seq: raw.seq, hash: '' };
      return steps;
    }
    for (const event of events) this.#take(event, steps);
    return steps;
  }

  /**
   * The events of a message that would be certain if it came next; undefined where it is none of ours, or would not go on from what
   * was read. Takes nothing in.
   */
  preview(raw: RawMessage): readonly StoredEvent[] | undefined {
    if (this.transactions.holding) return undefined;
    const events = unsealAll(raw, this.#packs);
    if (events === undefined || events.some(({ subject }) => isControl(subject))) return undefined;
    const { transaction } = events.at(-1) ?? {};
    const whole =
      transaction?.closing !== false && events.every((event) => event.transaction?.id === transaction?.id);
    return whole && this.chains.wouldContinue(events) ? events : undefined;
  }

  #take(event: StoredEvent, steps: Step[]): void {
    const fault = this.chains.next(event);
    const isEpoch = event.type === controlTypes.epochStarted;
    if (fault !== undefined && !isEpoch) steps.push(this.#damage('chain-broken', event.seq, fault));
    const certain = this.transactions.next(event);
    if (!this.transactions.holding) this.#settled = { seq: event.seq, hash: event.hash };
    if (isEpoch) {
      this.chains.forget();
      steps.push({ kind: 'epoch', event });
    } else if (certain.length > 0) steps.push({ kind: 'events', events: certain });
  }

  /** The sequences up to `to` will not come. */
  missing(to: number): Step[] {
    const from = this.#nextSeq;
    if (to < from) return [];
    this.#nextSeq = to + 1;
    if (!this.#gapless) return [];
    const message = `${to - from + 1} event${to === from ? ' is' : 's are'} missing`;
    return [{ kind: 'damage', damage: { stream: this.#stream, kind: 'gap', from, to, message } }];
  }

  #damage(kind: Damage['kind'], seq: number, message: string): Step {
    return { kind: 'damage', damage: { stream: this.#stream, kind, from: seq, to: seq, message } };
  }
}
