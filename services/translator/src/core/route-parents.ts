// Attaching routes to listeners. What comes in: a route and the tables of Gateways, ListenerSets and Namespaces; what
// goes out: for each parentRef of ours where the route attaches, or why not. Gateway API v1.6.3 ParentReference,
// AllowedRoutes, HTTPRouteSpec.hostnames. Whether a listener can be served at the moment plays no part here.
import type { Collection, Fetch, Graph } from '@sluice/incremental';
import { gatewayGroup, namespaceNameLabel, type ParentRef, selectorMatches } from '@sluice/kinds';
import type { AttachmentTables, ListenerRow, ParentTable } from './attachment-table.ts';
import { intersectAll } from './hostname.ts';
import { objectKey } from './keys.ts';
import type { ReasonOf } from './reasons.ts';

/** A listener that takes a route. */
export interface AttachedListener {
  /** Key of the Gateway. */
  readonly gateway: string;
  /** Its `id`: unique among the listeners of the Gateway and its sets. */
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

/** What attaching needs to know of a route of any kind. */
export interface AttachableRoute {
  readonly kind: string;
  readonly metadata: { readonly namespace: string };
  readonly spec: {
    readonly parentRefs: readonly ParentRef[];
    /** Absent or empty: every hostname of the listeners. */
    readonly hostnames?: readonly string[];
  };
}

/** Results by route, in the order of its parentRefs; parents that are not ours are left out. */
export function routeParents<R extends AttachableRoute>(
  graph: Graph,
  of: {
    routes: Collection<R>;
    tables: AttachmentTables;
    orphanController: string | undefined;
    /** Names the collection; the default is that of HTTPRoutes. */
    name?: string;
  },
): Collection<readonly ParentResult[]> {
  const transform = (route: R, _key: string, fetch: Fetch): readonly ParentResult[] | undefined => {
    const results = route.spec.parentRefs.flatMap((parentRef) => resultsOf({ route, parentRef }, of, fetch));
    return results.length === 0 ? undefined : results;
  };
  return graph.map(of.routes, of.name ?? 'route parents', transform, { keep: 'text' });
}

/** What one parentRef comes to; nothing where it is not ours. */
function resultsOf(
  { route, parentRef }: { route: AttachableRoute; parentRef: ParentRef },
  of: { tables: AttachmentTables; orphanController: string | undefined },
  fetch: Fetch,
): ParentResult[] {
  const parent = parentOf({ route, parentRef }, of.tables, fetch);
  if (parent === undefined) return [];
  if (parent.table !== undefined) {
    const { controllerName } = parent.table;
    const outcome = attach({ route, parentRef, ...parent, table: parent.table }, of.tables, fetch);
    return [
      'reason' in outcome
        ? { parentRef, controllerName, detached: outcome, listeners: [] }
        : { parentRef, controllerName, detached: undefined, listeners: outcome.listeners },
    ];
  }
  if (of.orphanController === undefined || parent.exists) return [];
  const detached = { reason: 'NoMatchingParent' as const, message: `${parent.label} does not exist` };
  return [{ parentRef, controllerName: of.orphanController, detached, listeners: [] }];
}

interface Parent {
  /** For messages. */
  readonly label: string;
  readonly table: ParentTable | undefined;
  readonly exists: boolean;
}

/** What a parentRef names; undefined for a kind of parent that routes do not attach to. */
function parentOf(
  { route, parentRef }: { route: AttachableRoute; parentRef: ParentRef },
  tables: AttachmentTables,
  fetch: Fetch,
): Parent | undefined {
  const { group, kind, namespace, name } = parentRef;
  if (group !== gatewayGroup || (kind !== 'Gateway' && kind !== 'ListenerSet')) return undefined;
  const key = objectKey(namespace ?? route.metadata.namespace, name);
  const label = `${kind} ${key}`;
  return kind === 'Gateway'
    ? { label, table: fetch(tables.gateways, key), exists: fetch(tables.existing, key) !== undefined }
    : { label, table: fetch(tables.sets, key), exists: fetch(tables.existingSets, key) !== undefined };
}

interface Attempt {
  readonly route: AttachableRoute;
  readonly parentRef: ParentRef;
  readonly label: string;
  readonly table: ParentTable;
}

function attach(
  attempt: Attempt,
  tables: AttachmentTables,
  fetch: Fetch,
): Detached | { listeners: AttachedListener[] } {
  const { route, parentRef, label, table } = attempt;
  const hostnamesOfRoute = route.spec.hostnames ?? [];
  if (table.pending !== '') return { reason: 'Pending', message: table.pending };
  if (table.detached !== '')
    return { reason: 'NoMatchingParent', message: `${label} is not attached: ${table.detached}` };
  const meant = table.listeners.filter(
    (l) =>
      (parentRef.sectionName === undefined || l.name === parentRef.sectionName) &&
      (parentRef.port === undefined || l.port === parentRef.port),
  );
  if (meant.length === 0)
    return { reason: 'NoMatchingParent', message: `${label} has no listener ${describe(parentRef, table)}` };
  const open = meant.filter((l) => allows(l, attempt, tables, fetch));
  if (open.length === 0)
    return {
      reason: 'NotAllowedByListeners',
      message: `allowedRoutes of ${plural(meant)} of ${label} takes no ${route.kind} of namespace ${route.metadata.namespace}`,
    };
  const listeners = open
    .map(({ id, port, protocol, hostname }) => {
      const hostnames = intersectAll(hostname, hostnamesOfRoute);
      return { gateway: table.gateway, listener: id, port, protocol, hostnames };
    })
    .filter((l) => l.hostnames.length > 0);
  if (listeners.length > 0) return { listeners };
  return {
    reason: 'NoMatchingListenerHostname',
    message: `no hostname of the route (${hostnamesOfRoute.join(', ')}) is one of ${open.map((l) => `listener ${l.name} (${l.hostname})`).join(', ')}`,
  };
}

function allows(row: ListenerRow, attempt: Attempt, tables: AttachmentTables, fetch: Fetch): boolean {
  const { allowed } = row;
  if (!allowed.kinds.includes(attempt.route.kind)) return false;
  const { namespace } = attempt.route.metadata;
  switch (allowed.from) {
    case 'All':
      return true;
    case 'None':
      return false;
    case 'Same':
      return row.namespace === namespace;
    case 'Selector': {
      const labels = fetch(tables.labels, objectKey('', namespace)) ?? { [namespaceNameLabel]: namespace };
      return allowed.selector !== undefined && selectorMatches(allowed.selector, labels);
    }
  }
}

function describe(parentRef: ParentRef, table: ParentTable): string {
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
