// Routes over HTTP, kind by kind. What comes in: HTTPRoutes or GRPCRoutes, Gateways and Services; what goes out: routes and
// clusters of the IR, and what listeners and endpoints need to know of them.
import type { Collection, Graph } from '@sluice/incremental';
import type { IrCluster, IrHttpRoute } from '@sluice/ir';
import type { GrpcRoute, HttpRoute } from '@sluice/kinds';
import type { AttachmentTables } from './attachment-table.ts';
import type { BackendNeeds } from './backend.ts';
import { type ClusterNeeds, clusters } from './cluster.ts';
import type { HttpKind, RouteOverHttp } from './http-route-kind.ts';
import { type Contender, settleKinds } from './kind-conflicts.ts';
import { attachedRoutes, clusterUses, irRoutes, type RouteParts } from './route-ir.ts';
import { routeParents } from './route-parents.ts';
import { routeRules } from './route-rules.ts';

/** What one kind of routes comes to. */
export interface HttpPart {
  readonly parts: RouteParts;
  readonly ir: Collection<IrHttpRoute>;
  readonly clusters: Collection<IrCluster>;
  /** How many clusters send to each Service port, by `servicePortKey`. */
  readonly uses: Collection<number>;
  /** How many routes are accepted by each listener, by `sectionKey`. */
  readonly attachedRoutes: Collection<number>;
}

type Needs = BackendNeeds & ClusterNeeds & { tables: AttachmentTables; orphanController: string | undefined };

/** Translates the routes of all kinds. `alsoUsed`: clusters that something else sends to as HTTPRoutes do, by key. */
export function httpParts(
  graph: Graph,
  of: Needs & {
    routes: Collection<HttpRoute>;
    grpcRoutes: Collection<GrpcRoute>;
    alsoUsed: readonly Collection<number>[];
  },
): HttpPart[] {
  const contender = (kind: HttpKind, routes: Collection<RouteOverHttp>): Contender => ({
    routes,
    parents: routeParents(graph, { ...of, routes, name: `parents of ${kind}s` }),
  });
  const contenders = {
    HTTPRoute: contender('HTTPRoute', of.routes),
    GRPCRoute: contender('GRPCRoute', of.grpcRoutes),
  };
  const settled = settleKinds(graph, contenders);
  return (['HTTPRoute', 'GRPCRoute'] as const).map((kind) =>
    httpPart(
      graph,
      { ...of, alsoUsed: kind === 'HTTPRoute' ? of.alsoUsed : [] },
      {
        kind,
        routes: contenders[kind].routes,
        parents: settled[kind],
      },
    ),
  );
}

function httpPart(
  graph: Graph,
  needs: Needs & { alsoUsed: readonly Collection<number>[] },
  own: Pick<RouteParts, 'kind' | 'routes' | 'parents'>,
): HttpPart {
  const { kind, routes } = own;
  const parts: RouteParts = {
    ...own,
    tables: needs.tables,
    rules: routeRules(graph, { ...needs, kind, routes }),
  };
  const ir = irRoutes(graph, parts);
  const made = clusters(graph, { ...needs, kind, uses: [clusterUses(graph, ir), ...needs.alsoUsed] });
  return {
    parts,
    ir,
    clusters: made,
    uses: graph.countBy(made, `endpoints used by ${kind}s`, ({ endpoints }) => [endpoints]),
    attachedRoutes: attachedRoutes(graph, parts),
  };
}
