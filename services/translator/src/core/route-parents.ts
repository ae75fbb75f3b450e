// Attaching routes to listeners. What comes in: an HTTPRoute and the tables of Gateways and Namespaces; what goes
// out: for each parentRef of ours where the route attaches, or why not. Gateway API v1.7.0 ParentReference,
// AllowedRoutes, HTTPRouteSpec.hostnames. Whether a listener can be served at the moment plays no part here.
import type { Collection, Fetch, Graph } from '@sluice/incremental';
import {
  gatewayGroup,
  type HttpRoute,
  namespaceNameLabel,
  type ParentRef,
  selectorMatches,
} from '@sluice/kinds';
import type { AttachmentTables, GatewayTable, ListenerRow } from './attachment-table.ts';
import { intersectAll } from './hostname.ts';
import { objectKey } from './keys.ts';
import type { ReasonOf } from './reasons.ts';

/** A listener that takes a route. */
export interface AttachedListener {
  /** Key of the Gateway. */
  readonly gateway: string;
  readonly listener: string;
  readonly port: number;
  readonly protocol: string;
  /** Sorted, never empty. */
  readonly hostnames: readonly string[];
}

/** Why a route does not attach. */
export interface Detached {
  readonly reason:
    | Exclude<ReasonOf<'Route.Accepted', 'False'>, 'UnsupportedValue' | 'IncompatibleFilters'>
    | 'Pending';
  readonly message: string;
}

/** What one parentRef comes to. */
export interface ParentResult {
  readonly parentRef: ParentRef;
  readonly controllerName: string;
  readonly detached: Detached | undefined;
  /** Empty where it is detached. */
  readonly listeners: readonly AttachedListener[];
}

/** Results by route, in the order of its parentRefs; parents that are not ours are left out. */
export function routeParents(
  graph: Graph,
  of: { routes: Collection<HttpRoute>; tables: AttachmentTables; orphanController: string | undefined },
): Collection<readonly ParentResult[]> {
  return graph.map(of.routes, 'route parents', (route, _key, fetch) => {
    const results: ParentResult[] = [];
    for (const parentRef of route.spec.parentRefs) {
      if (parentRef.group !== gatewayGroup || parentRef.kind !== 'Gateway') continue;
      const gateway = objectKey(parentRef.namespace ?? route.metadata.namespace, parentRef.name);
      const table = fetch(of.tables.gateways, gateway);
      if (table !== undefined) {
        const outcome = attach({ route, parentRef, gateway, table }, of.tables, fetch);
        const { controllerName } = table;
        results.push(
          'reason' in outcome
            ? { parentRef, controllerName, detached: outcome, listeners: [] }
            : { parentRef, controllerName, detached: undefined, listeners: outcome.listeners },
        );
      } else if (of.orphanController !== undefined && fetch(of.tables.existing, gateway) === undefined) {
        const detached = {
          reason: 'NoMatchingParent' as const,
          message: `Gateway ${gateway} does not exist`,
        };
        results.push({ parentRef, controllerName: of.orphanController, detached, listeners: [] });
      }
    }
    return results.length === 0 ? undefined : results;
  });
}

interface Attempt {
  readonly route: HttpRoute;
  readonly parentRef: ParentRef;
  readonly gateway: string;
  readonly table: GatewayTable;
}

function attach(
  attempt: Attempt,
  tables: AttachmentTables,
  fetch: Fetch,
): Detached | { listeners: AttachedListener[] } {
  const { route, parentRef, gateway, table } = attempt;
  if (table.pending !== '') return { reason: 'Pending', message: table.pending };
  const meant = table.listeners.filter(
    (l) =>
      (parentRef.sectionName === undefined || l.name === parentRef.sectionName) &&
      (parentRef.port === undefined || l.port === parentRef.port),
  );
  if (meant.length === 0)
    return {
      reason: 'NoMatchingParent',
      message: `Gateway ${gateway} has no listener ${describe(parentRef, table)}`,
    };
  const open = meant.filter((l) => allows(l, attempt, tables, fetch));
  if (open.length === 0)
    return {
      reason: 'NotAllowedByListeners',
      message: `allowedRoutes of ${plural(meant)} of Gateway ${gateway} takes no HTTPRoute of namespace ${route.metadata.namespace}`,
    };
  const listeners = open
    .map(({ name, port, protocol, hostname }) => {
      const hostnames = intersectAll(hostname, route.spec.hostnames);
      return { gateway, listener: name, port, protocol, hostnames };
    })
    .filter((l) => l.hostnames.length > 0);
  if (listeners.length > 0) return { listeners };
  return {
    reason: 'NoMatchingListenerHostname',
    message: `no hostname of the route (${route.spec.hostnames.join(', ')}) is one of ${open.map((l) => `listener ${l.name} (${l.hostname})`).join(', ')}`,
  };
}

function allows({ allowed }: ListenerRow, attempt: Attempt, tables: AttachmentTables, fetch: Fetch): boolean {
  if (!allowed.http) return false;
  const { namespace } = attempt.route.metadata;
  switch (allowed.from) {
    case 'All':
      return true;
    case 'None':
      return false;
    case 'Same':
      return attempt.gateway.startsWith(`${namespace}/`);
    case 'Selector': {
      const labels = fetch(tables.labels, objectKey('', namespace)) ?? { [namespaceNameLabel]: namespace };
      return allowed.selector !== undefined && selectorMatches(allowed.selector, labels);
    }
  }
}

function describe(parentRef: ParentRef, table: GatewayTable): string {
  const wanted = [
    ...(parentRef.sectionName === undefined ? [] : [`named ${parentRef.sectionName}`]),
    ...(parentRef.port === undefined ? [] : [`on port ${parentRef.port}`]),
  ].join(' ');
  return `${wanted}; it has ${table.listeners.map((l) => `${l.name} (${l.port})`).join(', ')}`;
}

function plural(listeners: readonly ListenerRow[]): string {
  const names = listeners.map((l) => l.name).join(', ');
  return listeners.length === 1 ? `listener ${names}` : `listeners ${names}`;
}
