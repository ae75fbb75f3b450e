import { readFile } from 'node:fs/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { type ConnectionOptions, connect, type NatsConnection } from '@nats-io/transport-node';
import pRetry from 'p-retry';
import type { FailPoints, LogLogger } from '../log/context.ts';
import { StreamEventLog } from '../log/stream-event-log.ts';
import { type EventLog, LogError } from '../port.ts';
import { nkeySigner } from '../server/nkeys.ts';
import { inboxPrefix } from '../server/permissions.ts';
import { Connection, type ConnectionState } from './connection.ts';
import { JetStreamBackend } from './jetstream-backend.ts';
import { LateBackend } from './late-backend.ts';
import { connectAt, type ServerAddresses, urlAt } from './server-addresses.ts';
import { assertServer, assertSynced } from './server-check.ts';

export interface ConnectOptions {
  /** `nats://host:port` or `tls://host:port`, several separated by commas. */
  readonly url: string;
  /** Name of the connection and of its NATS user: letters, digits, `-`, `_`. */
  readonly name: string;
  /** File that holds the user's nkey seed, or the seed itself. Neither: no authentication. */
  readonly seedFile?: string;
  readonly seed?: string;
  /** File with the authority that signed the server's certificate, PEM; for `tls://` addresses. */
  readonly caFile?: string;
  /**
   * Addresses of the host of `url`, which is then a single one, asked before each attempt instead of DNS; the same for `monitorUrl` where it has
   * this host. Certificates are still held against the name.
   */
  readonly addresses?: ServerAddresses;
  /** Monitoring address of the server: where `sync_interval: always` can be checked. Without it only a warning says so. */
  readonly monitorUrl?: string;
  readonly logger?: LogLogger;
  /** Copies of each stream in a cluster; default 1. */
  readonly replicas?: number;
  /** How long to wait for the server at first, milliseconds; default 30,000. Later outages are waited out for ever. */
  readonly connectTimeoutMs?: number;
  /** Connects in the background, for as long as it takes: until then the log is there and behaves as in an outage. */
  readonly background?: boolean;
  /** Told of every change of the connection. */
  readonly onConnection?: (state: ConnectionState) => void;
  /** Told of every event that is written or read. */
  readonly onTraffic?: () => void;
  readonly failPoints?: FailPoints;
}

const reconnectWaitMs = 100;
const longestWaitMs = 1_000;

/**
 * Connects to the event log on NATS JetStream, and checks that the server is one that facts can be entrusted to.
 * With `background` it returns at once, and until there is such a server the log behaves as in an outage.
 * @throws LogError `connection`, `server-too-old`, `server-unsafe`; never with `background`
 */
export async function connectEventLog(options: ConnectOptions): Promise<EventLog> {
  if (options.background === true) return connectLater(options);
  const { connectTimeoutMs = 30_000 } = options;
  const nats = await reach(options, { maxRetryTime: connectTimeoutMs });
  return new StreamEventLog(await backendOn(nats, options), options);
}

function connectLater(options: ConnectOptions): EventLog {
  const backend = new LateBackend();
  const log = new StreamEventLog(backend, options);
  const { closed } = log.context;
  let told: string | undefined;
  const tell = (reason: string): void => {
    if (reason === told || closed.aborted) return;
    told = reason;
    options.logger?.warn({ reason }, 'no event log, trying on');
    options.onConnection?.({ connected: false, reason });
  };
  void pRetry(
    async () => {
      const nats = await reach(options, { retries: 0 });
      await backend.arrived(await backendOn(nats, options));
    },
    {
      ...forEver,
      signal: closed,
      onFailedAttempt: ({ error }) => tell(error.message),
    },
  ).then(
    () => options.logger?.info({}, 'connected to the event log'),
    (error: unknown) => tell(String(error)),
  );
  return log;
}

const forEver = {
  retries: Number.POSITIVE_INFINITY,
  minTimeout: reconnectWaitMs,
  maxTimeout: longestWaitMs,
} as const;

async function backendOn(nats: NatsConnection, options: ConnectOptions): Promise<JetStreamBackend> {
  const { logger, onConnection, onTraffic, replicas = 1 } = options;
  try {
    const { info } = nats;
    if (info === undefined)
      throw new LogError('connection', 'the NATS server did not introduce itself', {
        hint: 'Check the URL.',
      });
    assertServer(info);
    if (options.monitorUrl !== undefined) await assertSynced(monitorAt(options.monitorUrl, options));
    else logger?.warn({}, 'no monitor url given: cannot check that the nats server syncs each write to disk');
    const jsm = await jetstreamManager(nats, { checkAPI: false });
    const inboxes = inboxPrefix(options.name);
    const connection = new Connection(nats, { jsm, inboxPrefix: inboxes, logger, onConnection, onTraffic });
    onConnection?.({ connected: true, reason: '' });
    return new JetStreamBackend(connection, { maxMessageBytes: info.max_payload, replicas });
  } catch (error) {
    await nats.close();
    throw error;
  }
}

async function reach(
  options: ConnectOptions,
  tries: { readonly retries?: number; readonly maxRetryTime?: number },
): Promise<NatsConnection> {
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
    // Else every request takes a stack trace in advance.
    noAsyncTraces: true,
    pingInterval: 10_000,
    maxPingOut: 2,
    timeout: 5_000,
    ...(options.caFile === undefined ? {} : { tls: { caFile: options.caFile } }),
    ...(seed === undefined ? {} : { authenticator: nkeySigner(seed) }),
  };
  try {
    const { url, addresses } = options;
    const connecting = () =>
      addresses === undefined ? connect(settings) : connectAt({ url, addresses }, settings);
    return await pRetry(connecting, { ...forEver, ...tries });
  } catch (cause) {
    if (cause instanceof LogError) throw cause;
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

function monitorAt(monitorUrl: string, { url, addresses }: ConnectOptions): string {
  const [address] = addresses?.() ?? [];
  const isSameHost = address !== undefined && new URL(monitorUrl).hostname === new URL(url).hostname;
  return isSameHost ? urlAt(monitorUrl, address) : monitorUrl;
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
