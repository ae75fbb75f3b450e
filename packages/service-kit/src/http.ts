import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Server } from 'node:net';
import type { Registry } from 'prom-client';
import type { ListenAddress } from './config-types.ts';
import { SluiceError } from './errors.ts';
import type { Health } from './health.ts';

/** The operational HTTP server of a service. */
export interface OpsServer {
  /** Where it listens: `unix:/path` or `host:port` with the real port. */
  readonly address: string;
  close(): Promise<void>;
}

/** What the server shows. */
export interface OpsServerOptions {
  readonly listen: ListenAddress;
  readonly health: Health;
  readonly registry: Registry;
}

/**
 * Serves `/healthz` (200 while the process answers), `/readyz` (200, or 503 with the failing checks) and `/metrics`; closing it ends
 * every connection. A Unix socket is made with mode 0600; one that a dead process left behind is replaced.
 * @throws SluiceError `address-in-use`
 */
export async function startOpsServer({ listen: where, ...shown }: OpsServerOptions): Promise<OpsServer> {
  const server = createServer((request, response) => void respond(shown, request, response));
  const address = await listen(server, where);
  return {
    address,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Shown = Omit<OpsServerOptions, 'listen'>;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

async function respond(shown: Shown, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, type, body } = await answerTo(shown, request).catch(() =>
    json(500, { error: 'the answer could not be made' }),
  );
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function answerTo({ health, registry }: Shown, request: IncomingMessage): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { error: 'only GET and HEAD' });
  switch (request.url?.split('?', 1)[0]) {
    case '/healthz':
      return json(200, { status: 'ok' });
    case '/readyz': {
      const readiness = health.readiness();
      return json(readiness.ready ? 200 : 503, readiness);
    }
    case '/metrics':
      return { status: 200, type: registry.contentType, body: await registry.metrics() };
    default:
      return json(404, { error: 'only /healthz, /readyz and /metrics are here' });
  }
}

function json(status: number, value: unknown): Answer {
  return { status, type: 'application/json; charset=utf-8', body: JSON.stringify(value) };
}

/**
 * Makes a server listen, and says where. A Unix socket gets mode 0600 from its first moment and replaces one that
 * nobody answers on.
 * @throws SluiceError `address-in-use`
 */
export async function listen(server: Server, address: ListenAddress): Promise<string> {
  if (address.kind === 'unix') {
    await removeStaleSocket(address.path);
    listenPrivately(server, address.path);
    await listening(server, `unix:${address.path}`);
    return `unix:${address.path}`;
  }
  server.listen({ host: address.host, port: address.port });
  await listening(server, `${address.host}:${address.port}`);
  const bound = server.address();
  if (bound === null || typeof bound === 'string')
    throw new TypeError('a TCP server has an address and a port');
  return bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
}

/** Node binds the socket within the call, so the narrowed umask touches nothing else. */
function listenPrivately(server: Server, path: string): void {
  const before = process.umask(0o177);
  try {
    server.listen({ path });
  } finally {
    process.umask(before);
  }
}

async function listening(server: Server, where: string): Promise<void> {
  try {
    await once(server, 'listening');
  } catch (cause) {
    if (errorCodeOf(cause) === 'EADDRINUSE') throw inUse(where, cause);
    throw new SluiceError('address-unusable', `cannot listen on ${where}: ${errorCodeOf(cause)}`, {
      hint: 'the address must belong to this machine, and the directory of a socket must exist and be writable',
      cause,
    });
  }
}

/**
 * Removes a Unix socket that no process answers on; does nothing where there is none.
 * @throws SluiceError `address-in-use` when a process answers
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const socket = connect({ path });
  try {
    await once(socket, 'connect');
  } catch (error) {
    if (errorCodeOf(error) === 'ECONNREFUSED') rmSync(path, { force: true });
    return;
  } finally {
    socket.destroy();
  }
  throw inUse(`unix:${path}`);
}

function inUse(where: string, cause?: unknown): SluiceError {
  return new SluiceError('address-in-use', `another process listens on ${where}`, {
    hint: 'stop it, or choose another address',
    cause,
  });
}

function errorCodeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
