import {
  type Backend,
  type BackendStreamInfo,
  type Expectation,
  type PublishOutcome,
  type RawBatch,
  type RawReader,
  type ReadFrom,
  Unavailable,
} from '../backend.ts';
import type { FailPoints, LogLogger } from '../log/context.ts';
import { StreamEventLog } from '../log/stream-event-log.ts';
import type { OutMessage, RawMessage } from '../model/message.ts';
import { subjectMatcher } from '../model/subject-filter.ts';
import { type EventLog, LogError, type StreamDefinition } from '../port.ts';
import { type MemoryFaults, MemoryServer } from './memory-server.ts';

export interface MemoryLogOptions {
  /** Shared by several logs, as processes share a NATS server; default: an own one. */
  readonly server?: MemoryServer;
  readonly logger?: LogLogger;
  readonly failPoints?: FailPoints;
  /** Largest message with its headers, bytes; default 8 MiB. */
  readonly maxMessageBytes?: number;
}

/** An event log that lives and ends with the process, with the semantics of the JetStream one. */
export interface MemoryLog extends EventLog {
  /** Damage for tests. */
  readonly faults: MemoryFaults;
}

/** Makes an in-memory log, for tests and for trying things out. */
export function createMemoryLog(options: MemoryLogOptions = {}): MemoryLog {
  const server = options.server ?? new MemoryServer();
  const backend = new MemoryBackend(server, options.maxMessageBytes ?? 8 * 1024 * 1024);
  return new MemoryEventLog(backend, options, server);
}

class MemoryEventLog extends StreamEventLog implements MemoryLog {
  readonly faults: MemoryFaults;
  constructor(backend: Backend, options: MemoryLogOptions, faults: MemoryFaults) {
    super(backend, { ...options, retryMs: { min: 1, max: 20 } });
    this.faults = faults;
  }
}

export class MemoryBackend implements Backend {
  readonly maxMessageBytes: number;
  readonly #server: MemoryServer;
  readonly #closed = new AbortController();

  constructor(server: MemoryServer, maxMessageBytes: number) {
    this.#server = server;
    this.maxMessageBytes = maxMessageBytes;
  }

  get connected(): boolean {
    return !this.#server.down && !this.#closed.signal.aborted;
  }

  async ensure(definition: StreamDefinition): Promise<void> {
    await this.#reach();
    const existing = this.#server.streams.get(definition.name);
    if (existing === undefined) {
      this.#server.create(definition, 1);
      return;
    }
    const field = differingField(existing.definition, definition);
    if (field === undefined) return;
    throw new LogError('stream-mismatch', `stream ${definition.name} exists with another ${field}`, {
      hint: 'Use the settings it was made with.',
    });
  }

  async info(name: string): Promise<BackendStreamInfo | undefined> {
    await this.#reach();
    const stream = this.#server.streams.get(name);
    if (stream === undefined) return undefined;
    const { messages, definition, lastSeq, incarnation } = stream;
    const bytes = messages.reduce((sum, message) => sum + message.data.length, 0);
    const gapless = definition.keepPerSubject === undefined;
    const firstSeq = lastSeq < stream.firstSeq ? 0 : gapless ? stream.firstSeq : (messages[0]?.seq ?? 0);
    return {
      name,
      incarnation,
      firstSeq,
      lastSeq,
      messages: messages.length,
      bytes,
      gapless,
      definition,
    };
  }

  async publish(
    stream: string,
    messages: readonly OutMessage[],
    options: { id: string; expect: Expectation },
  ): Promise<PublishOutcome> {
    try {
      await this.#reach(stream);
    } catch (cause) {
      return { kind: 'unclear', cause };
    }
    return this.#server.publish(stream, messages, options);
  }

  async publishInTurn(
    stream: string,
    messages: readonly OutMessage[],
    options: { ids: readonly string[]; expect: Expectation },
  ): Promise<PublishOutcome> {
    let outcome: PublishOutcome = { kind: 'unclear', cause: 'nothing was sent' };
    for (const [i, message] of messages.entries()) {
      const expect = i === 0 ? options.expect : { lastId: options.ids[i - 1] ?? '' };
      outcome = await this.publish(stream, [message], { id: options.ids[i] ?? '', expect });
      if (outcome.kind !== 'stored')
        return i === 0 ? outcome : { kind: 'unclear', cause: 'only the first were stored' };
    }
    return outcome;
  }

  async get(stream: string, seq: number): Promise<RawMessage | undefined> {
    await this.#reach(stream);
    return this.#server.stream(stream).messages.find((message) => message.seq === seq);
  }

  async last(stream: string, subject: string): Promise<RawMessage | undefined> {
    await this.#reach(stream);
    return this.#server.stream(stream).messages.findLast((message) => message.subject === subject);
  }

  async open(stream: string, from: ReadFrom): Promise<RawReader> {
    await this.#reach(stream);
    return new MemoryReader(this.#server, { stream, from, closed: this.#closed.signal });
  }

  async purgeBelow(name: string, seq: number): Promise<void> {
    await this.#reach(name);
    const stream = this.#server.stream(name);
    stream.messages = stream.messages.filter((message) => message.seq >= seq);
    stream.firstSeq = Math.max(stream.firstSeq, seq);
  }

  async restore(
    definition: StreamDefinition,
    firstSeq: number,
    messages: AsyncIterable<RawMessage>,
  ): Promise<void> {
    await this.#reach();
    if (this.#server.streams.has(definition.name)) {
      throw new LogError('stream-mismatch', `stream ${definition.name} exists already`, {
        hint: 'Import into an empty log.',
      });
    }
    const stream = this.#server.create(definition, firstSeq);
    for await (const message of messages) this.#server.store(stream, message);
    this.#server.wake();
  }

  notify(subject: string, data: Uint8Array): void {
    if (!this.connected) return;
    for (const { filter, handler } of this.#server.listeners) {
      if (subjectMatcher([filter])(subject)) queueMicrotask(() => handler(data));
    }
  }

  listen(filter: string, handler: (data: Uint8Array) => void): () => void {
    const entry = { filter, handler };
    this.#server.listeners.add(entry);
    return () => this.#server.listeners.delete(entry);
  }

  async close(): Promise<void> {
    this.#closed.abort();
  }

  async #reach(stream?: string): Promise<void> {
    await Promise.resolve();
    if (!this.connected) throw new Unavailable('the server cannot be reached');
    if (stream !== undefined && !this.#server.streams.has(stream))
      throw new Unavailable('the stream is gone');
  }
}

function differingField(a: StreamDefinition, b: StreamDefinition): string | undefined {
  if ([...a.subjects].sort().join(' ') !== [...b.subjects].sort().join(' ')) return 'subjects';
  if (a.keepPerSubject !== b.keepPerSubject) return 'keepPerSubject';
  return a.transactional === b.transactional ? undefined : 'transactional';
}

class MemoryReader implements RawReader {
  readonly empty: boolean;
  readonly #server: MemoryServer;
  readonly #stream: string;
  readonly #incarnation: string;
  readonly #restarts: number;
  readonly #closed = new AbortController();
  readonly #signal: AbortSignal;
  #from: ReadFrom;

  constructor(server: MemoryServer, of: { stream: string; from: ReadFrom; closed: AbortSignal }) {
    this.#server = server;
    this.#stream = of.stream;
    this.#from = of.from;
    this.#incarnation = server.stream(of.stream).incarnation;
    this.#restarts = server.restarts;
    this.#signal = AbortSignal.any([this.#closed.signal, of.closed]);
    this.empty = server.read(of.stream, of.from, 1).messages.length === 0;
  }

  async next(max: number): Promise<RawBatch> {
    for (;;) {
      const lost =
        this.#server.restarts !== this.#restarts ||
        this.#server.streams.get(this.#stream)?.incarnation !== this.#incarnation;
      if (lost || this.#signal.aborted) throw new Unavailable('the reader was lost');
      const batch = this.#server.down
        ? { messages: [], drained: true }
        : this.#server.read(this.#stream, this.#from, max);
      const last = batch.messages.at(-1);
      if (last !== undefined) {
        this.#from = { seq: last.seq + 1 };
        return batch;
      }
      await this.#server.changed(this.#signal);
    }
  }

  close(): void {
    this.#closed.abort();
  }
}
