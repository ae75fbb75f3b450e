import type { PublishOutcome } from '../backend.ts';
import { controlSubject, controlTypes, encodeControl, isControl } from '../model/control.ts';
import { assertEvent, envelopeOverheadBytes, seal } from '../model/envelope.ts';
import type { ChainHead, SealedEvent } from '../model/message.ts';
import type { Packs } from '../model/stored-events.ts';
import { type Damage, LogError, type LogWriter, type NewEvent } from '../port.ts';
import {
  type Batch,
  fitsOnePack,
  type Job,
  mayGoInTurn,
  messagesOf,
  nextGroup,
  splitBatches,
} from './batching.ts';
import { closedError, type LogContext } from './context.ts';
import { tellEarly } from './early-word.ts';
import { heldSeq, type TakenLease } from './lease.ts';
import { settle } from './settle.ts';

export interface WriterStart {
  readonly stream: string;
  readonly name: string;
  readonly transactional: boolean;
  readonly packs: Packs;
  readonly lease: TakenLease;
  readonly head: ChainHead | undefined;
  /** As in `WriterOptions`. */
  readonly tellsEarly: boolean;
}

/**
 * How often a resting writer asks for what it wrote last, ms. nats-server forgets a block of messages 10 s after its last use
 * (`defaultCacheBufferExpiration`, 2.15), and reads it anew, up to 8 MB, before the next message is added to it.
 */
const restMs = 4_000;

/** Writes one stream, one atomic batch at a time; appends that wait meanwhile go together in the next one. */
export class StreamWriter implements LogWriter {
  readonly name: string;
  readonly epoch: number;
  readonly stream: string;
  readonly #context: LogContext;
  readonly #start: WriterStart;
  readonly #queue: Job[] = [];
  #head: ChainHead;
  #leaseSeq: number;
  #lastSeq: number;
  /** Id of the newest message of the stream, where that is ours and nobody else has written between our last two writes. */
  #lastId: string | undefined;
  #draining: Promise<void> | undefined;
  #ended: LogError | undefined;
  readonly #rest: NodeJS.Timeout;

  constructor(context: LogContext, start: WriterStart) {
    this.#context = context;
    this.#start = start;
    this.name = start.name;
    this.stream = start.stream;
    this.epoch = start.lease.epoch;
    this.#head = { epoch: start.lease.epoch, counter: 0, hash: start.lease.hash };
    this.#leaseSeq = start.lease.seq;
    this.#lastSeq = start.lease.seq;
    this.#rest = setInterval(() => this.#keepWarm(), restMs).unref();
  }

  append(events: readonly NewEvent[]): Promise<{ readonly lastSeq: number }> {
    return this.#enqueue(events, { transaction: false, control: false });
  }

  async transact(events: readonly NewEvent[], closing: NewEvent): Promise<{ readonly lastSeq: number }> {
    if (!this.#start.transactional) throw new TypeError(`stream ${this.stream} has no transactions`);
    return await this.#enqueue([...events, closing], { transaction: true, control: false });
  }

  startEpoch(reason: string, damage?: Damage): Promise<{ readonly lastSeq: number }> {
    const data = encodeControl({ reason, damage: damage ?? null });
    return this.appendControl([
      { subject: controlSubject.epoch(this.stream), type: controlTypes.epochStarted, tombstone: false, data },
    ]);
  }

  /** Appends events of the log itself. */
  appendControl(events: readonly NewEvent[]): Promise<{ readonly lastSeq: number }> {
    return this.#enqueue(events, { transaction: false, control: true });
  }

  async close(): Promise<void> {
    clearInterval(this.#rest);
    this.#ended ??= closedError();
    await this.#draining;
  }

  async held(): Promise<boolean> {
    if (this.#ended !== undefined) return false;
    try {
      await heldSeq(this.#context, this.stream, this.lease);
      return true;
    } catch (error) {
      if (error instanceof LogError && error.code === 'fenced') return false;
      throw error;
    }
  }

  /** The lease to be named in a renewal. */
  get lease(): { writer: string; epoch: number; instance: string; head: ChainHead | null; seq: number } {
    const { epoch, instance } = this.#start.lease;
    return { writer: this.name, epoch, instance, head: this.#start.head ?? null, seq: this.#leaseSeq };
  }

  async #enqueue(
    events: readonly NewEvent[],
    as: { transaction: boolean; control: boolean },
  ): Promise<{ readonly lastSeq: number }> {
    if (this.#ended !== undefined) throw this.#ended;
    for (const event of events) this.#check(event, as.control);
    if (events.length === 0) return { lastSeq: this.#lastSeq };
    return await new Promise((resolve, reject) => {
      this.#queue.push({ events, transaction: as.transaction, resolve, reject });
      this.#draining ??= this.#drain();
    });
  }

  #check(event: NewEvent, control: boolean): void {
    assertEvent(event);
    if (isControl(event.subject) !== control)
      throw new TypeError('subjects that begin with `log.` are kept for the log itself');
    const limit = this.#context.backend.maxMessageBytes - envelopeOverheadBytes;
    if (event.data.length <= limit && event.subject.length <= 3_000) return;
    const text = `an event of ${event.data.length} bytes with a subject of ${event.subject.length} exceeds the limit of ${limit} bytes and 3000 characters`;
    throw new LogError('too-large', text, {
      hint: 'Make the object smaller, or raise max_payload of the NATS server.',
    });
  }

  async #drain(): Promise<void> {
    try {
      for (;;) {
        const jobs = nextGroup(this.#queue);
        if (jobs.length === 0) break;
        await this.#write(jobs);
      }
    } finally {
      this.#draining = undefined;
    }
  }

  async #write(jobs: readonly Job[]): Promise<void> {
    try {
      const events = jobs.flatMap((job) => job.events);
      const transaction = jobs[0]?.transaction === true;
      const id = `${this.epoch}.${this.#head.counter + 1}`;
      const inTurn = mayGoInTurn(jobs) && !(transaction && fitsOnePack(events));
      let left = events.length;
      let index = 0;
      for (const batch of splitBatches(events)) {
        if (index > 0) await this.#context.failPoints.betweenBatches?.(index);
        left -= batch.length;
        const mark = transaction ? { id, closes: left === 0 } : undefined;
        await this.#send(this.#seal(batch, { inTurn, transaction: mark }));
        index += 1;
      }
      for (const job of jobs) job.resolve({ lastSeq: this.#lastSeq });
    } catch (error) {
      this.#fail(error, jobs);
    }
  }

  /** Has the server keep the end of the stream in memory: the next change may come any moment, and would wait for the disk. */
  #keepWarm(): void {
    const { backend, closed } = this.#context;
    if (closed.aborted) clearInterval(this.#rest);
    if (closed.aborted || this.#draining !== undefined || !backend.connected) return;
    // Whatever is wrong, the next append finds out.
    backend.get(this.stream, this.#lastSeq).catch(() => {});
  }

  #fail(error: unknown, jobs: readonly Job[]): void {
    clearInterval(this.#rest);
    this.#ended ??=
      error instanceof LogError
        ? error
        : new LogError('closed', 'the writer failed', { hint: 'Open a new writer.', cause: error });
    for (const job of [...jobs, ...this.#queue.splice(0)]) job.reject(error);
  }

  #seal(
    events: readonly NewEvent[],
    as: { inTurn: boolean; transaction: { id: string; closes: boolean } | undefined },
  ): Batch {
    const { inTurn, transaction } = as;
    let head = this.#head;
    const sealed = events.map((event, i): SealedEvent => {
      const closing = transaction?.closes === true && i === events.length - 1;
      const own = seal(event, {
        writer: { name: this.name, epoch: this.epoch, counter: head.counter + 1 },
        prev: head.hash,
        ...(transaction === undefined ? {} : { transaction: { id: transaction.id, closing } }),
      });
      head = { epoch: this.epoch, counter: head.counter + 1, hash: own.hash };
      return own;
    });
    return {
      messages: messagesOf(sealed, {
        packs: this.#start.packs,
        inTurn,
        transaction: transaction !== undefined,
      }),
      firstCounter: this.#head.counter + 1,
      head,
      inTurn,
    };
  }

  async #send(batch: Batch): Promise<void> {
    let done = 0;
    for (;;) {
      if (this.#context.closed.aborted) throw closedError();
      const lastId = this.#lastId;
      this.#lastId = undefined;
      const outcome = await this.#publish(batch, { done, lastId });
      if (outcome.kind === 'stored') return this.#sent(batch, { lastSeq: outcome.lastSeq, settled: false });
      if (outcome.kind === 'conflict') {
        // Somebody has written meanwhile: whether he took the lease, the lease says.
        if (lastId === undefined) this.#leaseSeq = await heldSeq(this.#context, this.stream, this.lease);
        continue;
      }
      const { stream, lease } = this;
      const doubt = {
        stream,
        packs: this.#start.packs,
        lease,
        afterSeq: this.#lastSeq,
        firstCounter: batch.firstCounter,
        lastCounter: batch.head.counter,
      };
      const settled = await settle(this.#context, doubt);
      this.#leaseSeq = settled.leaseSeq;
      done = Math.max(done, settled.stored);
      if (done > batch.head.counter - batch.firstCounter)
        return this.#sent(batch, { lastSeq: settled.storedSeq, settled: true });
    }
  }

  /**
   * Publishes what is not stored yet: `done` events are; of a batch with packs, which is stored whole, none. Where the
   * newest message is still our own, nobody has taken the lease since: the server knows that message without reading, while
   * the lease stands far back on a long stream, in a block of which the server has to read all.
   */
  #publish(
    batch: Batch,
    { done, lastId }: { done: number; lastId: string | undefined },
  ): Promise<PublishOutcome> {
    const { backend } = this.#context;
    const messages = batch.messages.slice(done);
    const ids = messages.map((_, i) => this.#idOf(batch, done + i));
    const inTurn = batch.inTurn && messages.length > 1;
    const lease = { subject: controlSubject.lease(this.stream, this.name), seq: this.#leaseSeq };
    const expect = lastId !== undefined && (inTurn || messages.length === 1) ? { lastId } : lease;
    if (inTurn) return backend.publishInTurn(this.stream, messages, { ids, expect });
    const [only] = messages;
    if (this.#start.tellsEarly && only !== undefined && messages.length === 1)
      tellEarly(backend, this.stream, only);
    return backend.publish(this.stream, messages, { id: ids[0] ?? '', expect });
  }

  #idOf(batch: Batch, index: number): string {
    return `${this.name}-${this.epoch}-${batch.firstCounter + index}`;
  }

  #sent(batch: Batch, { lastSeq, settled }: { lastSeq: number; settled: boolean }): void {
    const { length } = batch.messages;
    // The messages of an atomic batch have no ids.
    const hasId = batch.inTurn || length === 1;
    if (hasId && !settled && lastSeq === this.#lastSeq + length) this.#lastId = this.#idOf(batch, length - 1);
    if (lastSeq <= this.#lastSeq) {
      const { stream, name } = this;
      this.#context.logger?.error(
        { stream, writer: name, seq: lastSeq, before: this.#lastSeq },
        'sequence of the stream went back',
      );
    }
    this.#head = batch.head;
    this.#lastSeq = lastSeq;
    this.#rest.refresh();
  }
}
