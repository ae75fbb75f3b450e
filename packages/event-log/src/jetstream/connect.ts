import { readFile } from 'node:fs/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import {
  type ConnectionOptions,
  connect,
  type NatsConnection,
  nkeyAuthenticator,
} from '@nats-io/transport-node';
import pRetry from 'p-retry';
import type { FailPoints, LogLogger } from '../log/context.ts';
import { StreamEventLog } from '../log/stream-event-log.ts';
import { type EventLog, LogError } from '../port.ts';
import { inboxPrefix } from '../server/permissions.ts';
import { Connection } from './connection.ts';
import { JetStreamBackend } from './jetstream-backend.ts';
import { assertServer, assertSynced } from './server-check.ts';

export interface ConnectOptions {
  /** `nats://host:port`, several separated by commas. */
  readonly url: string;
  /** Name of the connection and of its NATS user: letters, digits, `-`, `_`. */
  readonly name: string;
  /** File that holds the user's nkey seed, or the seed itself. Neither: no authentication. */
  readonly seedFile?: string;
  readonly seed?: string;
  /** Monitoring address of the server: where `sync_interval: always` can be checked. Without it only a warning says so. */
  readonly monitorUrl?: string;
  readonly logger?: LogLogger;
  /** Copies of each stream in a cluster; default 1. */
  readonly replicas?: number;
  /** How long to wait for the server at first, milliseconds; default 30,000. Later outages are waited out for ever. */
  readonly connectTimeoutMs?: number;
  readonly failPoints?: FailPoints;
}

const reconnectWaitMs = 100;

/**
 * Connects to the event log on NATS JetStream, and checks that the server is one that facts can be entrusted to.
 * @throws LogError `connection`, `server-too-old`, `server-unsafe`
 */
export async function connectEventLog(options: ConnectOptions): Promise<EventLog> {
  const { logger, replicas = 1 } = options;
  const nats = await reach(options);
  try {
    const { info } = nats;
    if (info === undefined)
      throw new LogError('connection', 'the NATS server did not introduce itself', {
        hint: 'Check the URL.',
      });
    assertServer(info);
    if (options.monitorUrl !== undefined) await assertSynced(options.monitorUrl);
    else logger?.warn({}, 'no monitor url given: cannot check that the nats server syncs each write to disk');
    const jsm = await jetstreamManager(nats, { checkAPI: false });
    const connection = new Connection(nats, { jsm, inboxPrefix: inboxPrefix(options.name), logger });
    const backend = new JetStreamBackend(connection, { maxMessageBytes: info.max_payload, replicas });
    return new StreamEventLog(backend, options);
  } catch (error) {
    await nats.close();
    throw error;
  }
}

async function reach(options: ConnectOptions): Promise<NatsConnection> {
  const { connectTimeoutMs = 30_000 } = options;
  const seed =
    options.seed ?? (options.seedFile === undefined ? undefined : await readSeed(options.seedFile));
  const settings: ConnectionOptions = {
    servers: options.url.split(',').map((url) => url.trim()),
    name: options.name,
    inboxPrefix: inboxPrefix(options.name),
    maxReconnectAttempts: -1,
    reconnectTimeWait: reconnectWaitMs,
    reconnectJitter: reconnectWaitMs,
    ignoreAuthErrorAbort: true,
    pingInterval: 10_000,
    maxPingOut: 2,
    timeout: 5_000,
    ...(seed === undefined ? {} : { authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)) }),
  };
  try {
    return await pRetry(() => connect(settings), {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: reconnectWaitMs,
      maxTimeout: 1_000,
      maxRetryTime: connectTimeoutMs,
    });
  } catch (cause) {
    throw new LogError(
      'connection',
      `the NATS server at ${options.url} cannot be reached as ${options.name}`,
      {
        hint: 'Check that it runs, that the URL is right, and that the seed belongs to this user.',
        cause,
      },
    );
  }
}

async function readSeed(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new LogError('connection', `the seed file ${file} cannot be read`, {
      hint: 'Check the path and its permissions.',
      cause,
    });
  }
}
