import { connect as tlsConnect } from 'node:tls';
import { buildConnector, Client } from 'undici';

/** TLS of a request. */
export interface ClientTls {
  /** Name sent as SNI and checked against the certificate. */
  readonly servername: string;
  /** PEM of what to trust; without it any certificate is taken. */
  readonly ca?: string;
}

/** Where to send requests: no name is looked up, Host and SNI are free. */
export interface RequestTarget {
  /** IP address. */
  readonly address: string;
  readonly port: number;
  /** Host header as sent; default: the address and port. */
  readonly host?: string;
  readonly tls?: ClientTls;
}

/** A request. */
export interface RequestOptions extends RequestTarget {
  /** With the query, sent as it is; default `/`. */
  readonly path?: string;
  /** Default GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
  /** HTTP/2 over TLS where the server offers it; default false. */
  readonly http2?: boolean;
  /** Default 10,000. */
  readonly timeoutMs?: number;
}

/** An answer, read to its end. */
export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** The body as JSON. @throws SyntaxError with the body's beginning */
  json<T = unknown>(): T;
}

/** A client that keeps its connections: an undici Client for this target. The caller closes it. */
export function connectClient(
  target: RequestTarget,
  options: { http2?: boolean; timeoutMs?: number } = {},
): Client {
  const { http2 = false, timeoutMs = 10_000 } = options;
  return new Client(originOf(target), {
    allowH2: http2,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: connectorOf(target, timeoutMs, http2),
  });
}

/** `http(s)://address:port` of a target. */
export function originOf({ address, port, tls }: RequestTarget): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return `${tls === undefined ? 'http' : 'https'}://${host}:${port}`;
}

/** A connector for undici that sends the target's own name as SNI, whatever the Host header says. */
export function connectorOf(
  { tls }: RequestTarget,
  timeoutMs: number,
  http2 = false,
): buildConnector.connector {
  if (tls === undefined) return buildConnector({ timeout: timeoutMs });
  const trust = tls.ca === undefined ? { rejectUnauthorized: false } : { ca: tls.ca };
  const connect = buildConnector({ timeout: timeoutMs, allowH2: http2, maxCachedSessions: 0, ...trust });
  return (options, callback) => connect({ ...options, servername: tls.servername }, callback);
}

/**
 * Sends one request over a connection of its own. Redirects are not followed.
 * @throws Error of undici or node:tls where there is no answer
 */
export async function request(options: RequestOptions): Promise<HttpAnswer> {
  const { path = '/', method = 'GET', headers = {}, body } = options;
  const client = connectClient(options, options);
  try {
    const response = await client.request({
      path,
      method,
      headers: options.host === undefined ? headers : { host: options.host, ...headers },
      body: body ?? null,
    });
    const text = await response.body.text();
    return {
      status: response.statusCode,
      headers: response.headers,
      body: text,
      json: <T>() => parseJson<T>(text),
    };
  } finally {
    await client.destroy();
  }
}

function parseJson<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new SyntaxError(`not JSON: ${text.slice(0, 200)}`, { cause });
  }
}

/** What a TLS server presents for a name. */
export interface TlsFacts {
  /** DNS names of the certificate, sorted. */
  readonly dnsNames: readonly string[];
  /** Agreed by ALPN; undefined where none was. */
  readonly alpn: string | undefined;
  /** True where the certificate is trusted for the name. */
  readonly authorized: boolean;
  readonly fingerprint: string;
}

/**
 * Does a TLS handshake and tells what came of it.
 * @throws Error where the server refuses it
 */
export function tlsHandshake(
  target: RequestTarget & { readonly alpn?: readonly string[] },
): Promise<TlsFacts> {
  const { address, port, tls, alpn = ['h2', 'http/1.1'] } = target;
  const name = tls === undefined ? {} : { servername: tls.servername };
  const trust = tls?.ca === undefined ? {} : { ca: tls.ca };
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({
      host: address,
      port,
      ALPNProtocols: [...alpn],
      rejectUnauthorized: false,
      timeout: 10_000,
      ...name,
      ...trust,
    });
    socket.once('error', reject);
    socket.once('timeout', () => socket.destroy(new Error('no TLS handshake within 10 s')));
    socket.once('secureConnect', () => {
      const peer = socket.getPeerCertificate();
      const dnsNames = (peer.subjectaltname ?? '').split(', ').map((entry) => entry.replace(/^DNS:/, ''));
      const agreed =
        socket.alpnProtocol === false || socket.alpnProtocol === null ? undefined : socket.alpnProtocol;
      resolve({
        dnsNames: dnsNames.sort(),
        alpn: agreed,
        authorized: socket.authorized,
        fingerprint: peer.fingerprint256,
      });
      socket.destroy();
    });
  });
}
