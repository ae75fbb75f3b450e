// Which kinds of routes a listener takes. What comes in: a listener; what goes out: the kinds by its protocol, cut down
// to those that allowedRoutes.kinds names. Gateway API v1.6.3 AllowedRoutes.kinds, ListenerStatus.supportedKinds.
import { gatewayGroup, type Listener } from '@sluice/kinds';
import type { ListenerRefFault } from './listener-certificates.ts';

/** A kind of routes, as `supportedKinds` writes it. */
export interface RouteKind {
  readonly group: string;
  readonly kind: string;
}

/** Kinds of the Gateway API that routes of a protocol may have; protocols that are not served are not here. */
const kindsByProtocol = {
  HTTP: ['GRPCRoute', 'HTTPRoute'],
  HTTPS: ['GRPCRoute', 'HTTPRoute'],
  TLS: ['TLSRoute'],
  TCP: ['TCPRoute'],
  UDP: ['UDPRoute'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** A protocol that is served. */
export type ServedProtocol = keyof typeof kindsByProtocol;

/** Protocols that are served, for messages. */
export const servedProtocols = Object.keys(kindsByProtocol).join(', ');

/** Whether the protocol of a listener is served. */
export function isServedProtocol(protocol: string): protocol is ServedProtocol {
  return Object.hasOwn(kindsByProtocol, protocol);
}

/** The kinds that a listener takes, and what is wrong with those that it names. */
export function routeKindsOf(listener: Listener): {
  supportedKinds: readonly RouteKind[];
  faults: ListenerRefFault[];
} {
  const { protocol } = listener;
  if (!isServedProtocol(protocol)) return { supportedKinds: [], faults: [] };
  const fitting = kindsByProtocol[protocol].map((kind): RouteKind => ({ group: gatewayGroup, kind }));
  const wanted = listener.allowedRoutes.kinds;
  if (wanted.length === 0) return { supportedKinds: fitting, faults: [] };
  const fits = (k: RouteKind): boolean => fitting.some((f) => f.group === k.group && f.kind === k.kind);
  const supportedKinds = fitting.filter((f) => wanted.some((k) => k.group === f.group && k.kind === f.kind));
  const foreign = [...new Set(wanted.filter((k) => !fits(k)).map((k) => k.kind))];
  if (foreign.length === 0) return { supportedKinds, faults: [] };
  const message = `routes of kind ${foreign.join(', ')} are not supported here`;
  return { supportedKinds, faults: [{ reason: 'InvalidRouteKinds', message }] };
}
