import { once } from 'node:events';
import { createServer as createHttp1, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';

/** What a backend saw of a request; it answers with this as JSON. */
export interface EchoRequest {
  /** Name of the backend. */
  readonly name: string;
  readonly protocol: 'http1' | 'h2c';
  readonly method: string;
  /** With the query, as received. */
  readonly path: string;
  /** Host header or `:authority`, as received. */
  readonly host: string;
  /** Lower-case names, without pseudo-headers. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string;
}

/** How a backend answers, where not 200 with the echo. */
export interface BackendAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the echo. */
  readonly body?: string;
  /** Waits before it answers. */
  readonly delayMs?: number;
  /** `reset` closes the connection instead of answering; `hang` never answers. */
  readonly instead?: 'reset' | 'hang';
}

/** A real HTTP server in this process that speaks HTTP/1.1 and HTTP/2 in the clear on one port. */
export interface Backend extends AsyncDisposable {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Requests received so far. */
  readonly requests: number;
  /** Requests not yet answered. */
  readonly open: number;
  /** Sets how it answers from now on; undefined goes back to the echo. */
  respond(how: ((request: EchoRequest) => BackendAnswer) | undefined): void;
  /** As a good server ends: takes no new connection, answers what is open, then closes what is idle. */
  close(): Promise<void>;
}

/** Where it listens. */
export interface BackendOptions {
  readonly name: string;
  /** Default 127.0.0.1. */
  readonly address?: string;
  /** Default: any free one. */
  readonly port?: number;
}

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

const preface = Buffer.from('PRI * HTTP/2.0');

/** Starts a backend. */
export async function startBackend({
  name,
  address = '127.0.0.1',
  port = 0,
}: BackendOptions): Promise<Backend> {
  const state: BackendState = { name, requests: 0, open: 0, respond: undefined };
  const handle = (request: Request, response: Response): void => void serve(state, request, response);
  // An idle connection stays open: closing it just as a proxy reuses it is a fault of the backend, not of the proxy.
  const http1 = createHttp1({ keepAliveTimeout: 0, requestTimeout: 0 }, handle);
  const http2 = createHttp2(handle);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.once('data', (head) => {
      socket.pause();
      socket.unshift(head);
      if (head.subarray(0, preface.length).equals(preface)) {
        // An HTTP/2 session takes what was read from the paused socket by itself.
        http2.emit('connection', socket);
        return;
      }
      http1.emit('connection', socket);
      socket.resume();
    });
  });
  server.listen(port, address);
  await once(server, 'listening');
  const close = (): Promise<void> => closeServer(server, sockets, state);
  return {
    name,
    address,
    port: portOf(server),
    get requests() {
      return state.requests;
    },
    get open() {
      return state.open;
    },
    respond: (how) => {
      state.respond = how;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface BackendState {
  readonly name: string;
  requests: number;
  open: number;
  respond: ((request: EchoRequest) => BackendAnswer) | undefined;
}

async function serve(state: BackendState, request: Request, response: Response): Promise<void> {
  state.requests += 1;
  state.open += 1;
  response.once('close', () => {
    state.open -= 1;
  });
  const echo = await describeRequest(state.name, request).catch(() => undefined);
  if (echo === undefined) return;
  const answer = state.respond?.(echo) ?? {};
  if (answer.delayMs !== undefined) await setTimeout(answer.delayMs);
  if (answer.instead === 'hang') return;
  if (answer.instead === 'reset') {
    request.socket.destroy();
    return;
  }
  const headers = { 'content-type': 'application/json', ...answer.headers };
  const body = answer.body ?? JSON.stringify(echo);
  if ('stream' in response) response.writeHead(answer.status ?? 200, headers).end(body);
  else response.writeHead(answer.status ?? 200, headers).end(body);
}

async function describeRequest(name: string, request: Request): Promise<EchoRequest> {
  const http2 = request.httpVersionMajor === 2;
  const headers = Object.fromEntries(
    Object.entries(request.headers).flatMap(([key, value]) =>
      key.startsWith(':') || value === undefined ? [] : [[key, value]],
    ),
  );
  const host = http2 ? (request.headers[':authority'] ?? request.headers.host) : request.headers.host;
  return {
    name,
    protocol: http2 ? 'h2c' : 'http1',
    method: request.method ?? '',
    path: request.url ?? '',
    host: String(host ?? ''),
    headers,
    body: await text(request),
  };
}

async function closeServer(server: Server, sockets: Set<Socket>, state: BackendState): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  const deadline = performance.now() + 2_000;
  while (state.open > 0 && performance.now() < deadline) await setTimeout(5);
  for (const socket of sockets) socket.destroy();
  await closed;
}

function portOf(server: Server): number {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new TypeError('a TCP server has a port');
  return bound.port;
}
