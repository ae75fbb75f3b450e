// One scope → ScopedRouteConfiguration with its routes inline: in one resource, so that a change is one message, and
// Envoy swaps it without looking at any other scope.
import { create } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import {
  type Route,
  RouteSchema,
  type VirtualHost,
  VirtualHostSchema,
} from '@sluice/envoy-api/envoy/config/route/v3/route_components_pb.js';
import { ScopedRouteConfigurationSchema } from '@sluice/envoy-api/envoy/config/route/v3/scoped_route_pb.js';
import {
  type LuaPerRoute,
  LuaPerRouteSchema,
} from '@sluice/envoy-api/envoy/extensions/filters/http/lua/v3/lua_pb.js';
import {
  compareObjectRefs,
  comparePrecedence,
  compareText,
  formatObjectRef,
  type IrListener,
  matchOf,
  type ObjectRef,
} from '@sluice/ir';
import { pack, stringMatcher } from './messages.ts';
import { misdirectedRoute } from './misdirected.ts';
import { deeperHosts } from './one-label.ts';
import { compileRoute, type RevisedCandidate } from './route.ts';
import { clustersOf, placeAt } from './route-action.ts';
import { takesAllBelow } from './route-match.ts';
import {
  isSharedScope,
  listenerPart,
  pathPart,
  scopeHeaders,
  scopeHostname,
  scopeName,
} from './scope-key.ts';
import { noMatchRoute, scopeFilters, scriptName } from './scope-scripts.ts';
import { type XdsRef, type XdsResource, xdsResource } from './xds-resource.ts';

/** The matches of one hostname in a scope. */
export interface ScopeHost {
  readonly hostname: string;
  /** The server that answers for the hostname. */
  readonly server: string;
  /** In no order. */
  readonly candidates: readonly RevisedCandidate[];
}

/** What a resource is made from. */
export interface ScopeParts {
  readonly listener: IrListener;
  /** Never empty. More than one only where they share a key; see `scopeHostname`. */
  readonly hosts: readonly [ScopeHost, ...ScopeHost[]];
  /** Node of the path tree; empty for the root. */
  readonly path: string;
  readonly split: boolean;
}

function perRoute(override: LuaPerRoute['override']): Any {
  return pack(LuaPerRouteSchema, { override });
}

const off = perRoute({ case: 'disabled', value: true });
const on = perRoute({ case: 'name', value: scriptName });

/** Ends a scope in which a request may match nothing. What it answers is never seen: the script `leave` finds another route, or none. */
const noMatch: Route = create(RouteSchema, {
  name: noMatchRoute,
  match: { pathSpecifier: { case: 'prefix', value: '/' } },
  action: { case: 'directResponse', value: { status: 500 } },
  typedPerFilterConfig: { [scopeFilters.leave]: on },
});

/** Name of the resource of a scope. */
export function nameOfScope({ listener, hosts, path }: ScopeParts): string {
  return scopeName(listener.key, scopeHostname(hosts[0].hostname), path);
}

/** The resource of a scope. */
export function compileScope(parts: ScopeParts): XdsResource {
  const { listener, hosts, path, split } = parts;
  const key = scopeHostname(hosts[0].hostname);
  const name = nameOfScope(parts);
  const candidates = hosts.flatMap((host) => host.candidates);
  const message = create(ScopedRouteConfigurationSchema, {
    name,
    key: {
      fragments: [fragment(`${listenerPart(listener.key)}${key}`), fragment(pathPart(path))],
    },
    routeConfiguration: {
      name,
      virtualHosts: [...hosts]
        .sort((a, b) => compareText(a.hostname, b.hostname))
        .map((host) => virtualHost(parts, host)),
      ignorePortInHostMatching: true,
      // Routes go out once their clusters are there; the share of an invalid backend names one that never is.
      validateClusters: false,
      requestHeadersToRemove: Object.values(scopeHeaders),
      typedPerFilterConfig: { [scopeFilters.host]: off, ...(split ? { [scopeFilters.path]: on } : {}) },
    },
  });
  return xdsResource(
    { kind: 'scope', name, uses: usesOfScope(parts), sources: sourcesOf(candidates) },
    ScopedRouteConfigurationSchema,
    message,
  );
}

/** The clusters that a scope leads to. */
export function usesOfScope({ hosts }: ScopeParts): XdsRef[] {
  const clusters = clustersOfAll(hosts.flatMap((host) => host.candidates));
  return clusters.map((name) => ({ kind: 'cluster', name }));
}

function fragment(value: string) {
  return { type: { case: 'stringKey', value } } as const;
}

function clustersOfAll(candidates: readonly RevisedCandidate[]): string[] {
  const rules = new Set(candidates.map(({ route, rule }) => route.rules[rule]));
  const clusters = [...rules].flatMap((rule) => (rule === undefined ? [] : clustersOf(rule.action)));
  return [...new Set(clusters)].sort(compareText);
}

function sourcesOf(candidates: readonly RevisedCandidate[]): ObjectRef[] {
  const sources = new Map(candidates.map(({ route }) => [formatObjectRef(route.source), route.source]));
  return [...sources.values()].sort(compareObjectRefs);
}

function virtualHost({ listener, path, split }: ScopeParts, host: ScopeHost): VirtualHost {
  const { hostname, server, candidates } = host;
  const secure = listener.protocol === 'HTTPS';
  const place = placeAt(listener, hostname);
  const ordered = [...candidates].sort((a, b) => comparePrecedence(a, b).order);
  // A request gets to a scope below by way of the root: it is told there.
  const elsewhere = secure && path === '' ? [misdirectedFrom(server, split)] : [];
  // Elsewhere the scripts have seen to it.
  const deeper = listener.wildcards === 'one-label' && isSharedScope(hostname) ? deeperHosts(hostname) : [];
  const end = candidates.some((candidate) => takesAllBelow(matchOf(candidate), path)) ? [] : [noMatch];
  return create(VirtualHostSchema, {
    name: hostname,
    domains: [hostname],
    routes: [...elsewhere, ...deeper, ...ordered.map((candidate) => compileRoute(candidate, place)), ...end],
  });
}

/** Takes what came in by another server than the one that answers for the hostname. */
function misdirectedFrom(server: string, split: boolean): Route {
  const { name, action } = misdirectedRoute;
  return create(RouteSchema, {
    name,
    action,
    match: {
      pathSpecifier: { case: 'prefix', value: '/' },
      headers: [
        {
          name: scopeHeaders.server,
          invertMatch: true,
          headerMatchSpecifier: {
            case: 'stringMatch',
            value: stringMatcher({ type: 'exact', value: server }),
          },
        },
      ],
    },
    typedPerFilterConfig: split ? { [scopeFilters.path]: off } : {},
  });
}
