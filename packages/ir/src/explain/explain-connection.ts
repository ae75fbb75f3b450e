// Which route takes a connection below HTTP, and why: the rules of Gateway API v1.6.3 for TLSRoute, TCPRoute and UDPRoute
// over the IR. The most specific hostname decides, of a server first and then of its routes; then the oldest route.
import type { ObjectRef } from '../key.ts';
import { compareL4Routes, type IrL4Route } from '../l4-route.ts';
import type { IrListener } from '../listener.ts';
import { type DescribedListener, describeListener } from './explanation.ts';
import { mostSpecific } from './host.ts';
import type { IrIndex } from './index-ir.ts';

/** A connection, or a datagram, to be explained. */
export interface ExplainConnection {
  readonly protocol: 'TLS' | 'TCP' | 'UDP';
  /** IP address it is sent to, IPv6 without brackets; absent: any. */
  readonly address?: string;
  /** Key of the Gateway (`<namespace>/<name>`) it is sent to; absent: any. */
  readonly gateway?: string;
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

/** A route by its key in the IR, and by the object it was made from. */
export interface RouteName {
  readonly key: string;
  readonly source: ObjectRef;
}

/** What becomes of the connection. */
export interface ConnectionExplanation {
  readonly listener?: DescribedListener;
  /** The Gateway's listener by its name. */
  readonly server?: { readonly name: string; readonly hostname: string };
  /** The hostname that decided; `*` for TCP and UDP. */
  readonly hostname?: string;
  /** The route that takes it; absent: it is refused. */
  readonly route?: RouteName;
  /** Routes of the listener that do not take it, in their order, and why. */
  readonly losers: readonly (RouteName & { readonly why: string })[];
  readonly targets: readonly ConnectionTarget[];
  /** Why it is refused; the empty string where a route takes it. */
  readonly refused: string;
}

const nothing = { losers: [], targets: [] } as const;

/**
 * Explains a connection over a state of the IR. Where several listeners fit (no address and no gateway given), the first by
 * key is meant; `connectionListenersFor` tells all.
 */
export function explainConnection(ir: IrIndex, connection: ExplainConnection): ConnectionExplanation {
  const [listener] = connectionListenersFor(ir, connection);
  if (listener === undefined) return { ...nothing, refused: nobodyListens(ir, connection) };
  const at = { ...nothing, listener: describeListener(listener) };
  const isTls = connection.protocol === 'TLS';
  const sni = connection.sni?.toLowerCase() ?? '';
  const who = sni === '' ? 'a client that sends no SNI' : `the SNI ${sni}`;
  const server = isTls ? mostSpecific(listener.servers, sni) : listener.servers[0];
  if (server === undefined) return { ...at, refused: `no hostname of the Gateway covers ${who}` };
  const { name, hostname } = server;
  const chosen = { ...at, server: { name, hostname } };
  if (isTls && !server.passthrough)
    return { ...chosen, refused: `listener ${name} ends TLS itself: see sluice explain GET https://…` };
  const wanted = wantedOf(ir, listener, name);
  const decided = isTls ? mostSpecific(wanted, sni)?.hostname : '*';
  const [winner, ...younger] = distinct(wanted.filter((each) => each.hostname === decided));
  if (winner === undefined || decided === undefined) {
    const losers = distinct(wanted).map((route) => ({ ...nameOf(route), why: notCovered(wanted, route) }));
    return { ...chosen, losers, refused: `no route of listener ${name} is for ${isTls ? who : 'it'}` };
  }
  return {
    ...chosen,
    hostname: decided,
    route: nameOf(winner),
    losers: losersOf(wanted, { winner, younger, decided, sni }),
    targets: targetsOf(ir, winner),
    refused: winner.backends.length === 0 ? 'the route has no backend with a weight' : '',
  };
}

interface Wanted {
  readonly hostname: string;
  readonly route: IrL4Route;
}

/** What routes ask for at a server. */
function wantedOf(ir: IrIndex, listener: IrListener, server: string): Wanted[] {
  return ir
    .l4RoutesOf(listener.key)
    .flatMap((route) =>
      route.attachments
        .filter((a) => a.listener === listener.key && a.server === server)
        .flatMap(({ hostnames }) => hostnames.map((hostname) => ({ hostname, route }))),
    );
}

/** Their routes, each once, the first by precedence first. */
function distinct(wanted: readonly Wanted[]): IrL4Route[] {
  return [...new Set(wanted.map(({ route }) => route))].sort(compareL4Routes);
}

function losersOf(
  wanted: readonly Wanted[],
  of: {
    readonly winner: IrL4Route;
    readonly younger: readonly IrL4Route[];
    readonly decided: string;
    readonly sni: string;
  },
): ConnectionExplanation['losers'] {
  const sameHostname = of.younger.map((route) => {
    const why = route.createdAt === of.winner.createdAt ? 'its name comes later' : 'it is younger';
    return { ...nameOf(route), why: `wants the same, but ${why}` };
  });
  const decidedAmong = new Set([of.winner, ...of.younger]);
  const others = distinct(wanted)
    .filter((route) => !decidedAmong.has(route))
    .map((route) => {
      const covering = mostSpecific(
        wanted.filter((each) => each.route === route),
        of.sni,
      );
      const why =
        covering === undefined
          ? notCovered(wanted, route)
          : `${covering.hostname} is less specific than ${of.decided}`;
      return { ...nameOf(route), why };
    });
  return [...sameHostname, ...others];
}

function notCovered(wanted: readonly Wanted[], route: IrL4Route): string {
  const hostnames = wanted.filter((each) => each.route === route).map(({ hostname }) => hostname);
  const [first = '', ...more] = hostnames;
  return `is for ${first}${more.length === 0 ? '' : ` and ${more.length} more`}`;
}

function nameOf({ key, source }: IrL4Route): RouteName {
  return { key, source };
}

/** The listeners that a connection can reach, sorted by key. A port that is bound goes before one that only a spec names. */
export function connectionListenersFor(
  ir: IrIndex,
  { protocol, address, gateway, port }: ExplainConnection,
): readonly IrListener[] {
  const reached = ir.listeners.filter(
    (listener) =>
      speaks(listener, protocol) &&
      listener.addresses.length > 0 &&
      (address === undefined || listener.addresses.includes(address)) &&
      (gateway === undefined || listener.gateway === gateway),
  );
  const bound = reached.filter(({ bindPort }) => bindPort === port);
  return bound.length > 0 ? bound : reached.filter((listener) => listener.port === port);
}

function speaks(listener: IrListener, protocol: ExplainConnection['protocol']): boolean {
  return listener.protocol === protocol || (protocol === 'TLS' && listener.protocol === 'HTTPS');
}

/** Says so, and what listens there instead, or where else that protocol is spoken. */
function nobodyListens(ir: IrIndex, { protocol, address, port }: ExplainConnection): string {
  const where = address === undefined ? '' : ` of ${address}`;
  const missing = `no ${protocol} listener has port ${port}${where}`;
  const served = ir.listeners.filter(({ addresses }) => addresses.length > 0);
  const instead = served.find(
    (l) =>
      (l.bindPort === port || l.port === port) && (address === undefined || l.addresses.includes(address)),
  );
  if (instead !== undefined) return `${missing}: listener ${instead.key} there speaks ${instead.protocol}`;
  const elsewhere = served.filter((listener) => speaks(listener, protocol));
  const places = elsewhere
    .slice(0, 3)
    .map(({ addresses, bindPort }) => `${addresses[0] ?? ''} port ${bindPort}`);
  const more = elsewhere.length > places.length ? ', …' : '';
  return places.length === 0 ? missing : `${missing}: ${protocol} is spoken at ${places.join(', ')}${more}`;
}

function targetsOf(ir: IrIndex, { backends }: IrL4Route): ConnectionTarget[] {
  const total = backends.reduce((sum, { weight }) => sum + weight, 0);
  return backends.map(({ service, weight }) => ({
    service,
    share: weight / total,
    endpoints: service === null ? [] : ir.endpointsOfService(service),
  }));
}
