import type { Expectation, PublishOutcome, ReadFrom } from '../backend.ts';
import type { OutMessage, RawMessage } from '../model/message.ts';
import { LogError, type StreamDefinition } from '../port.ts';

/** A stream in memory. */
export interface MemoryStream {
  definition: StreamDefinition;
  incarnation: string;
  /** In order of sequence; damage makes holes. */
  messages: RawMessage[];
  lastSeq: number;
  /** Sequences below it were purged. */
  firstSeq: number;
  readonly ids: Map<string, number>;
  /** Id of the newest message; undefined where it had none, or is gone. */
  lastId: string | undefined;
}

/** What can become of a publish on its way: a late one is tried after the next one. */
export type Mishap = 'none' | 'answer-lost' | 'never-arrives' | 'arrives-late';

/** Damage that a test can do, as disks and operators do it. */
export interface MemoryFaults {
  /** The message is silently gone. */
  drop(stream: string, seq: number): void;
  /** One bit of the message's data, or of its hash where it has none, is another. */
  flipBit(stream: string, seq: number): void;
  /** Another message stands in its place. */
  replace(stream: string, seq: number, by: Pick<RawMessage, 'headers' | 'data'>): void;
  /** The messages after `lastSeq` are gone, and the next one takes the sequence after it. */
  cutTail(stream: string, lastSeq: number): void;
  /** The stream is deleted; made again, it is another one. */
  lose(stream: string): void;
  /** While true no call gets through; readers and pending calls wait. */
  outage(down: boolean): void;
  /** Asked at every publish what becomes of it; default: nothing happens. */
  mishaps(next: () => Mishap): void;
}

/** What several in-memory logs share, as processes share a NATS server. */
export class MemoryServer implements MemoryFaults {
  readonly streams = new Map<string, MemoryStream>();
  readonly listeners = new Set<{ readonly filter: string; readonly handler: (data: Uint8Array) => void }>();
  readonly now: () => number;
  down = false;
  #mishap: () => Mishap = () => 'none';
  readonly #late: (() => void)[] = [];
  #incarnations = 0;
  readonly #waiting = new Set<() => void>();

  /** `now`: milliseconds since 1970; default the system's clock. */
  constructor(options: { now?: () => number } = {}) {
    this.now = options.now ?? Date.now;
  }

  create(definition: StreamDefinition, firstSeq: number): MemoryStream {
    this.#incarnations += 1;
    const incarnation = `memory-${this.#incarnations}`;
    const stream: MemoryStream = {
      definition,
      incarnation,
      messages: [],
      lastSeq: firstSeq - 1,
      firstSeq,
      ids: new Map(),
      lastId: undefined,
    };
    this.streams.set(definition.name, stream);
    this.wake();
    return stream;
  }

  stream(name: string): MemoryStream {
    const stream = this.streams.get(name);
    if (stream === undefined)
      throw new LogError('stream-mismatch', `there is no stream ${name}`, {
        hint: 'Call ensureStream first.',
      });
    return stream;
  }

  /** Publishes as a client sees it: what arrives, and which answer comes back. */
  publish(
    name: string,
    messages: readonly OutMessage[],
    options: { id: string; expect: Expectation },
  ): PublishOutcome {
    const mishap = this.#mishap();
    const late = this.#late.splice(0);
    if (mishap === 'arrives-late') this.#late.push(() => this.#arrive(name, messages, options));
    const outcome =
      mishap === 'none' || mishap === 'answer-lost' ? this.#arrive(name, messages, options) : undefined;
    for (const arrive of late) arrive();
    return mishap === 'none' && outcome !== undefined
      ? outcome
      : { kind: 'unclear', cause: 'no answer came' };
  }

  #arrive(
    name: string,
    messages: readonly OutMessage[],
    options: { id: string; expect: Expectation },
  ): PublishOutcome {
    const stream = this.stream(name);
    const { id, expect } = options;
    const byId = 'lastId' in expect;
    if (!byId && lastSeqOf(stream, expect.subject) !== expect.seq) return { kind: 'conflict' };
    const known = messages.length === 1 ? stream.ids.get(id) : undefined;
    if (known !== undefined) return { kind: 'stored', lastSeq: known };
    // As NATS does: only after the look at ids.
    if (byId && stream.lastId !== expect.lastId) return { kind: 'conflict' };
    for (const message of messages)
      this.store(stream, { ...message, seq: stream.lastSeq + 1, timeMs: this.now() });
    if (messages.length === 1) {
      stream.ids.set(id, stream.lastSeq);
      stream.lastId = id;
    }
    this.wake();
    return { kind: 'stored', lastSeq: stream.lastSeq };
  }

  store(stream: MemoryStream, message: RawMessage): void {
    stream.lastSeq = message.seq;
    stream.lastId = undefined;
    stream.messages.push({ ...message, data: message.data.slice() });
    const { keepPerSubject } = stream.definition;
    if (keepPerSubject === undefined) return;
    const same = stream.messages.filter((other) => other.subject === message.subject);
    const dropped = new Set(same.slice(0, Math.max(0, same.length - keepPerSubject)));
    if (dropped.size > 0) stream.messages = stream.messages.filter((other) => !dropped.has(other));
  }

  /** Messages from a place on, at most `max`. */
  read(name: string, from: ReadFrom, max: number): { messages: RawMessage[]; drained: boolean } {
    const { messages } = this.stream(name);
    const start = messages.findIndex((m) => ('seq' in from ? m.seq >= from.seq : m.timeMs >= from.timeMs));
    if (start < 0) return { messages: [], drained: true };
    return { messages: messages.slice(start, start + max), drained: start + max >= messages.length };
  }

  /** Resolves at the next change of anything. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }

  wake(): void {
    for (const resolve of [...this.#waiting]) resolve();
  }

  drop(name: string, seq: number): void {
    const stream = this.stream(name);
    stream.messages = stream.messages.filter((message) => message.seq !== seq);
  }

  flipBit(name: string, seq: number): void {
    const stream = this.stream(name);
    stream.messages = stream.messages.map((message) => (message.seq === seq ? flipped(message) : message));
  }

  replace(name: string, seq: number, by: Pick<RawMessage, 'headers' | 'data'>): void {
    const stream = this.stream(name);
    stream.messages = stream.messages.map((message) =>
      message.seq === seq ? { ...message, ...by } : message,
    );
  }

  cutTail(name: string, lastSeq: number): void {
    const stream = this.stream(name);
    stream.messages = stream.messages.filter((message) => message.seq <= lastSeq);
    stream.lastSeq = lastSeq;
    stream.lastId = [...stream.ids].find(([, seq]) => seq === lastSeq)?.[0];
    this.restart();
  }

  lose(name: string): void {
    this.streams.delete(name);
    this.restart();
  }

  outage(down: boolean): void {
    this.down = down;
    this.wake();
  }

  mishaps(next: () => Mishap): void {
    this.#mishap = next;
  }

  /** Every reader loses its place, as at a restart of the server. */
  restarts = 0;

  restart(): void {
    this.restarts += 1;
    this.wake();
  }
}

function lastSeqOf(stream: MemoryStream, subject: string): number {
  return stream.messages.findLast((message) => message.subject === subject)?.seq ?? 0;
}

function flipped(message: RawMessage): RawMessage {
  const data = message.data.slice();
  const first = data[0];
  if (first !== undefined) {
    data[0] = first ^ 1;
    return { ...message, data };
  }
  const hash = message.headers.get('sluice-hash') ?? '';
  return {
    ...message,
    headers: new Map(message.headers).set(
      'sluice-hash',
      `${hash.startsWith('0') ? '1' : '0'}${hash.slice(1)}`,
    ),
  };
}
