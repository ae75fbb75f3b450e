// What the log needs of a store of messages. JetStream and memory fill it; all that makes a log of it (envelopes, chains,
// leases, transactions, checkpoints) is written once, above it.
import type { OutMessage, RawMessage } from './model/message.ts';
import type { StreamDefinition, StreamInfo } from './port.ts';

/** The store could not be asked, or its answer did not come: worth another try. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

export interface BackendStreamInfo extends StreamInfo {
  /** Nothing is displaced: any gap after the first sequence is damage. */
  readonly gapless: boolean;
  readonly definition: StreamDefinition;
}

/**
 * Messages are stored only while `seq` is the last sequence of `subject` (0: it has none), or while the newest message of
 * the whole stream is the one that was published under the id `lastId`. The second is for single messages.
 */
export type Expectation = { readonly subject: string; readonly seq: number } | { readonly lastId: string };

export type PublishOutcome =
  | { readonly kind: 'stored'; readonly lastSeq: number }
  /** Nothing was stored: the expectation does not hold. */
  | { readonly kind: 'conflict' }
  /** Whether it was stored, or will be, is not known. */
  | { readonly kind: 'unclear'; readonly cause: unknown };

/** Messages that were waiting. */
export interface RawBatch {
  readonly messages: readonly RawMessage[];
  /** True: nothing further was waiting. Then `messages` may be empty. */
  readonly drained: boolean;
}

/** Reads a stream in order. */
export interface RawReader {
  /** True: nothing was waiting when it was opened. */
  readonly empty: boolean;
  /** Waits for messages; at most `max`. @throws Unavailable when the reader was lost: open another. */
  next(max: number): Promise<RawBatch>;
  close(): void;
}

/** Where to begin, and (`paceMs`) after how long a rest to look again once all was read; absent: at once, as it is stored. */
export type ReadFrom = ({ readonly seq: number } | { readonly timeMs: number }) & {
  readonly paceMs?: number | (() => number) | undefined;
};

/** All methods but `publish` throw `Unavailable` during an outage. */
export interface Backend {
  /** Largest message with its headers, bytes. */
  readonly maxMessageBytes: number;
  readonly connected: boolean;
  /** @throws LogError `stream-mismatch` */
  ensure(definition: StreamDefinition): Promise<void>;
  /** Undefined where there is no such stream. */
  info(stream: string): Promise<BackendStreamInfo | undefined>;
  /** Stores all messages in one atomic step, in order; at most 1,000. `id` is unique for the messages, for ever. */
  publish(
    stream: string,
    messages: readonly OutMessage[],
    options: { id: string; expect: Expectation },
  ): Promise<PublishOutcome>;
  /**
   * Stores messages one by one, without waiting in between, none unless the one before it was stored: where the
   * outcome is not `stored`, the first few may be. `ids` as in `publish`, one each.
   */
  publishInTurn(
    stream: string,
    messages: readonly OutMessage[],
    options: { ids: readonly string[]; expect: Expectation },
  ): Promise<PublishOutcome>;
  get(stream: string, seq: number): Promise<RawMessage | undefined>;
  /** Newest message of a subject. */
  last(stream: string, subject: string): Promise<RawMessage | undefined>;
  open(stream: string, from: ReadFrom): Promise<RawReader>;
  /** Drops all messages below `seq`. */
  purgeBelow(stream: string, seq: number): Promise<void>;
  /** Creates a stream that holds these messages under their own sequences. @throws LogError `stream-mismatch` where it exists */
  restore(definition: StreamDefinition, firstSeq: number, messages: AsyncIterable<RawMessage>): Promise<void>;
  notify(subject: string, data: Uint8Array): void;
  listen(subject: string, handler: (data: Uint8Array) => void): () => void;
  close(): Promise<void>;
}
