// Steps of a reader → the items that `follow` yields: folding up to the present first, then batch by batch, and after
// damage nothing until an epoch start.
import { isControl } from '../model/control.ts';
import { Fold } from '../model/fold.ts';
import type { StoredEvent } from '../model/message.ts';
import type { Step, StreamReader } from '../model/reader.ts';
import { subjectMatcher } from '../model/subject-filter.ts';
import type { Damage, FollowItem, Position } from '../port.ts';
import type { Box } from './each-item.ts';

export interface DeliveryStart {
  readonly incarnation: string;
  readonly subjects: readonly string[] | undefined;
  /** Last sequence of the stream when reading began: a reset batch reaches at least there. */
  readonly targetSeq: number;
  /** Present: begins with a reset batch on top of this state. */
  readonly fold?: Fold;
  /** The first reset batch waits until the state is not empty: a lost stream must not wipe what readers have. */
  readonly holdWhileEmpty?: boolean;
  /** Present: nothing comes until an epoch starts after this sequence. */
  readonly holdUpTo?: number;
}

type Phase =
  | { readonly kind: 'tailing' }
  | {
      readonly kind: 'folding';
      readonly fold: Fold;
      readonly targetSeq: number;
      readonly holdWhileEmpty: boolean;
      /** Whether anything was left out for its subject: then the state is not empty. */
      leftOut: boolean;
    }
  | { readonly kind: 'damaged' };

export class Delivery {
  readonly #reader: StreamReader;
  readonly #incarnation: string;
  readonly #matches: (subject: string) => boolean;
  readonly #holdUpTo: number;
  #phase: Phase;
  #position: Position;
  #events: StoredEvent[] = [];
  #ready: FollowItem[] = [];
  #told: { seq: number; caughtUp: boolean } | undefined;

  constructor(reader: StreamReader, start: DeliveryStart) {
    this.#reader = reader;
    this.#incarnation = start.incarnation;
    this.#matches = subjectMatcher(start.subjects);
    this.#holdUpTo = start.holdUpTo ?? 0;
    const { fold, targetSeq, holdWhileEmpty = false } = start;
    this.#phase =
      fold === undefined
        ? { kind: 'tailing' }
        : { kind: 'folding', fold, targetSeq, holdWhileEmpty, leftOut: false };
    if (start.holdUpTo !== undefined) this.#phase = { kind: 'damaged' };
    this.#position = { incarnation: start.incarnation, ...reader.settled };
  }

  /** The first batch has been made, and nothing is wrong. */
  get tailing(): boolean {
    return this.#phase.kind === 'tailing';
  }

  /** Up to where all was read and yielded or left out; what a resumed connection is checked against. */
  get position(): Position {
    return this.#position;
  }

  /** Number of events that the next batch has so far. */
  get held(): number {
    return this.#events.length;
  }

  /** Whether events of this subject are handed out. */
  wants(subject: string): boolean {
    return this.#matches(subject);
  }

  damaged(damage: Damage): void {
    if (this.#phase.kind === 'tailing') this.#flush(false);
    this.#ready.push({ kind: 'damage', damage });
    this.#phase = { kind: 'damaged' };
  }

  take(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.kind === 'damage') this.damaged(step.damage);
      else if (step.kind === 'epoch') this.#newEpoch(step.event);
      else this.#add(step.events);
    }
    this.#position = { incarnation: this.#incarnation, ...this.#reader.settled };
  }

  /** Hands out what is due. `drained`: no further event is waiting. */
  *items(drained: boolean): Generator<Box<FollowItem>> {
    this.#flush(drained);
    const ready = this.#ready.map((item) => ({ item }));
    this.#ready = [];
    yield* ready;
  }

  #newEpoch(event: StoredEvent): void {
    if (event.seq <= this.#holdUpTo) return;
    this.#events = [];
    const first = this.#phase.kind === 'folding' && !this.#phase.holdWhileEmpty;
    this.#phase = {
      kind: 'folding',
      fold: new Fold(),
      targetSeq: first ? event.seq : Number.POSITIVE_INFINITY,
      holdWhileEmpty: !first,
      leftOut: false,
    };
  }

  #add(events: readonly StoredEvent[]): void {
    if (this.#phase.kind === 'damaged') return;
    for (const event of events) {
      const isWanted = isControl(event.subject) || this.#matches(event.subject);
      if (this.#phase.kind === 'folding') {
        // What nobody asked for is not held, not even until the fold is complete: it may be most of the stream.
        if (isWanted) this.#phase.fold.apply(event);
        else if (!event.tombstone) this.#phase.leftOut = true;
      } else if (isWanted && !isControl(event.subject)) this.#events.push(event);
    }
  }

  #flush(drained: boolean): void {
    if (this.#phase.kind === 'damaged') return;
    if (this.#phase.kind === 'folding') {
      const { fold, targetSeq, holdWhileEmpty, leftOut } = this.#phase;
      if ((this.#reader.nextSeq <= targetSeq && !drained) || (holdWhileEmpty && fold.size === 0 && !leftOut))
        return;
      const events = fold.inOrder().filter((event) => this.#matches(event.subject));
      this.#phase = { kind: 'tailing' };
      this.#batch({ reset: true, events, caughtUp: drained });
      return;
    }
    const { seq } = this.#position;
    const news =
      this.#events.length > 0 ||
      this.#told === undefined ||
      (drained && (seq !== this.#told.seq || !this.#told.caughtUp));
    if (!news) return;
    const events = this.#events;
    this.#events = [];
    this.#batch({ reset: false, events, caughtUp: drained });
  }

  #batch(of: { reset: boolean; events: readonly StoredEvent[]; caughtUp: boolean }): void {
    this.#told = { seq: this.#position.seq, caughtUp: of.caughtUp };
    this.#ready.push({ kind: 'batch', ...of, position: this.#position });
  }
}
