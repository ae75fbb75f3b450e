import type { ConsumerInfo } from '@nats-io/jetstream';
import { createInbox, type Msg, type Subscription } from '@nats-io/transport-node';
import { type RawBatch, type RawReader, type ReadFrom, Unavailable } from '../backend.ts';
import type { RawMessage } from '../model/message.ts';
import type { Connection } from './connection.ts';
import { parseDelivery, rawMessage } from './raw-message.ts';
import { Slab } from './slab.ts';

/** Messages asked for at once: enough to keep the line full, few enough to hold in memory. */
const pullMessages = 500;
/** A new request goes out while no more than this many wait. */
const lowWater = 250;
const pullExpiresNs = 30_000_000_000;
const heartbeatMs = 2_000;
const consumerIdleNs = 60_000_000_000;

/**
 * Reads a stream through an ephemeral consumer without acks. Memory is bounded by two requests. With a pace it asks for
 * what is there and rests, else the server keeps the request until something comes. Whatever goes wrong,
 * a lost connection, consumer or message, ends it with Unavailable: the caller opens another where it stands.
 */
export class PullReader implements RawReader {
  readonly empty: boolean;
  readonly #connection: Connection;
  readonly #stream: string;
  readonly #consumer: string;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #session: AbortSignal;
  readonly #queue: RawMessage[] = [];
  readonly #maxBytes: number;
  readonly #paceMs: (() => number) | undefined;
  /** Messages that the request under way may still bring; 0: none is under way. */
  #due = 0;
  #pulls = 0;
  #deliveries = 0;
  #waitingAtServer: number;
  readonly #slab = new Slab();
  #idle = false;
  #lost: string | undefined;
  #wake: () => void = () => {};
  #silence: NodeJS.Timeout | undefined;
  #rest: NodeJS.Timeout | undefined;

  /** @throws Unavailable */
  static async open(connection: Connection, stream: string, from: ReadFrom): Promise<PullReader> {
    const start =
      'seq' in from
        ? { deliver_policy: 'by_start_sequence' as const, opt_start_seq: Math.max(1, from.seq) }
        : { deliver_policy: 'by_start_time' as const, opt_start_time: new Date(from.timeMs).toISOString() };
    const session = connection.session;
    const consumer = await connection.ask(() =>
      connection.jsm.consumers.add(stream, {
        name: createInbox('reader').replaceAll('.', '-'),
        ...start,
        ack_policy: 'none',
        replay_policy: 'instant',
        mem_storage: true,
        num_replicas: 1,
        inactive_threshold: consumerIdleNs,
      }),
    );
    if (session.aborted) throw new Unavailable('the connection was lost');
    return new PullReader(connection, { consumer, session, paceMs: from.paceMs });
  }

  private constructor(
    connection: Connection,
    of: { consumer: ConsumerInfo; session: AbortSignal; paceMs: ReadFrom['paceMs'] },
  ) {
    const { consumer, session, paceMs } = of;
    this.#paceMs = typeof paceMs === 'number' ? () => paceMs : paceMs;
    this.#connection = connection;
    this.#stream = consumer.stream_name;
    this.#consumer = consumer.name;
    this.#session = session;
    this.empty = consumer.num_pending === 0;
    this.#waitingAtServer = consumer.num_pending;
    this.#maxBytes = 2 * (connection.nats.info?.max_payload ?? 8_388_608);
    this.#inbox = createInbox(connection.inboxPrefix);
    this.#subscription = connection.nats.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => (error === null ? this.#receive(message) : this.#lose(error.message)),
    });
    session.addEventListener('abort', this.#onLost);
    this.#pull();
  }

  async next(max: number): Promise<RawBatch> {
    for (;;) {
      if (this.#queue.length > 0) {
        const messages = this.#queue.splice(0, max);
        this.#pull();
        return { messages, drained: this.#queue.length === 0 && this.#waitingAtServer === 0 };
      }
      if (this.#lost !== undefined) throw new Unavailable(this.#lost);
      if (this.#idle) {
        this.#idle = false;
        return { messages: [], drained: true };
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.#lose('closed');
  }

  readonly #onLost = (): void => this.#lose('the connection was lost');

  #lose(reason: string): void {
    if (this.#lost !== undefined) return;
    this.#lost = reason;
    clearTimeout(this.#silence);
    clearTimeout(this.#rest);
    this.#session.removeEventListener('abort', this.#onLost);
    this.#subscription.unsubscribe();
    if (this.#connection.connected)
      this.#connection.jsm.consumers.delete(this.#stream, this.#consumer).catch(() => {});
    this.#wake();
  }

  #pull(): void {
    if (this.#due > 0 || this.#lost !== undefined || this.#queue.length > lowWater) return;
    this.#due = pullMessages;
    this.#pulls += 1;
    const request = {
      batch: pullMessages,
      max_bytes: this.#maxBytes,
      ...(this.#paceMs === undefined
        ? { expires: pullExpiresNs, idle_heartbeat: heartbeatMs * 1_000_000 }
        : { no_wait: true }),
    };
    const subject = `${this.#connection.jsm.getOptions().apiPrefix}.CONSUMER.MSG.NEXT.${this.#stream}.${this.#consumer}`;
    this.#connection.nats.publish(subject, JSON.stringify(request), {
      reply: `${this.#inbox}.${this.#pulls}`,
    });
    this.#listen();
  }

  /** Three missed heartbeats mean that the consumer is gone. */
  #listen(): void {
    if (this.#due > 0 && this.#silence !== undefined) {
      this.#silence.refresh();
      return;
    }
    clearTimeout(this.#silence);
    this.#silence =
      this.#due > 0 ? setTimeout(() => this.#lose('the consumer fell silent'), 3 * heartbeatMs) : undefined;
  }

  #receive(message: Msg): void {
    if (this.#lost !== undefined) return;
    const delivery = message.reply === undefined ? undefined : parseDelivery(message.reply);
    if (delivery === undefined) this.#status(message);
    else if (delivery.count !== this.#deliveries + 1) this.#lose('a message was dropped on the way');
    else {
      this.#connection.traffic();
      this.#deliveries = delivery.count;
      this.#waitingAtServer = delivery.pending;
      this.#queue.push(rawMessage(message, delivery, this.#slab));
      this.#due -= 1;
      this.#pull();
      this.#wake();
    }
    if (this.#lost === undefined) this.#listen();
  }

  #status(message: Msg): void {
    const code = message.headers?.code ?? 0;
    const current = message.subject === `${this.#inbox}.${this.#pulls}`;
    const used =
      code === 408 ||
      (code === 404 && this.#paceMs !== undefined) ||
      (code === 409 && /max.?bytes|batch completed/i.test(message.headers?.description ?? ''));
    // A server that could not read its own messages just then sends heartbeats too, and goes on.
    const atEnd = used || (code === 100 && this.#waitingAtServer === 0);
    if (atEnd) this.#idle ||= this.#queue.length === 0;
    else if (code !== 100) this.#lose(`the consumer ended with status ${code}`);
    if (used && current) {
      this.#due = 0;
      if (this.#paceMs === undefined) this.#pull();
      else this.#rest = setTimeout(() => this.#pull(), restMs(this.#paceMs()));
    }
    this.#wake();
  }
}

/** Readers of one pace look at the same moments, so that they wake their process once: half a pace to one and a half from now. */
function restMs(paceMs: number): number {
  const leftMs = paceMs - (performance.now() % paceMs);
  return Math.ceil(leftMs < paceMs / 2 ? leftMs + paceMs : leftMs);
}
