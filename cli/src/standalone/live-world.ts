import { setTimeout as delay } from 'node:timers/promises';
import { type EventLog, eachItem } from '@sluice/event-log';
import type { StreamName } from '@sluice/events';
import { WatchedState } from './watched-state.ts';

/** Says what Envoys have. */
const delivery = 'ACKS';
/** These hold something for each object. */
const ofObjects: readonly StreamName[] = ['FACTS', 'STATUS', 'IR'];
const streamsFollowed = [delivery, ...ofObjects] as const;
/** Reading more facts than this, bytes, would hold up those who bring them into force: a thousand routes. A message may hold many facts. */
const manyFactsBytes = 1_000_000;
/** What of a stream is shown; the IR has a resource for each route, and only the listeners are. Absent: all. */
const subjectsShown: Partial<Record<StreamName, readonly string[]>> = {
  IR: ['ir.v1._.listener.>', 'revision.v1.>'],
};
const retryMs = 200;
/** The log is looked at this often, ms: what is shown need not be newer, and each event wakes only those who work on it. */
const paceMs = 800;
/** This often while a start is waited for: the last word on it should not wait for the next look. */
const startPaceMs = 50;

/** Longest wait for Envoys before objects are read, ms: one that refuses or is away must not hide what is wrong with them. */
const defaultPatienceMs = 3_000;

/** Longest wait for the log to say how far it is: while NATS is away it would not say. */
const answerMs = 2_000;

/** The state of what is told, which follows the log of a running instance, through restarts and moves of NATS. */
export class LiveWorld {
  /** The IR in it is that of the listeners. */
  readonly state = new WatchedState();
  readonly #patienceMs: number;
  readonly #connect: () => Promise<EventLog>;
  readonly #changed: () => void;
  readonly #closed = new AbortController();
  #connection = new AbortController();
  #log: EventLog | undefined;
  readonly #read = new Map<StreamName, number>();
  #paceMs = startPaceMs;
  readonly #begin = Promise.withResolvers<void>();
  readonly #delivered = Promise.withResolvers<void>();

  /**
   * @param of `connect` is called for each connection; `changed` after every change of `state`; the objects of a large log are read when
   * every Envoy has something, or after `patienceMs` (default 3,000).
   */
  constructor(of: {
    readonly connect: () => Promise<EventLog>;
    readonly changed: () => void;
    readonly patienceMs?: number;
  }) {
    this.#patienceMs = of.patienceMs ?? defaultPatienceMs;
    this.#connect = of.connect;
    this.#changed = of.changed;
    void this.#run();
  }

  /** Begins to follow, if it has not begun: folding a large log beside those who bring it into force would hold them up. */
  begin(): void {
    this.#begin.resolve();
  }

  /** Looks at the log less often from now on: nobody waits for the start any more. */
  slowDown(): void {
    this.#paceMs = paceMs;
  }

  /** Leaves the connection and makes a new one: NATS has moved. */
  reconnect(): void {
    this.#connection.abort();
  }

  close(): void {
    this.#closed.abort();
    this.#connection.abort();
  }

  /**
   * True when everything that stood on the log at some moment after the call began has been folded in.
   * False while there is no connection, a stream is missing, or the log does not answer in 2 s.
   */
  async isCurrent(): Promise<boolean> {
    const log = this.#log;
    if (log === undefined || this.#read.size < streamsFollowed.length) return false;
    try {
      const answers = Promise.all(streamsFollowed.map((stream) => log.info(stream)));
      // Nobody may be left to hear of it.
      answers.catch(() => {});
      const infos = await Promise.race([answers, delay(answerMs, undefined, { ref: false })]);
      if (infos === undefined) return false;
      return infos.every(
        ({ lastSeq }, i) => (this.#read.get(streamsFollowed[i] ?? 'FACTS') ?? -1) >= lastSeq,
      );
    } catch {
      return false;
    }
  }

  async #run(): Promise<void> {
    await this.#begin.promise;
    setTimeout(this.#delivered.resolve, this.#patienceMs).unref();
    while (!this.#closed.signal.aborted) {
      this.#connection = new AbortController();
      try {
        await this.#follow(this.#connection.signal);
      } catch {
        // The instance is starting, or NATS is down: the processes' own states tell so.
      }
      await delay(retryMs, undefined, { ref: false });
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const log = await this.#connect();
    this.#log = log;
    this.#read.clear();
    const stop = new AbortController();
    try {
      const both = AbortSignal.any([signal, stop.signal]);
      void this.#readFewAtOnce(log);
      const follow = (stream: StreamName) => this.#followStream(log, stream, both);
      const objects = this.#delivered.promise.then(() => Promise.all(ofObjects.map(follow)));
      await Promise.all([follow(delivery), objects]);
    } finally {
      stop.abort();
      this.#log = undefined;
      await log.close();
    }
  }

  async #readFewAtOnce(log: EventLog): Promise<void> {
    const info = await log.info('FACTS').catch(() => undefined);
    if (info !== undefined && info.bytes <= manyFactsBytes) this.#delivered.resolve();
  }

  /** Every Envoy that is connected has acknowledged something: of a first start, all there is. */
  get #isDelivered(): boolean {
    const connected = [...this.state.world.envoys.values()].filter(({ state }) => state === 'connected');
    return connected.length > 0 && connected.every(({ acked }) => acked !== null);
  }

  async #followStream(log: EventLog, stream: StreamName, signal: AbortSignal): Promise<void> {
    const subjects = subjectsShown[stream];
    const options = { signal, paceMs: () => this.#paceMs, ...(subjects === undefined ? {} : { subjects }) };
    await eachItem(log.follow(stream, options), (item) => {
      if (item.kind === 'damage') return;
      this.state.apply(stream, item.events, item.reset);
      this.#read.set(stream, item.position.seq);
      if (item.caughtUp && this.#isDelivered) this.#delivered.resolve();
      this.#changed();
    });
  }
}
