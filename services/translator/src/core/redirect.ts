// The port of a redirect. What comes in: the filter and the listeners its route attaches to; what goes out: the
// action of the IR. Gateway API v1.7.0 HTTPRequestRedirectFilter.port: an explicit port; else the well-known port of
// an explicit scheme; else the listener's; a well-known port is not written.
import type { IrHttpAction } from '@sluice/ir';
import type { RedirectFilter } from './http-filter.ts';

const wellKnown = { http: 80, https: 443 } as const;
type Scheme = keyof typeof wellKnown;

/** A listener that a redirect may answer for. */
export interface RedirectListener {
  readonly port: number;
  /** The port that clients really connect to. */
  readonly bindPort: number;
  readonly protocol: string;
}

/**
 * Builds the action. A port that is absent from it leaves the one that the client wrote in its Host header, which is
 * none for a well-known port. Where listeners of different ports share the rule and the filter says neither scheme nor port,
 * it is absent, and each listener answers with its own.
 */
export function redirectAction(filter: RedirectFilter, listeners: readonly RedirectListener[]): IrHttpAction {
  const { scheme, hostname, path, statusCode } = filter;
  const port = redirectPort(filter, listeners);
  return {
    type: 'redirect',
    ...(scheme === undefined ? {} : { scheme }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(port === undefined ? {} : { port }),
    ...(path === undefined ? {} : { path }),
    statusCode,
  };
}

function redirectPort(filter: RedirectFilter, listeners: readonly RedirectListener[]): number | undefined {
  const scheme = filter.scheme ?? only(listeners.map(schemeOf));
  if (filter.port === undefined && filter.scheme === undefined) {
    const port = only(listeners.map((l) => l.port));
    return port === undefined || scheme === undefined || port === wellKnown[scheme] ? undefined : port;
  }
  const port = filter.port ?? (scheme === undefined ? undefined : wellKnown[scheme]);
  if (port === undefined || scheme === undefined || port !== wellKnown[scheme]) return port;
  const hostHasNoPort = listeners.every((l) => l.port === wellKnown[schemeOf(l)] && l.bindPort === l.port);
  if (hostHasNoPort) return undefined;
  return filter.hostname !== undefined && filter.scheme !== undefined ? undefined : port;
}

function schemeOf(listener: RedirectListener): Scheme {
  return listener.protocol === 'HTTPS' ? 'https' : 'http';
}

function only<T>(values: readonly T[]): T | undefined {
  const distinct = new Set(values);
  return distinct.size === 1 ? values[0] : undefined;
}
