// Path changes (Gateway API v1.7.0 HTTPPathModifier, with its table for ReplacePrefixMatch) and the Location of a
// redirect (HTTPRequestRedirectFilter).
import type { IrHttpAction, IrPathMatch, IrPathRewrite } from '../http-route.ts';
import type { IrListener } from '../listener.ts';
import { withoutPort } from './host.ts';
import type { ReadRequest } from './request.ts';

const wellKnownPorts = { http: 80, https: 443 } as const;

/** A path (without query) after a rewrite beside the match that it was found by; it begins with a slash. */
export function rewritePath(path: string, rewrite: IrPathRewrite | undefined, match: IrPathMatch): string {
  if (rewrite === undefined) return path;
  if (rewrite.type === 'full' || match.type !== 'prefix') return rooted(rewrite.value);
  const rest = match.value === '/' ? path : path.slice(match.value.length);
  return rooted(`${rewrite.value.replace(/\/+$/, '')}${rest}`);
}

function rooted(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}

/** The Location of a redirect. The query stays; a port that goes without saying is not written. */
export function locationOf(
  action: Extract<IrHttpAction, { type: 'redirect' }>,
  request: ReadRequest,
  { path: match, listener }: { readonly path: IrPathMatch; readonly listener: ListenerPorts },
): string {
  const scheme = action.scheme ?? request.scheme;
  const host = action.hostname ?? withoutPort(request.authority);
  const own = action.scheme === undefined ? listenerPort(request, listener) : undefined;
  const port = action.port ?? own ?? (action.hostname === undefined ? keptPort(request, scheme) : undefined);
  const shown = port === undefined || port === wellKnownPorts[scheme] ? '' : `:${port}`;
  return `${scheme}://${host}${shown}${rewritePath(request.path, action.path, match)}${request.query}`;
}

/** The ports of the listener that answers: by the spec, and where clients reach it. */
type ListenerPorts = Pick<IrListener, 'port' | 'bindPort'>;

/** The listener's port where it is neither well known nor moved: then what the client wrote stays. */
function listenerPort({ scheme }: ReadRequest, { port, bindPort }: ListenerPorts): number | undefined {
  return port === wellKnownPorts[scheme] || port !== bindPort ? undefined : port;
}

/** The port of the Host header goes with it, save for the well-known one of the scheme that is left. */
function keptPort({ authority, scheme }: ReadRequest, newScheme: 'http' | 'https'): number | undefined {
  const port = Number(authority.slice(withoutPort(authority).length + 1));
  if (port === 0 || Number.isNaN(port)) return undefined;
  return newScheme !== scheme && port === wellKnownPorts[scheme] ? undefined : port;
}
