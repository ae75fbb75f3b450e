// The port that every service sees. Two implementations pass one contract suite: JetStream and in-memory.
// It knows bytes, subjects and sequences, and nothing of what they mean.

/** Settings of a stream; `@sluice/events` exports ours as `streams`. */
export interface StreamDefinition {
  readonly name: string;
  readonly subjects: readonly string[];
  /** Newest messages kept per subject; absent: all, and then any gap in the sequence is damage. */
  readonly keepPerSubject?: number;
  /** Events come in transactions closed by a marker; readers see whole ones only. */
  readonly transactional: boolean;
}

/** An event to append. */
export interface NewEvent {
  readonly subject: string;
  /** CloudEvents type, e.g. `ObjectChanged`. */
  readonly type: string;
  /** Takes the subject out of the folded state. */
  readonly tombstone: boolean;
  readonly data: Uint8Array;
  /** W3C trace context of the change that caused it. */
  readonly traceparent?: string;
}

/** Who wrote an event: name, incarnation (higher is newer), running number in the incarnation from 1. */
export interface WriterStamp {
  readonly name: string;
  readonly epoch: number;
  readonly counter: number;
}

/** An event as it stands on the log. */
export interface LogEvent extends NewEvent {
  /** Stream sequence, from 1. Events of a transaction may share one, and of a large append; `writer.counter` tells their order. */
  readonly seq: number;
  /** Milliseconds since 1970, of the server's clock when it was stored. */
  readonly timeMs: number;
  readonly writer: WriterStamp;
  /** Hex SHA-256 over the previous hash of the writer's chain, the stamp, subject, type, tombstone, transaction mark and data. */
  readonly hash: string;
}

/** How far a reader has come; JSON, to be stored beside its projection in one transaction. Opaque to readers save for `seq`. */
export interface Position {
  /** Identity of the stream's incarnation (its creation time): another one means that the stream was lost. */
  readonly incarnation: string;
  /** Last sequence read, 0 before the first. */
  readonly seq: number;
  /** Hash of the event at `seq`; the empty string at 0. */
  readonly hash: string;
}

/** What is wrong with a stream. */
export interface Damage {
  readonly stream: string;
  readonly kind: 'gap' | 'chain-broken' | 'sequence-went-back' | 'stream-lost' | 'undecodable-envelope';
  /** First and last sequence concerned. */
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

/** What `follow` yields. */
export type FollowItem =
  | {
      readonly kind: 'batch';
      /**
       * True: forget everything read so far; this batch is the folded state at `position` (the newest event of each
       * subject, without tombstones). Set on the first batch without a usable start position, after a new base, and
       * when the stored position no longer fits the stream.
       */
      readonly reset: boolean;
      /** In order of sequence. In a transactional stream: whole transactions. */
      readonly events: readonly LogEvent[];
      readonly position: Position;
      /** No further event was waiting when this batch was made. */
      readonly caughtUp: boolean;
    }
  /**
   * Damage was seen. The reader keeps its state; the source's owner answers with `startEpoch`, after which a reset batch
   * follows. A stream with `keepPerSubject` that went back is read anew at once.
   */
  | { readonly kind: 'damage'; readonly damage: Damage };

/** Folded state of a stream at a sequence. */
export interface FoldedState {
  readonly position: Position;
  /** By subject, each the newest event, sorted by subject. */
  readonly events: ReadonlyMap<string, LogEvent>;
  /** Hex SHA-256 over the sorted (subject, seq, hash) triples. */
  readonly hash: string;
}

export interface FollowOptions {
  /** Where to go on; absent: from the base (the newest checkpoint or epoch start), as a reset batch. */
  readonly from?: Position;
  /** Subject filters (`object.v1.>`); absent: all. The position still advances over what is left out. */
  readonly subjects?: readonly string[];
  /** At most this many events a batch (a transaction is never cut, nor what shares a sequence). Default 1,000. */
  readonly maxBatch?: number;
  /**
   * Rest between two looks once everything was read, milliseconds, up to a half more or less. For a reader whom nobody waits for: it sleeps instead of
   * being woken by each event. A function is asked before each rest. Default: none, events come as they are stored.
   */
  readonly paceMs?: number | (() => number);
  /**
   * Called, synchronously, with events that a writer opened with `tellsEarly` is about to store and that would come next. They may come a
   * moment later, the same by their `hash`, or never: what is made of them stays where nobody sees it until they come by `follow`. Their
   * `seq` and `timeMs` are guesses. It must not throw.
   */
  readonly early?: (events: readonly LogEvent[]) => void;
  readonly signal?: AbortSignal;
}

/** How a writer is opened. */
export interface WriterOptions {
  /** Default 0. */
  readonly aboveEpoch?: number;
  /**
   * Tells readers what it is about to store while the server writes it to disk: a single event, or a small transaction. For streams
   * somebody waits for; see `FollowOptions.early`. Needs the right to publish to `early.<stream>`; without it nothing is told. Default: no.
   */
  readonly tellsEarly?: boolean;
}

/** Writes one stream under a lease: as long as it is the newest holder of its name. */
export interface LogWriter {
  readonly name: string;
  readonly epoch: number;
  /**
   * Appends in order, resolves when all are on disk. Retries over reconnects without ever doubling an event. Up to
   * 1,000 events go as one atomic batch; more go as several, each atomic by itself.
   * @throws SluiceError-like `LogError` with code `fenced` when a newer holder exists (stop and restart), `too-large` when an event exceeds `maxEventBytes`
   */
  append(events: readonly NewEvent[]): Promise<{ readonly lastSeq: number }>;
  /** Transactional streams: all of `events`, then `closing`; readers see all or nothing, however many there are. */
  transact(events: readonly NewEvent[], closing: NewEvent): Promise<{ readonly lastSeq: number }>;
  /** Whether this is still the newest holder of its lease, as the server knows it now: for work outside of the log that only the holder may do. Waits while the server is away. */
  held(): Promise<boolean>;
  /** Declares that what stood before is void: folded state starts empty here. For the owner of the source, after damage. */
  startEpoch(reason: string, damage?: Damage): Promise<{ readonly lastSeq: number }>;
  close(): Promise<void>;
}

export interface StreamInfo {
  readonly name: string;
  readonly incarnation: string;
  /** First and last sequence held; 0 where empty. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly messages: number;
  readonly bytes: number;
}

/** What `verify` found over the whole retained log. */
export interface VerifyReport {
  readonly stream: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly events: number;
  /** Damage that no later epoch start answers for. Empty: all is well. */
  readonly damage: readonly Damage[];
  /** Damage that a later epoch start has dealt with. */
  readonly healed: readonly Damage[];
  readonly checkpoints: readonly { readonly seq: number; readonly hash: string; readonly ok: boolean }[];
  /** As `stateAt` gives it for `lastSeq`; where it was asked for and nothing stands in its way. */
  readonly state?: FoldedState;
}

export interface ReadOptions {
  /** First sequence, default the oldest. */
  readonly fromSeq?: number;
  /** Last sequence, default the newest at the time of the call. */
  readonly toSeq?: number;
  readonly fromTimeMs?: number;
  readonly toTimeMs?: number;
  readonly subjects?: readonly string[];
  readonly signal?: AbortSignal;
}

/** A connection to the event log. */
export interface EventLog {
  /** Creates the stream, or checks that the existing one has these settings. */
  ensureStream(definition: StreamDefinition): Promise<StreamInfo>;
  info(stream: string): Promise<StreamInfo>;
  /**
   * Takes the lease `name` of a stream, ending an older holder, and finishes or aborts what that one left open. Its epoch
   * is above any on the stream, and above `aboveEpoch`: for a stream that went back and no longer knows its epochs.
   */
  openWriter(stream: string, name: string, options?: WriterOptions): Promise<LogWriter>;
  /** Reads from a position on, for ever; survives reconnects and server restarts. Ends when the signal aborts. */
  follow(stream: string, options?: FollowOptions): AsyncIterable<FollowItem>;
  /** Reads a range of what is retained and ends. Control events of the log itself (leases, checkpoints) are included, with a `log.` subject. */
  read(stream: string, options?: ReadOptions): AsyncIterable<LogEvent>;
  /** Folds the stream up to `atSeq` (default: the newest). @throws `LogError` code `before-retained-history`, or `damaged` where something is missing */
  stateAt(stream: string, atSeq?: number): Promise<FoldedState>;
  /** Writes the folded state as a checkpoint, reads it back and checks it; with `purge`, drops what it stands for. Needs the writer's lease. */
  checkpoint(
    stream: string,
    writer: LogWriter,
    options?: { readonly purge?: boolean },
  ): Promise<{ readonly seq: number; readonly hash: string }>;
  /** Reads and checks all that is retained. `withState`: for who needs the folded state too, and is to read it once. */
  verify(stream: string, options?: { readonly withState?: boolean }): Promise<VerifyReport>;
  /** Core (not stored) messages, for heartbeats: at most once. */
  notify(subject: string, data: Uint8Array): void;
  listen(subject: string, handler: (data: Uint8Array) => void): () => void;
  /** Largest event that `append` takes, bytes. */
  readonly maxEventBytes: number;
  /** True while connected; false during an outage. */
  readonly connected: boolean;
  close(): Promise<void>;
}

export type LogErrorCode =
  | 'fenced'
  | 'too-large'
  | 'before-retained-history'
  | 'damaged'
  | 'stream-mismatch'
  | 'server-too-old'
  | 'server-unsafe'
  | 'connection'
  | 'closed';

/** Any failure of the event log that a caller can act on. */
export class LogError extends Error {
  readonly code: LogErrorCode;
  /** What to do about it. */
  readonly hint: string;
  constructor(code: LogErrorCode, message: string, options: { hint: string; cause?: unknown }) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'LogError';
    this.code = code;
    this.hint = options.hint;
  }
}
