import {
  generateNkeySeeds,
  type NatsServer,
  type NatsServerOptions,
  startNatsServer,
  type UserPermissions,
} from '@sluice/event-log';
import { tempDir } from './temp-dir.ts';
import { toolPath } from './tool-path.ts';

/** Who may connect; absent: anybody, as nobody. */
export interface NatsOptions {
  readonly users?: Readonly<Record<string, UserPermissions>>;
}

/** A real nats-server with JetStream on files, each write synced. Disposing it ends it and removes its store. */
export interface RunningNats extends AsyncDisposable {
  readonly url: string;
  readonly monitorUrl: string;
  /** Changes with a restart. */
  readonly pid: number;
  /** Where its streams are. */
  readonly storeDir: string;
  /** Secret seeds by user. */
  readonly seeds: Readonly<Record<string, string>>;
  /** Ends it with a signal, default SIGKILL; its store and its port stay. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and store, ending it first where it runs. */
  restart(): Promise<void>;
}

/** Starts a nats-server on a free port. @throws LogError `connection` with the end of its log */
export async function startNats(options: NatsOptions = {}): Promise<RunningNats> {
  const dir = tempDir();
  const settings: NatsServerOptions = {
    binary: toolPath('nats-server'),
    dir: dir.path,
    ...(options.users === undefined ? {} : { users: withKeys(options.users) }),
  };
  let server: NatsServer;
  try {
    server = await startNatsServer(settings);
  } catch (error) {
    dir[Symbol.dispose]();
    throw error;
  }
  const port = portOf(server.url);
  const monitorPort = portOf(server.monitorUrl);
  return {
    url: server.url,
    monitorUrl: server.monitorUrl,
    storeDir: server.storeDir,
    seeds: server.seeds,
    get pid() {
      return server.pid;
    },
    kill: (signal = 'SIGKILL') => server.kill(signal),
    restart: async () => {
      await server.stop();
      server = await startNatsServer({ ...settings, port, monitorPort });
    },
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      dir[Symbol.dispose]();
    },
  };
}

/** Keys made once, so that a restarted server still knows its users. */
function withKeys(users: Readonly<Record<string, UserPermissions>>): NonNullable<NatsServerOptions['users']> {
  const keys = new Map(Object.entries(generateNkeySeeds(Object.keys(users))));
  const entries = Object.entries(users).map(([name, permissions]) => {
    const key = keys.get(name);
    return [name, key === undefined ? { permissions } : { permissions, key }] as const;
  });
  return Object.fromEntries(entries);
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
