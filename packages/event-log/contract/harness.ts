import type {
  EventLog,
  FailPoints,
  FollowItem,
  FollowOptions,
  LogWriter,
  NewEvent,
  StreamDefinition,
} from '../src/index.ts';

/** What a suite needs of an implementation: logs that see the same streams, as processes that share a server do. */
export interface LogWorld {
  /** A further connection; `name` must be unused. Closed by `close`. */
  connect(options?: { failPoints?: FailPoints }): Promise<EventLog>;
  /** The server is away, then back with all that was stored. */
  outage(while_: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export const facts: StreamDefinition = {
  name: 'FACTS',
  subjects: ['object.v1.>', 'rejection.v1.>'],
  transactional: false,
};
export const ir: StreamDefinition = {
  name: 'IR',
  subjects: ['ir.v1.>', 'revision.v1.>'],
  transactional: true,
};
export const acks: StreamDefinition = {
  name: 'ACKS',
  subjects: ['ack.v1.>'],
  transactional: false,
  keepPerSubject: 2,
};

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** An event whose data are `text`; null makes a tombstone. */
export function event(subject: string, text: string | null): NewEvent {
  return {
    subject,
    type: text === null ? 'ThingRemoved' : 'ThingChanged',
    tombstone: text === null,
    data: encoder.encode(text ?? ''),
  };
}

/** `n` events on the subjects `object.v1.<prefix><i>`. */
export function events(n: number, prefix = 'e'): NewEvent[] {
  return Array.from({ length: n }, (_, i) => event(`object.v1.${prefix}${i}`, `${prefix} ${i}`));
}

export function textOf(of: { readonly data: Uint8Array }): string {
  return decoder.decode(of.data);
}

export type BatchItem = Extract<FollowItem, { kind: 'batch' }>;

/** A follower that collects what comes, and can be waited on. */
export class Collector {
  readonly items: FollowItem[] = [];
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #wake: () => void = () => {};

  constructor(log: EventLog, stream: string, options: Omit<FollowOptions, 'signal'> = {}) {
    this.#done = this.#run(log, stream, options);
  }

  async #run(log: EventLog, stream: string, options: Omit<FollowOptions, 'signal'>): Promise<void> {
    for await (const item of log.follow(stream, { ...options, signal: this.#stop.signal })) {
      this.items.push(item);
      this.#wake();
    }
  }

  get batches(): BatchItem[] {
    return this.items.filter((item) => item.kind === 'batch');
  }

  /** Texts of all events since the last reset, in order. */
  get texts(): string[] {
    const from = this.batches.findLastIndex((batch) => batch.reset);
    return this.batches.slice(Math.max(from, 0)).flatMap((batch) => batch.events.map(textOf));
  }

  /** Waits until `holds` is true; fails after 30 s. */
  async until(holds: (collector: this) => boolean): Promise<this> {
    const deadline = AbortSignal.timeout(30_000);
    while (!holds(this)) {
      if (deadline.aborted)
        throw new Error(
          `not seen within 30 s; ${this.items.length} items, last ${describe(this.items.at(-1))}`,
        );
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        deadline.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    return this;
  }

  caughtUpTo(seq: number): Promise<this> {
    return this.until(({ batches }) => {
      const last = batches.at(-1);
      return last?.caughtUp === true && last.position.seq >= seq;
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }
}

function describe(item: FollowItem | undefined): string {
  if (item === undefined) return 'none';
  if (item.kind === 'damage') return JSON.stringify(item.damage);
  return JSON.stringify({
    reset: item.reset,
    events: item.events.length,
    caughtUp: item.caughtUp,
    seq: item.position.seq,
  });
}

export async function readAll(log: EventLog, stream: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const each of log.read(stream)) if (!each.subject.startsWith('log.')) texts.push(textOf(each));
  return texts;
}

export async function openWith(
  log: EventLog,
  definition: StreamDefinition,
  writer: string,
): Promise<LogWriter> {
  await log.ensureStream(definition);
  return await log.openWriter(definition.name, writer);
}

/** Appends events so that each is a message of its own: they share none where they are few. */
export async function appendApart(
  writer: LogWriter,
  of: readonly NewEvent[],
): Promise<{ readonly lastSeq: number }> {
  let last = { lastSeq: 0 };
  for (let at = 0; at < of.length; at += 20) last = await writer.append(of.slice(at, at + 20));
  return last;
}

export async function toArray<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
