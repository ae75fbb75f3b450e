import type { LogEvent } from '../port.ts';

/** A message to be stored: what a backend sees of an event. Header names are lower case. */
export interface OutMessage {
  readonly subject: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly data: Uint8Array;
}

/** A message as a backend returns it. */
export interface RawMessage extends OutMessage {
  /** Stream sequence, from 1. */
  readonly seq: number;
  /** Milliseconds since 1970, of the server's clock. */
  readonly timeMs: number;
}

/** Membership in a transaction. */
export interface TransactionMark {
  /** `<epoch>.<counter of its first event>`: unique within a writer. */
  readonly id: string;
  /** The event that commits it. */
  readonly closing: boolean;
}

/** An event with what only the log itself needs to know of it. */
export interface StoredEvent extends LogEvent {
  /** Hash of the event before it in the writer's chain; the empty string where there is none. */
  readonly prev: string;
  readonly transaction?: TransactionMark;
}

/** An event with its place in the writer's chain, before it is stored. */
export type SealedEvent = Omit<StoredEvent, 'seq' | 'timeMs'>;

/** Where a writer's chain stands. */
export interface ChainHead {
  readonly epoch: number;
  readonly counter: number;
  readonly hash: string;
}
