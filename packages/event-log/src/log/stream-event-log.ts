import { randomUUID } from 'node:crypto';
import type { Backend } from '../backend.ts';
import { envelopeOverheadBytes } from '../model/envelope.ts';
import type {
  EventLog,
  FoldedState,
  FollowItem,
  FollowOptions,
  LogEvent,
  LogWriter,
  ReadOptions,
  StreamDefinition,
  StreamInfo,
  VerifyReport,
  WriterOptions,
} from '../port.ts';
import { writeCheckpoint } from './checkpoint.ts';
import { existingStream, type FailPoints, type LogContext, type LogLogger, persist } from './context.ts';
import { follow } from './follow.ts';
import { openWriter } from './open-writer.ts';
import { read } from './read.ts';
import { stateAt } from './state.ts';
import { verify } from './verify.ts';
import { StreamWriter } from './writer.ts';

export interface StreamEventLogOptions {
  readonly logger?: LogLogger;
  readonly failPoints?: FailPoints;
  /** Default: 50 to 500. */
  readonly retryMs?: { readonly min: number; readonly max: number };
}

/** The event log over any backend. */
export class StreamEventLog implements EventLog {
  readonly #context: LogContext;
  readonly #closing = new AbortController();

  constructor(backend: Backend, options: StreamEventLogOptions = {}) {
    this.#context = {
      backend,
      closed: this.#closing.signal,
      logger: options.logger,
      randomId: randomUUID,
      failPoints: options.failPoints ?? {},
      retryMs: options.retryMs ?? { min: 50, max: 500 },
    };
  }

  /** What export and import need of the log. */
  get context(): LogContext {
    return this.#context;
  }

  get maxEventBytes(): number {
    return this.#context.backend.maxMessageBytes - envelopeOverheadBytes;
  }

  get connected(): boolean {
    return this.#context.backend.connected;
  }

  async ensureStream(definition: StreamDefinition): Promise<StreamInfo> {
    await persist(this.#context, () => this.#context.backend.ensure(definition));
    return await this.info(definition.name);
  }

  async info(stream: string): Promise<StreamInfo> {
    const { name, incarnation, firstSeq, lastSeq, messages, bytes } = await existingStream(
      this.#context,
      stream,
    );
    return { name, incarnation, firstSeq, lastSeq, messages, bytes };
  }

  openWriter(stream: string, name: string, options: WriterOptions = {}): Promise<LogWriter> {
    const { aboveEpoch = 0, tellsEarly = false } = options;
    return openWriter(this.#context, stream, { name, aboveEpoch, tellsEarly });
  }

  follow(stream: string, options?: FollowOptions): AsyncIterable<FollowItem> {
    return follow(this.#context, stream, options);
  }

  read(stream: string, options?: ReadOptions): AsyncIterable<LogEvent> {
    return read(this.#context, stream, options);
  }

  stateAt(stream: string, atSeq?: number): Promise<FoldedState> {
    return stateAt(this.#context, stream, atSeq);
  }

  async checkpoint(
    stream: string,
    writer: LogWriter,
    options: { readonly purge?: boolean } = {},
  ): Promise<{ readonly seq: number; readonly hash: string }> {
    if (!(writer instanceof StreamWriter) || writer.stream !== stream)
      throw new TypeError(`the writer is none of ${stream}`);
    return await writeCheckpoint(this.#context, writer, options.purge ?? false);
  }

  verify(stream: string, options: { readonly withState?: boolean } = {}): Promise<VerifyReport> {
    return verify(this.#context, stream, options);
  }

  notify(subject: string, data: Uint8Array): void {
    this.#context.backend.notify(subject, data);
  }

  listen(subject: string, handler: (data: Uint8Array) => void): () => void {
    return this.#context.backend.listen(subject, handler);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#context.backend.close();
  }
}
