// Routes below HTTP into the IR and their statuses. What comes in: TLSRoutes, TCPRoutes or UDPRoutes, where they attach
// and what their backends come to; what goes out: l4-routes of the IR, what each listener counts, and statuses. Which of
// several routes of one listener takes a connection is decided by the consumer, by age (`compareL4Routes` in the IR).
import type { Collection, Fetch, Graph } from '@sluice/incremental';
import { type IrL4Route, l4RouteKey } from '@sluice/ir';
import type { AttachmentTables } from './attachment-table.ts';
import { sectionKey } from './keys.ts';
import { type L4Backends, type L4Needs, type L4Route, resolveL4Backends } from './l4-backend.ts';
import { type RejectionTable, rejectionsOfRoutes, sentencesOf } from './rejection.ts';
import { attachmentsOf } from './route-ir.ts';
import { type ParentResult, routeParents } from './route-parents.ts';
import { parentStatuses, routeRef } from './route-status.ts';
import type { StatusOutput } from './status.ts';

/** What one kind of routes comes to. */
export interface L4Part {
  readonly routes: Collection<L4Route>;
  readonly backends: Collection<L4Backends>;
  readonly parents: Collection<readonly ParentResult[]>;
  readonly ir: Collection<IrL4Route>;
  /** How many routes are accepted by each listener, by `sectionKey`. */
  readonly attachedRoutes: Collection<number>;
}

/** Translates the routes of one kind. */
export function l4Part(
  graph: Graph,
  of: L4Needs & {
    routes: Collection<L4Route>;
    protocol: IrL4Route['protocol'];
    tables: AttachmentTables;
    orphanController: string | undefined;
  },
): L4Part {
  const { routes, protocol } = of;
  const kind = `${protocol}Route`;
  const backends = graph.map(
    routes,
    `${kind} backends`,
    (route, _key, fetch) => resolveL4Backends(route, of, fetch),
    { keep: 'nothing' },
  );
  const parents = routeParents(graph, { ...of, name: `${kind} parents` });
  const translate = ({ metadata }: L4Route, key: string, fetch: Fetch): IrL4Route | undefined => {
    const listeners = (fetch(parents, key) ?? []).flatMap((parent) => parent.listeners);
    if (listeners.length === 0) return undefined;
    return {
      kind: 'l4-route',
      key: l4RouteKey(protocol, key),
      protocol,
      source: routeRef(kind, metadata),
      generation: metadata.generation,
      createdAt: metadata.creationTimestamp,
      attachments: attachmentsOf(listeners),
      backends: [...(fetch(backends, key)?.backends ?? [])],
    };
  };
  const ir = graph.map(routes, `ir ${kind}s`, translate, { keep: 'nothing' });
  const attachedRoutes = graph.countBy(parents, `attached ${kind}s`, (results) =>
    results.flatMap((p) => p.listeners.map((l) => sectionKey(l.gateway, l.listener))),
  );
  return { routes, backends, parents, ir, attachedRoutes };
}

/** How many routes send to each Service port, by `servicePortKey`. */
export function l4Uses(graph: Graph, { ir }: L4Part, name: string): Collection<number> {
  const used = graph.map(
    ir,
    `${name} of routes`,
    (route) => [...new Set(route.backends.flatMap(({ service }) => (service === null ? [] : [service])))],
    { keep: 'shared' },
  );
  return graph.countBy(used, name, (services) => services);
}

/** Statuses by route; none for a route without a parent of ours. */
export function l4Statuses(
  graph: Graph,
  { part, rejections, kind }: { part: L4Part; rejections: RejectionTable; kind: string },
): Collection<StatusOutput> {
  const own = rejectionsOfRoutes(graph, rejections, kind);
  const transform = (route: L4Route, key: string, fetch: Fetch): StatusOutput | undefined => {
    const parents = fetch(part.parents, key);
    const backends = fetch(part.backends, key);
    if (parents === undefined || backends === undefined) return undefined;
    const facts = {
      rules: { total: route.spec.rules.length, rules: [], dropped: [], refFaults: backends.refFaults },
      unserved: { traffic: 'connections', fate: 'refused' },
      refused: sentencesOf(rejections, fetch(own, key), fetch),
      rejections,
    };
    return parentStatuses({ ref: routeRef(kind, route.metadata), route, parents, ...facts }, fetch);
  };
  return graph.map(part.routes, `${kind} statuses`, transform, { keep: 'nothing' });
}
