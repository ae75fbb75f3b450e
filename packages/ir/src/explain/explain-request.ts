// Which route takes a request, and why: the rules of Gateway API v1.7.0 over the IR, step by step as the data plane
// takes them. Independent of how Envoy is configured, so that the two can be compared.

import { gatewayLabel } from '../gateway.ts';
import type { IrHttpRoute } from '../http-route.ts';
import { compareText } from '../key.ts';
import type { IrListener, IrServer } from '../listener.ts';
import type { IrResource } from '../resource.ts';
import { applyAction } from './action.ts';
import { judgeCandidates } from './candidates.ts';
import { describeListener, type Explanation, type Outcome, type RefusalCause } from './explanation.ts';
import { compareSpecificity, covers, mostSpecific } from './host.ts';
import { IrIndex } from './index-ir.ts';
import { type ExplainRequest, type ReadRequest, readRequest } from './request.ts';

type Refused = Extract<Outcome, { type: 'refused' }>;

const statuses = {
  'no-listener': null,
  'wrong-protocol': null,
  'no-server': null,
  'bad-request': 400,
  misdirected: 421,
  'no-host': 404,
  'no-match': 404,
} as const satisfies Record<RefusalCause, Refused['status']>;

function refused(cause: RefusalCause, reason: string): Refused {
  return { type: 'refused', cause, status: statuses[cause], reason };
}

/**
 * Explains a request over a state of the IR. Where several listeners fit (no address and no gateway given), the first
 * by key is meant; `listenersFor` tells all.
 */
export function explainRequest(ir: Iterable<IrResource> | IrIndex, request: ExplainRequest): Explanation {
  const index = ir instanceof IrIndex ? ir : new IrIndex(ir);
  const [listener] = listenersFor(index, request);
  if (listener === undefined) {
    const reason = `nothing listens on port ${request.port}${placeOf(request)}`;
    return { shadowed: [], candidates: [], outcome: refused('no-listener', reason) };
  }
  return { listener: describeListener(listener), ...atListener(index, listener, request) };
}

/** The listeners that a request can reach, sorted by key. A port that is bound goes before one that only a spec names. */
export function listenersFor(ir: IrIndex, request: ExplainRequest): readonly IrListener[] {
  const { address, gateway, port } = request;
  const reached = ir.listeners.filter(
    (listener) =>
      listener.protocol !== 'UDP' &&
      listener.addresses.length > 0 &&
      (address === undefined || listener.addresses.includes(address)) &&
      (gateway === undefined || listener.gateway === gateway),
  );
  const bound = reached.filter((listener) => listener.bindPort === port);
  return bound.length > 0 ? bound : reached.filter((listener) => listener.port === port);
}

function placeOf({ address, gateway }: ExplainRequest): string {
  const parts = [
    ...(address === undefined ? [] : [` of ${address}`]),
    ...(gateway === undefined ? [] : [` of ${gatewayLabel(gateway)}`]),
  ];
  return parts.join('');
}

type FromListener = Omit<Explanation, 'listener'>;

function atListener(ir: IrIndex, listener: IrListener, request: ExplainRequest): FromListener {
  const nothing = { shadowed: [], candidates: [] };
  const { tls } = request;
  if (listener.protocol !== (tls === undefined ? 'HTTP' : 'HTTPS'))
    return {
      ...nothing,
      outcome: refused(
        'wrong-protocol',
        `port ${listener.port} of ${gatewayLabel(listener.gateway)} speaks ${listener.protocol}`,
      ),
    };
  const sni = tls?.sni?.toLowerCase();
  const bySni = tls === undefined ? undefined : mostSpecific(listener.servers, sni ?? '');
  if (tls !== undefined && bySni === undefined) {
    const what = sni === undefined ? 'a client that sends no SNI' : `the SNI ${sni}`;
    return { ...nothing, outcome: refused('no-server', `no hostname of the Gateway covers ${what}`) };
  }
  if (bySni?.passthrough) {
    const reason = 'the connection is passed through as it is, by a TLSRoute: see sluice explain tls';
    return { ...nothing, server: serverOf(bySni), outcome: refused('wrong-protocol', reason) };
  }
  const read = readRequest(request);
  const chosen = bySni === undefined ? {} : { server: serverOf(bySni) };
  if (!read.ok) return { ...nothing, ...chosen, outcome: refused('bad-request', read.reason) };
  const { path, host } = read.request;
  const server =
    listener.wildcards === 'one-label'
      ? oneLabelServer(ir, listener, { host, bySni })
      : mostSpecific(listener.servers, host);
  if (server === undefined)
    return {
      ...nothing,
      ...chosen,
      path,
      outcome: refused('no-host', `no hostname of the Gateway covers ${host}`),
    };
  if (bySni !== undefined && bySni !== server) {
    const reason = `${host} belongs to ${server.name}, but the SNI ${sni ?? ''} chose ${bySni.name}`;
    return { ...nothing, ...chosen, path, outcome: refused('misdirected', reason) };
  }
  return { server: serverOf(server), path, ...atServer(ir, read.request, { listener, server }) };
}

/**
 * The server that answers for a host where `*` is one label: that of the first name that anything is served for, of the host,
 * its wildcard and `*`. A wildcard of a server does not stand for deeper hosts here, though connections for them reach it:
 * there nothing answers.
 */
function oneLabelServer(
  ir: IrIndex,
  listener: IrListener,
  { host, bySni }: { readonly host: string; readonly bySni: IrServer | undefined },
): IrServer | undefined {
  const names = [host, ...(host.indexOf('.') > 0 ? [`*${host.slice(host.indexOf('.'))}`] : [])];
  const known = names.find((hostname) => isServed(ir, listener, hostname));
  if (known !== undefined) return mostSpecific(listener.servers, known);
  if (bySni?.hostname.startsWith('*.') && covers(bySni.hostname, host)) return undefined;
  return isServed(ir, listener, '*') ? mostSpecific(listener.servers, '*') : undefined;
}

/** Whether a hostname is that of a server, or one that its server has routes for. */
function isServed(ir: IrIndex, listener: IrListener, hostname: string): boolean {
  const server = mostSpecific(listener.servers, hostname);
  if (server === undefined) return false;
  if (server.hostname === hostname) return true;
  return ir
    .routesOf(listener.key)
    .some(({ attachments }) =>
      attachments.some(
        (a) => a.listener === listener.key && a.server === server.name && a.hostnames.includes(hostname),
      ),
    );
}

function serverOf({ name, hostname }: IrServer) {
  return { name, hostname };
}

function atServer(
  ir: IrIndex,
  request: ReadRequest,
  { listener, server }: { readonly listener: IrListener; readonly server: IrServer },
): FromListener {
  const [deciding, ...others] = hostnamesFor(ir.routesOf(listener.key), request.host, { listener, server });
  if (deciding === undefined) {
    const reason = `no route of listener ${server.name} is for the host ${request.host}`;
    return { shadowed: [], candidates: [], outcome: refused('no-host', reason) };
  }
  const { hostname, routes } = deciding;
  const { candidates, winner } = judgeCandidates(routes, request);
  const shadowed = others.map((other) => ({
    hostname: other.hostname,
    routes: other.routes.map((r) => r.key),
  }));
  const outcome =
    winner === undefined
      ? refused('no-match', `none of the ${candidates.length} matches for ${hostname} holds`)
      : applyAction(ir, request, { ...winner, listener });
  return { hostname, shadowed, candidates, outcome };
}

interface HostnameRoutes {
  readonly hostname: string;
  readonly routes: readonly IrHttpRoute[];
}

/** The hostnames under which routes of the server are served and that cover the host, the most specific first. */
function hostnamesFor(
  routes: readonly IrHttpRoute[],
  host: string,
  { listener, server }: { readonly listener: IrListener; readonly server: IrServer },
): HostnameRoutes[] {
  const found = new Map<string, Set<IrHttpRoute>>();
  for (const route of routes)
    for (const attachment of route.attachments)
      if (attachment.listener === listener.key && attachment.server === server.name)
        for (const hostname of attachment.hostnames)
          if (covers(hostname, host, listener.wildcards === 'one-label')) {
            const set = found.get(hostname);
            if (set === undefined) found.set(hostname, new Set([route]));
            else set.add(route);
          }
  return [...found]
    .map(([hostname, set]) => ({
      hostname,
      routes: [...set].sort((a, b) => compareText(a.key, b.key)),
    }))
    .sort((a, b) => compareSpecificity(a.hostname, b.hostname));
}
