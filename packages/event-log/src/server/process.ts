import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pRetry from 'p-retry';
import { LogError } from '../port.ts';
import { natsServerConfig } from './config.ts';
import { freePort } from './free-port.ts';
import { generateNkeySeeds, type NkeySeed } from './nkeys.ts';
import type { UserPermissions } from './permissions.ts';

export interface NatsServerOptions {
  /** The nats-server program; default: as found on PATH. */
  readonly binary?: string;
  /** Directory for store, configuration and log; made where missing. */
  readonly dir: string;
  /** Default: free ones. */
  readonly port?: number;
  readonly monitorPort?: number;
  /** Users by name; a key pair is made for each one without. Absent: no authentication. */
  readonly users?: Readonly<
    Record<string, { readonly permissions: UserPermissions; readonly key?: NkeySeed }>
  >;
}

/** A nats-server as a child process. */
export interface NatsServer {
  readonly url: string;
  readonly monitorUrl: string;
  readonly pid: number;
  /** Where its streams are. */
  readonly storeDir: string;
  /** Secret seeds by user. */
  readonly seeds: Readonly<Record<string, string>>;
  /** Resolves when the process has ended, however it came to it. */
  readonly exited: Promise<void>;
  /** Ends it cleanly. */
  stop(): Promise<void>;
  /** Sends a signal, default SIGKILL, and waits for the end. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

const readyTimeoutMs = 30_000;

/**
 * Starts a nats-server and waits until it serves JetStream.
 * @throws LogError `connection` with the end of its log where it does not come up
 */
export async function startNatsServer(options: NatsServerOptions): Promise<NatsServer> {
  const { binary = 'nats-server', dir } = options;
  const port = options.port ?? (await freePort());
  const monitorPort = options.monitorPort ?? (await freePort());
  const storeDir = join(dir, 'store');
  const names = Object.keys(options.users ?? {});
  const keys = { ...generateNkeySeeds(names), ...givenKeys(options) };
  const users = names.map((name) => ({
    name,
    publicKey: keys[name]?.publicKey ?? '',
    permissions: options.users?.[name]?.permissions ?? { publish: [], subscribe: [] },
  }));
  await mkdir(storeDir, { recursive: true, mode: 0o700 });
  const configFile = join(dir, 'nats.conf');
  await writeFile(configFile, natsServerConfig({ host: '127.0.0.1', port, monitorPort, storeDir, users }), {
    mode: 0o600,
  });
  const logFile = join(dir, 'nats.log');
  const log = await open(logFile, 'a', 0o600);
  const child = spawn(binary, ['--config', configFile], { stdio: ['ignore', log.fd, log.fd] });
  const exited = ended(child);
  await log.close();
  const monitorUrl = `http://127.0.0.1:${monitorPort}`;
  await ready({ child, exited, monitorUrl, logFile });
  return {
    url: `nats://127.0.0.1:${port}`,
    monitorUrl,
    pid: child.pid ?? 0,
    storeDir,
    seeds: Object.fromEntries(names.map((name) => [name, keys[name]?.seed ?? ''])),
    exited,
    stop: () => end(child, exited, 'SIGTERM'),
    kill: (signal = 'SIGKILL') => end(child, exited, signal),
  };
}

function givenKeys(options: NatsServerOptions): Record<string, NkeySeed> {
  const keys: Record<string, NkeySeed> = {};
  for (const [name, { key }] of Object.entries(options.users ?? {})) if (key !== undefined) keys[name] = key;
  return keys;
}

async function ended(child: ChildProcess): Promise<void> {
  try {
    await once(child, 'exit');
  } catch {
    // It could not be started: `ready` says why.
  }
}

async function end(child: ChildProcess, exited: Promise<void>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  await exited;
}

async function ready(of: {
  child: ChildProcess;
  exited: Promise<void>;
  monitorUrl: string;
  logFile: string;
}): Promise<void> {
  const { child, exited, monitorUrl, logFile } = of;
  const stopped = new AbortController();
  void exited.then(() => stopped.abort());
  try {
    await pRetry(
      async () => {
        const answer = await fetch(`${monitorUrl}/healthz?js-enabled-only=true`);
        if (!answer.ok) throw new Error(`healthz answered ${answer.status}`);
      },
      {
        retries: Number.POSITIVE_INFINITY,
        minTimeout: 20,
        maxTimeout: 200,
        maxRetryTime: readyTimeoutMs,
        signal: stopped.signal,
      },
    );
  } catch (cause) {
    child.kill('SIGKILL');
    const lines = await readFile(logFile, 'utf8').catch(() => '');
    throw new LogError(
      'connection',
      `nats-server did not come up: ${lines.trim().split('\n').slice(-3).join(' | ')}`,
      {
        hint: `See ${logFile}.`,
        cause,
      },
    );
  }
}
