// Which route takes a connection below HTTP, and why: the rules of Gateway API v1.6.3 for TLSRoute, TCPRoute and UDPRoute
// over the IR. The most specific hostname decides, of a server first and then of its routes; then the oldest route.
import { compareText } from '../key.ts';
import { compareL4Routes, type IrL4Route } from '../l4-route.ts';
import type { IrListener } from '../listener.ts';
import { mostSpecific } from './host.ts';
import type { IrIndex } from './index-ir.ts';

/** A connection, or a datagram, to be explained. */
export interface ExplainConnection {
  readonly protocol: 'TLS' | 'TCP' | 'UDP';
  /** IP address it is sent to, IPv6 without brackets; absent: any. */
  readonly address?: string;
  /** The port it is sent to, or the one of the Gateway's spec where that is bound to another. */
  readonly port: number;
  /** Server name of the TLS handshake. */
  readonly sni?: string;
}

/** A backend and its part of the connections. */
export interface ConnectionTarget {
  /** Key of the Service port; null where the reference is invalid: its share is refused. */
  readonly service: string | null;
  /** Above 0 up to 1. */
  readonly share: number;
  /** `address:port` of those that take connections, sorted. None: the share is refused. */
  readonly endpoints: readonly string[];
}

/** What becomes of the connection. */
export interface ConnectionExplanation {
  readonly listener?: string;
  /** The Gateway's listener by its name. */
  readonly server?: string;
  /** The hostname that decided; `*` for TCP and UDP. */
  readonly hostname?: string;
  /** Key of the route that takes it; absent: it is refused. */
  readonly route?: string;
  /** Routes that want the same and are younger, in their order. */
  readonly outranked: readonly string[];
  readonly targets: readonly ConnectionTarget[];
  /** Why it is refused; the empty string where a route takes it. */
  readonly refused: string;
}

const nothing = { outranked: [], targets: [] } as const;

/** Explains a connection over a state of the IR. */
export function explainConnection(ir: IrIndex, connection: ExplainConnection): ConnectionExplanation {
  const listener = listenerFor(ir, connection);
  if (listener === undefined) {
    const where = connection.address === undefined ? '' : ` of ${connection.address}`;
    return { ...nothing, refused: `no ${connection.protocol} listener has port ${connection.port}${where}` };
  }
  const at = { ...nothing, listener: listener.key };
  const sni = connection.sni?.toLowerCase() ?? '';
  const server = connection.protocol === 'TLS' ? mostSpecific(listener.servers, sni) : listener.servers[0];
  if (server === undefined) return { ...at, refused: `no listener of the Gateway covers the SNI ${sni}` };
  if (connection.protocol === 'TLS' && !server.passthrough)
    return {
      ...at,
      server: server.name,
      refused: `listener ${server.name} ends TLS itself: see sluice explain`,
    };
  const wanted = ir
    .l4RoutesOf(listener.key)
    .flatMap((route) =>
      route.attachments
        .filter((a) => a.listener === listener.key && a.server === server.name)
        .flatMap(({ hostnames }) => hostnames.map((hostname) => ({ hostname, route }))),
    );
  const decided = connection.protocol === 'TLS' ? mostSpecific(wanted, sni)?.hostname : '*';
  const [winner, ...others] = wanted
    .filter(({ hostname }) => hostname === decided)
    .map(({ route }) => route)
    .sort(compareL4Routes);
  if (winner === undefined || decided === undefined)
    return { ...at, server: server.name, refused: `no route of listener ${server.name} is for it` };
  return {
    listener: listener.key,
    server: server.name,
    hostname: decided,
    route: winner.key,
    outranked: others.map(({ key }) => key),
    targets: targetsOf(ir, winner),
    refused: winner.backends.length === 0 ? 'the route has no backend with a weight' : '',
  };
}

function listenerFor(ir: IrIndex, { protocol, address, port }: ExplainConnection): IrListener | undefined {
  const reached = ir.listeners
    .filter((l) => l.protocol === protocol || (protocol === 'TLS' && l.protocol === 'HTTPS'))
    .filter((l) => l.addresses.length > 0 && (address === undefined || l.addresses.includes(address)))
    .sort((a, b) => compareText(a.key, b.key));
  return reached.find((l) => l.bindPort === port) ?? reached.find((l) => l.port === port);
}

function targetsOf(ir: IrIndex, { backends }: IrL4Route): ConnectionTarget[] {
  const total = backends.reduce((sum, { weight }) => sum + weight, 0);
  return backends.map(({ service, weight }) => ({
    service,
    share: weight / total,
    endpoints: service === null ? [] : ir.endpointsOfService(service),
  }));
}
