// A server that speaks the list and watch protocol and does at will what a real API server cannot be made to do: pages
// that expire, lines that are cut or damaged, silence. What a real one does is tested on a real one.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';
import { ApiClient } from './api-client.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly watch: boolean;
  readonly body: string;
}

/** Answers one request; what it leaves open stays open. */
export type Answer = (asked: Asked, response: ServerResponse) => void;

export interface FaultyApi extends AsyncDisposable {
  readonly api: ApiClient;
  /** All that was asked so far. */
  readonly asked: readonly Asked[];
}

export async function startFaultyApi(answer: Answer): Promise<FaultyApi> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const one: Asked = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        watch: url.searchParams.get('watch') === '1',
        body: Buffer.concat(chunks).toString(),
      };
      asked.push(one);
      answer(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const api = new ApiClient({
    server: `http://127.0.0.1:${port}`,
    authorization: async () => undefined,
    dispatcher: new Agent(),
  });
  return {
    api,
    asked,
    async [Symbol.asyncDispose]() {
      await api.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sends a whole answer. */
export function send(response: ServerResponse, code: number, body: unknown, headers = {}): void {
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** Sends a metav1.Status. */
export function refuse(response: ServerResponse, code: number, reason = '', headers = {}): void {
  send(response, code, { kind: 'Status', code, reason, message: `because of ${reason}` }, headers);
}

/** One page of a list. */
export function page(names: readonly string[], version: number, next = ''): object {
  return {
    kind: 'ServiceList',
    metadata: { resourceVersion: `${version}`, continue: next },
    items: names.map((name) => objectNamed(name, version)),
  };
}

export function objectNamed(name: string, version: number, extra: object = {}): object {
  return {
    metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: `${version}` },
    spec: { ports: [{ port: 80 }] },
    ...extra,
  };
}

/** A line of a watch. */
export function line(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`;
}
