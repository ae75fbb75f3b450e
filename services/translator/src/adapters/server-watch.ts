import type { EventLog } from '@sluice/event-log';
import type { AckEvent } from '@sluice/events';
import type { SignOfLife } from '../core/index.ts';
import type { Inbox } from './inbox.ts';

/** Core subjects of the heartbeats of xds-servers and agents: `heartbeat.xds-server.<name>`, one every 5 s. */
const agents = 'heartbeat.bpf-agent.*';
const subjects = ['heartbeat.xds-server.*', agents] as const;
/** Agents have a user of NATS of their own, and speak for agents alone. */
const isAgent = (name: string): boolean => name.startsWith('bpf-agent-');

/** Times, milliseconds. */
export interface ServerWatchTimes {
  /** Without a heartbeat for this long a server counts as silent, and as gone. */
  readonly silentMs: number;
  readonly goneMs: number;
  readonly lookMs: number;
}

/**
 * Who gives no sign of life for 30 s is not waited for; after five minutes, when Kubernetes takes the pods of a node that does not answer for
 * lost (`tolerationSeconds` of node.kubernetes.io/unreachable), nobody names it any more.
 */
export const productionWatch: ServerWatchTimes = { silentMs: 30_000, goneMs: 300_000, lookMs: 1000 };

const order: readonly SignOfLife[] = ['given', 'silent', 'gone'];

/** Tells the inbox which servers have fallen silent: an xds-server that died cannot say that its Envoys are gone, nor an agent that its node is. */
export class ServerWatch {
  readonly #log: EventLog;
  readonly #inbox: Inbox;
  readonly #times: ServerWatchTimes;
  readonly #heard = new Map<string, number>();
  /** Since when heartbeats have been listened for without a break. */
  #listening = Date.now();
  readonly #told = new Map<string, SignOfLife>();

  constructor(of: { log: EventLog; inbox: Inbox; times: ServerWatchTimes }) {
    this.#log = of.log;
    this.#inbox = of.inbox;
    this.#times = of.times;
  }

  /**
   * A server is known from its events. Until a heartbeat comes, its newest one is its last sign of life: who was gone before this translator began is
   * not named for another five minutes. @param timeMs when the log stored it
   */
  know(ack: AckEvent, timeMs: number): void {
    const name = 'agent' in ack ? ack.agent : ack.server;
    this.#heard.set(name, Math.max(this.#heard.get(name) ?? 0, Math.min(timeMs, Date.now())));
  }

  /** Watches until the signal aborts. */
  start(signal: AbortSignal): void {
    this.#listening = Date.now();
    const stops = subjects.map((subject) =>
      this.#log.listen(subject, (data) => this.#beat(data, subject === agents)),
    );
    const timer = setInterval(() => this.#look(), this.#times.lookMs);
    signal.addEventListener(
      'abort',
      () => {
        clearInterval(timer);
        for (const stop of stops) stop();
      },
      { once: true },
    );
  }

  #beat(data: Uint8Array, byAgent: boolean): void {
    const server = nameIn(data);
    if (server === undefined || isAgent(server) !== byAgent) return;
    this.#heard.set(server, Date.now());
    if (this.#signOf(server) !== 'given') this.#tell(server, 'given');
  }

  #look(): void {
    const now = Date.now();
    // Nobody can be heard while the connection is down, so nobody is missed either, nor before each has had its time to be heard.
    if (!this.#log.connected) {
      this.#listening = now;
      for (const server of this.#heard.keys()) this.#heard.set(server, now);
    }
    if (now - this.#listening <= this.#times.silentMs) return;
    for (const [server, heardAt] of this.#heard) this.#missed(server, now - heardAt);
  }

  /** Only a heartbeat makes it better again. */
  #missed(server: string, forMs: number): void {
    const { silentMs, goneMs } = this.#times;
    const sign = forMs > goneMs ? 'gone' : forMs > silentMs ? 'silent' : 'given';
    if (order.indexOf(sign) > order.indexOf(this.#signOf(server))) this.#tell(server, sign);
  }

  #signOf(server: string): SignOfLife {
    return this.#told.get(server) ?? 'given';
  }

  #tell(server: string, sign: SignOfLife): void {
    this.#told.set(server, sign);
    void this.#inbox.put({ kind: 'server', server, sign, timeMs: Date.now() });
  }
}

function nameIn(data: Uint8Array): string | undefined {
  try {
    const beat: unknown = JSON.parse(new TextDecoder().decode(data));
    const name = typeof beat === 'object' && beat !== null && 'replica' in beat ? beat.replica : undefined;
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined;
  }
}
