import type { EventLog } from '@sluice/event-log';
import type { AckEvent } from '@sluice/events';
import type { Inbox } from './inbox.ts';

/** Core subjects of the heartbeats of xds-servers and agents: `heartbeat.xds-server.<name>`, one every 5 s. */
const subjects = ['heartbeat.xds-server.*', 'heartbeat.bpf-agent.*'] as const;

/** Times, milliseconds. */
export interface ServerWatchTimes {
  /** Without a heartbeat for this long a server counts as silent. */
  readonly silentMs: number;
  readonly lookMs: number;
}

/** Who gives no sign of life for 30 s is not waited for. */
export const productionWatch: ServerWatchTimes = { silentMs: 30_000, lookMs: 1000 };

/** Tells the inbox which xds-servers have fallen silent: an xds-server that died cannot say that its Envoys are gone. */
export class ServerWatch {
  readonly #log: EventLog;
  readonly #inbox: Inbox;
  readonly #times: ServerWatchTimes;
  readonly #heard = new Map<string, number>();
  readonly #silent = new Set<string>();

  constructor(of: { log: EventLog; inbox: Inbox; times: ServerWatchTimes }) {
    this.#log = of.log;
    this.#inbox = of.inbox;
    this.#times = of.times;
  }

  /** A server is known from its first event on; its heartbeat is missed from then. */
  know(ack: AckEvent): void {
    const name = 'agent' in ack ? ack.agent : ack.server;
    if (!this.#heard.has(name)) this.#heard.set(name, Date.now());
  }

  /** Watches until the signal aborts. */
  start(signal: AbortSignal): void {
    const stops = subjects.map((subject) => this.#log.listen(subject, (data) => this.#beat(data)));
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

  #beat(data: Uint8Array): void {
    const server = nameIn(data);
    if (server === undefined) return;
    this.#heard.set(server, Date.now());
    if (this.#silent.delete(server)) this.#tell(server, false);
  }

  #look(): void {
    const now = Date.now();
    for (const [server, heardAt] of this.#heard) {
      // Nobody can be heard while the connection is down, so nobody is missed either.
      if (!this.#log.connected) this.#heard.set(server, now);
      else if (now - heardAt > this.#times.silentMs && !this.#silent.has(server)) {
        this.#silent.add(server);
        this.#tell(server, true);
      }
    }
  }

  #tell(server: string, silent: boolean): void {
    void this.#inbox.put({ kind: 'server', server, silent, timeMs: Date.now() });
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
