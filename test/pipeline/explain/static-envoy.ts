import type { Revision } from '@sluice/events';
import type { IrResource } from '@sluice/ir';
import { type RunningEnvoy, startEnvoy } from '@sluice/testkit';
import {
  type CompiledResource,
  compileXds,
  envoyBootstrap,
  listenerOfScope,
  type RouteLayout,
  typeUrls,
} from '@sluice/xds-server/core';

type Json = Record<string, unknown>;

/** Response header in which the test's Envoy names the route that took a request. */
export const routeHeader = 'x-test-route';

const revision: Revision = { epoch: 1, seq: 1 };

/** A certificate and its key, PEM. */
export interface KeyPair {
  readonly chainPem: string;
  readonly keyPem: string;
}

/**
 * Starts Envoy with what xds-server would send it for this IR, written into its bootstrap: the same resources, taken
 * from a file instead of a stream. Every route table also names the route in a response header.
 */
export function startStaticEnvoy(
  ir: readonly IrResource[],
  keys: KeyPair,
  layout: RouteLayout,
): Promise<RunningEnvoy> {
  const compiled = compileXds(
    ir.map((resource) => ({ resource, revision })),
    undefined,
    layout,
  );
  const all = (kind: keyof typeof typeUrls): readonly CompiledResource[] => [
    ...(compiled.get(typeUrls[kind])?.values() ?? []),
  ];
  const routes = new Map(
    all('route').map(({ json }) => [String(asJson(json).name), namingRoute(asJson(json))]),
  );
  const scopesByListener = Map.groupBy(
    all('scope').map(({ json }) => {
      const scope = asJson(json);
      return { ...scope, routeConfiguration: namingRoute(asJson(scope.routeConfiguration)) };
    }),
    (scope: Json) => listenerOfScope(String(scope.name)),
  );
  const assignments = new Map(all('endpoint').map(({ json }) => [String(asJson(json).clusterName), json]));
  const bootstrap = JSON.parse(
    envoyBootstrap({ nodeId: 'test', nodeCluster: 'test', xdsSocket: '/nonexistent' }),
  ) as Json;
  delete bootstrap.dynamic_resources;
  bootstrap.static_resources = {
    clusters: all('cluster').map(({ json }) => staticCluster(asJson(json), assignments)),
    listeners: all('listener').map(({ json }) => {
      const scopes = scopesByListener.get(String(asJson(json).name)) ?? [];
      return inlined(json, { routes, scopes });
    }),
    secrets: all('secret').map(({ json }) => ({
      name: asJson(json).name,
      tlsCertificate: {
        certificateChain: { inlineString: keys.chainPem },
        privateKey: { inlineString: keys.keyPem },
      },
    })),
  };
  return startEnvoy({ bootstrap });
}

function asJson(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError('not a JSON object');
  return value as Json;
}

function namingRoute(table: Json): Json {
  const value = '%METADATA(ROUTE:sluice:route)%';
  return { ...table, responseHeadersToAdd: [{ header: { key: routeHeader, value } }] };
}

function staticCluster(cluster: Json, assignments: ReadonlyMap<string, unknown>): Json {
  const { edsClusterConfig: _, ...rest } = cluster;
  return { ...rest, type: 'STATIC', loadAssignment: assignments.get(String(cluster.name)) };
}

/** What is looked for by name or as a whole in xDS. */
interface Tables {
  readonly routes: ReadonlyMap<string, Json>;
  /** Those of the listener. */
  readonly scopes: readonly Json[];
}

/** A copy in which routes stand where they are asked for, and secrets are looked for in the bootstrap. */
function inlined(value: unknown, tables: Tables): unknown {
  if (Array.isArray(value)) return value.map((item) => inlined(item, tables));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      if (key === 'rds') return [['routeConfig', tables.routes.get(String(asJson(inner).routeConfigName))]];
      if (key === 'scopedRds')
        return [['scopedRouteConfigurationsList', { scopedRouteConfigurations: tables.scopes }]];
      if (key === 'sdsConfig' || key === 'rdsConfigSource') return [];
      return [[key, inlined(inner, tables)]];
    }),
  );
}
