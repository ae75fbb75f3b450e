// A request as it reaches the data plane, and as routes are compared with it. Rules of Envoy 1.40 under the settings
// that its guide for edge proxies asks for, each measured on the real one: a path is normalised, an escaped slash is
// refused, repeated headers stay apart, the claims of clients about proxies in front of it are dropped.
import { authorityFault, hostOf } from './host.ts';
import { readTarget } from './path.ts';

/** A request to be explained. */
export interface ExplainRequest {
  /** IP address it is sent to, IPv6 without brackets; absent: any. */
  readonly address?: string;
  /** Key of the Gateway (`<namespace>/<name>`) it is sent to; absent: any. */
  readonly gateway?: string;
  /** The port it is sent to, or the one of the Gateway's spec where that is bound to another. */
  readonly port: number;
  /** Present where it is sent over TLS. */
  readonly tls?: { readonly sni?: string };
  /** Host header as sent, with the port if there is one. */
  readonly host: string;
  /** Upper case. */
  readonly method: string;
  /** As sent, with the query. */
  readonly path: string;
  /** Names in any case, repeated ones one by one; without Host. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /**
   * Id of the match that took it, where an access log tells. It wins where only headers and query, which no log has,
   * speak against it; absent, or where more does: the request alone decides.
   */
  readonly taken?: string;
}

/** What routes are compared with. */
export interface ReadRequest {
  readonly scheme: 'http' | 'https';
  /** Host header as sent. */
  readonly authority: string;
  /** Lower case, without port. */
  readonly host: string;
  readonly method: string;
  /** Normalised, without the query. */
  readonly path: string;
  /** With its `?`; the empty string where there is none. */
  readonly query: string;
  /** Lower-case name → values, in the order sent. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** See `ExplainRequest`. */
  readonly taken?: string;
}

/** Headers in which a client could claim to be a proxy: not believed, neither matched nor passed on. */
const claims: ReadonlySet<string> = new Set([
  'forwarded',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-original-url',
  'x-rewrite-url',
]);

/** Reads a request, or says why the data plane answers it with 400. */
export function readRequest(
  request: ExplainRequest,
): { readonly ok: true; readonly request: ReadRequest } | { readonly ok: false; readonly reason: string } {
  const fault = authorityFault(request.host);
  if (fault !== undefined) return { ok: false, reason: fault };
  const target = readTarget(request.path);
  if (!target.ok) return target;
  const underscore = request.headers.find(([name]) => name.includes('_'));
  if (underscore !== undefined)
    return { ok: false, reason: `the header name ${underscore[0]} holds an underscore` };
  const scheme = request.tls === undefined ? 'http' : 'https';
  const { host: authority, method } = request;
  return {
    ok: true,
    request: {
      scheme,
      authority,
      host: hostOf(authority),
      method,
      path: target.path,
      query: target.query,
      headers: readHeaders(request, scheme),
      ...(request.taken === undefined ? {} : { taken: request.taken }),
    },
  };
}

function readHeaders({ headers, host }: ExplainRequest, scheme: string): Map<string, string[]> {
  const read = new Map<string, string[]>();
  for (const [given, value] of headers) {
    const name = given.toLowerCase();
    if (claims.has(name) || name === 'host') continue;
    read.set(name, [...(read.get(name) ?? []), value.replace(/^[\t ]+|[\t ]+$/g, '')]);
  }
  read.set('host', [host]);
  read.set('x-forwarded-proto', [scheme]);
  return read;
}
