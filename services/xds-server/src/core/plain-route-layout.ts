// Plain RDS: one RouteConfiguration for each HTTP listener and for each server of an HTTPS listener, under a name that
// never changes; one virtual host for each hostname. Which hostname a request belongs to is decided first and alone
// (see docs/adr/0007): where no match of it holds, the answer is 404, not a try at the next less specific hostname. A
// host that another server of an HTTPS listener answers for gets 421 (Listener.hostname in Gateway API v1.7.0): clients
// share a connection among the names of a certificate, and this tells them to open another one.
import { create } from '@bufbuild/protobuf';
import {
  type VirtualHost,
  VirtualHostSchema,
} from '@sluice/envoy-api/envoy/config/route/v3/route_components_pb.js';
import { RouteConfigurationSchema } from '@sluice/envoy-api/envoy/config/route/v3/route_pb.js';
import { RdsSchema } from '@sluice/envoy-api/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import {
  compareObjectRefs,
  comparePrecedence,
  compareText,
  type IrAttachment,
  type IrListener,
  type IrServer,
} from '@sluice/ir';
import { serverFor } from './hostname.ts';
import type { Replaced } from './ir-state.ts';
import { fromAds } from './messages.ts';
import { misdirectedRoute } from './misdirected.ts';
import { deeperHosts } from './one-label.ts';
import { candidatesOf, compileRoute, type RevisedRoute } from './route.ts';
import { clustersOf, placeAt } from './route-action.ts';
import type { RouteLayout, RouteSource, RouteTables } from './route-layout.ts';
import { type XdsChange, type XdsRef, type XdsResource, xdsResource } from './xds-resource.ts';

/** One table, and the listener it belongs to. */
interface RouteUnit extends XdsRef {
  /** Key of the listener. */
  readonly listener: string;
}

function unitName(listener: IrListener, server: Pick<IrServer, 'name'> | null): string {
  return server === null ? listener.key : `${listener.key}/${server.name}`;
}

function unitOf(listener: IrListener, server: Pick<IrServer, 'name'> | null): RouteUnit {
  return { kind: 'route', name: unitName(listener, server), listener: listener.key };
}

/** The servers whose routes share the unit; undefined where the listener has no such unit. */
function serversOf(unit: RouteUnit, listener: IrListener): readonly IrServer[] | undefined {
  if (listener.protocol === 'HTTP')
    return unit.name === unitName(listener, null) ? listener.servers : undefined;
  const servers = listener.servers.filter(
    (server) => !server.passthrough && unit.name === unitName(listener, server),
  );
  return servers.length === 0 ? undefined : servers;
}

function unitsOfListener(listener: IrListener): RouteUnit[] {
  return listener.protocol === 'HTTP'
    ? [unitOf(listener, null)]
    : listener.servers.filter(({ passthrough }) => !passthrough).map((server) => unitOf(listener, server));
}

function unitOfAttachment(listener: IrListener, attachment: IrAttachment): RouteUnit {
  return unitOf(listener, listener.protocol === 'HTTP' ? null : { name: attachment.server });
}

/** The layout of one route table for each connection manager. */
export const plainRouteLayout: RouteLayout = {
  finder(listener, server) {
    const value = create(RdsSchema, {
      configSource: fromAds(),
      routeConfigName: unitName(listener, server),
    });
    return { specifier: { case: 'rds', value }, mutations: [], filters: [] };
  },
  resourcesOf(listener) {
    return unitsOfListener(listener).map(({ kind, name }) => ({ kind, name }));
  },
  tables(source) {
    return new PlainRouteTables(source);
  },
};

/** Marks whole tables; what is marked is made anew from all routes of its listener. */
class PlainRouteTables implements RouteTables {
  readonly #source: RouteSource;
  readonly #dirty = new Map<string, RouteUnit>();

  constructor(source: RouteSource) {
    this.#source = source;
  }

  listenerChanged({ before, after }: Replaced<IrListener>): void {
    for (const listener of [before, after]) {
      if (listener === undefined) continue;
      for (const unit of unitsOfListener(listener)) this.#dirty.set(unit.name, unit);
    }
  }

  routeChanged({ before, after }: Replaced<RevisedRoute>): void {
    for (const side of [before, after])
      for (const attachment of side?.route.attachments ?? []) {
        const listener = this.#source.listener(attachment.listener);
        if (listener === undefined) continue;
        const unit = unitOfAttachment(listener, attachment);
        this.#dirty.set(unit.name, unit);
      }
  }

  compile(): XdsChange[] {
    const made = [...this.#dirty.values()].map((unit): XdsChange => {
      const listener = this.#source.listener(unit.listener);
      const resource = listener && compileUnit(unit, listener, this.#source.routesOf(listener.key));
      return { kind: unit.kind, name: unit.name, ...(resource === undefined ? {} : { resource }) };
    });
    this.#dirty.clear();
    return made;
  }
}

/** Undefined where the listener has no such table. */
function compileUnit(
  unit: RouteUnit,
  listener: IrListener,
  routes: Iterable<RevisedRoute>,
): XdsResource | undefined {
  const servers = serversOf(unit, listener);
  if (servers === undefined) return undefined;
  return routeTable(unit, { listener, servers, hosts: routesByHostname(listener, servers, routes) });
}

/** Hostname → routes. Every server has at least its own hostname, so that a less specific server never answers for it. */
function routesByHostname(
  listener: IrListener,
  servers: readonly IrServer[],
  routes: Iterable<RevisedRoute>,
): Map<string, Set<RevisedRoute>> {
  const byHostname = new Map<string, Set<RevisedRoute>>(
    servers.map((server) => [server.hostname, new Set()]),
  );
  const names = new Set(servers.map((server) => server.name));
  for (const revised of routes)
    for (const attachment of revised.route.attachments) {
      if (attachment.listener !== listener.key || !names.has(attachment.server)) continue;
      for (const hostname of attachment.hostnames) {
        if (serverFor(listener.servers, hostname)?.name !== attachment.server) continue;
        const set = byHostname.get(hostname);
        if (set === undefined) byHostname.set(hostname, new Set([revised]));
        else set.add(revised);
      }
    }
  return byHostname;
}

function routeTable(
  unit: RouteUnit,
  of: {
    readonly listener: IrListener;
    readonly servers: readonly IrServer[];
    readonly hosts: ReadonlyMap<string, ReadonlySet<RevisedRoute>>;
  },
): XdsResource {
  const { listener, servers, hosts } = of;
  const elsewhere = listener.servers.filter((server) => !servers.includes(server));
  const routes = [...new Set([...hosts.values()].flatMap((set) => [...set]))].map((revised) => revised.route);
  const clusters = new Set(routes.flatMap((route) => route.rules.flatMap((rule) => clustersOf(rule.action))));
  const message = create(RouteConfigurationSchema, {
    name: unit.name,
    virtualHosts: [
      ...[...hosts].map(([hostname, set]) => virtualHost(listener, hostname, set)),
      ...elsewhere.map(({ hostname }) => misdirectedHost(hostname)),
    ].sort((a, b) => compareText(a.name, b.name)),
    ignorePortInHostMatching: true,
    // Routes go out once their clusters are there; the share of an invalid backend names one that never is.
    validateClusters: false,
  });
  return xdsResource(
    {
      kind: 'route',
      name: unit.name,
      uses: [...clusters].sort(compareText).map((name) => ({ kind: 'cluster', name })),
      sources: routes.map((route) => route.source).sort(compareObjectRefs),
    },
    RouteConfigurationSchema,
    message,
  );
}

function virtualHost(listener: IrListener, hostname: string, routes: Iterable<RevisedRoute>): VirtualHost {
  const place = placeAt(listener, hostname);
  const candidates = [...routes].flatMap(candidatesOf).sort((a, b) => comparePrecedence(a, b).order);
  return create(VirtualHostSchema, {
    name: hostname,
    domains: [hostname],
    routes: [
      ...(listener.wildcards === 'one-label' ? deeperHosts(hostname) : []),
      ...candidates.map((candidate) => compileRoute(candidate, place)),
    ],
  });
}

function misdirectedHost(hostname: string): VirtualHost {
  return create(VirtualHostSchema, { name: hostname, domains: [hostname], routes: [misdirectedRoute] });
}
