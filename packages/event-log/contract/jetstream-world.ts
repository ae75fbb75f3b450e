import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ConnectOptions,
  connectEventLog,
  type EventLog,
  type NatsServer,
  startNatsServer,
} from '../src/index.ts';
import type { LogWorld } from './harness.ts';

/** nats-server of the checkout's toolchain, else as found on PATH. */
export const natsBinary =
  process.env.SLUICE_NATS_SERVER ?? new URL('../../../.toolchain/bin/nats-server', import.meta.url).pathname;

export interface JetStreamWorld extends LogWorld {
  readonly server: NatsServer;
  readonly dir: string;
  connect(options?: Partial<ConnectOptions>): Promise<EventLog>;
  /** kill -9, then `between`, then a start on the same port and store. */
  crash(between?: () => Promise<void>): Promise<void>;
  /** The same with a clean stop, after which the server trusts its index. */
  restart(between: () => Promise<void>): Promise<void>;
}

/** A real nats-server in a directory of its own. */
export async function makeJetStreamWorld(): Promise<JetStreamWorld> {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-event-log-'));
  const start = (port?: number): Promise<NatsServer> =>
    startNatsServer({ binary: natsBinary, dir, ...(port === undefined ? {} : { port }) });
  let server = await start();
  const port = Number(new URL(server.url).port);
  const logs: EventLog[] = [];
  const world: JetStreamWorld = {
    dir,
    get server() {
      return server;
    },
    async connect(options = {}) {
      const log = await connectEventLog({
        url: server.url,
        monitorUrl: server.monitorUrl,
        name: `test-${logs.length}`,
        ...options,
      });
      logs.push(log);
      return log;
    },
    async crash(between) {
      await server.kill();
      await between?.();
      server = await start(port);
    },
    async restart(between) {
      await server.stop();
      await between();
      server = await start(port);
    },
    outage: (during) => world.crash(during),
    async close() {
      await Promise.all(logs.map((log) => log.close()));
      await server.kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return world;
}
