// Routes into the IR. What comes in: rules and where a route attaches; what goes out: the http-route of the IR, what
// each listener counts, and how many routes send to each Service port. A route whose rules are all refused stays
// attached where they are answered 500 (gRPC: 503), so that its requests do not fall to a route that is meant for others.

import type { Collection, Fetch, Graph } from '@sluice/incremental';
import {
  compareText,
  httpRouteKey,
  type IrAttachment,
  type IrHttpAction,
  type IrHttpRoute,
} from '@sluice/ir';
import { gatewayGroup } from '@sluice/kinds';
import type { AttachmentTables } from './attachment-table.ts';
import { bindPort } from './gateway-plan.ts';
import type { HttpKind, RouteOverHttp } from './http-route-kind.ts';
import { listenerKey, sectionKey } from './keys.ts';
import { transportOf } from './listener-model.ts';
import { type RedirectListener, redirectAction } from './redirect.ts';
import type { AttachedListener, ParentResult } from './route-parents.ts';
import type { RouteRules, RuleModel } from './route-rules.ts';

/** What the routes of one kind are made of. */
export interface RouteParts {
  readonly kind: HttpKind;
  readonly routes: Collection<RouteOverHttp>;
  readonly rules: Collection<RouteRules>;
  readonly parents: Collection<readonly ParentResult[]>;
  readonly tables: AttachmentTables;
}

/** Whether none of a route's rules can be served as written. */
export function isRefused(rules: Pick<RouteRules, 'total' | 'dropped'>): boolean {
  return rules.total > 0 && rules.dropped.length === rules.total;
}

/** Routes by key; one that attaches nowhere, or has no rule to match by, is left out. */
export function irRoutes(graph: Graph, parts: RouteParts): Collection<IrHttpRoute> {
  const { kind } = parts;
  const transform = ({ metadata }: RouteOverHttp, key: string, fetch: Fetch): IrHttpRoute | undefined => {
    const rules = fetch(parts.rules, key)?.rules ?? [];
    const listeners = (fetch(parts.parents, key) ?? []).flatMap((parent) => parent.listeners);
    if (rules.length === 0 || listeners.length === 0) return undefined;
    const { namespace, name, generation, creationTimestamp } = metadata;
    return {
      kind: 'http-route',
      key: httpRouteKey(kind, key),
      source: { group: gatewayGroup, kind, namespace, name },
      generation,
      createdAt: creationTimestamp,
      attachments: attachmentsOf(listeners),
      rules: rules.map((rule) => irRule(rule, () => redirectListeners(listeners, parts.tables, fetch))),
    };
  };
  return graph.map(parts.routes, `ir ${kind}s`, transform, { keep: 'nothing' });
}

/** How many routes are accepted by each listener, by `sectionKey`. */
export function attachedRoutes(graph: Graph, parts: RouteParts): Collection<number> {
  const sections = graph.map(
    parts.parents,
    `sections of ${parts.kind}s`,
    (parents, key, fetch) => {
      const rules = fetch(parts.rules, key);
      if (rules === undefined || isRefused(rules)) return undefined;
      return parents.flatMap((p) => p.listeners.map((l) => sectionKey(l.gateway, l.listener)));
    },
    { keep: 'shared' },
  );
  return graph.countBy(sections, `attached ${parts.kind}s`, (list) => list);
}

/** How many routes send to each cluster, by its key. */
export function clusterUses(graph: Graph, routes: Collection<IrHttpRoute>): Collection<number> {
  const used = graph.map(
    routes,
    'clusters of routes',
    (route) => [...new Set(route.rules.flatMap(({ action }) => clustersOf(action)))],
    { keep: 'shared' },
  );
  return graph.countBy(used, 'cluster uses', (clusters) => clusters);
}

/** Keys of the clusters that an action sends to, mirrors included. */
export function clustersOf(action: IrHttpAction): string[] {
  const keys: string[] = [];
  if (action.type !== 'forward') return keys;
  for (const { cluster } of action.backends) if (cluster !== null) keys.push(cluster);
  for (const { cluster } of action.mirrors ?? []) if (cluster !== null) keys.push(cluster);
  return keys;
}

/** Where a route of any kind is attached, one entry for each listener. */
export function attachmentsOf(listeners: readonly AttachedListener[]): IrAttachment[] {
  const found = new Map<string, IrAttachment>();
  for (const l of listeners) {
    const listener = listenerKey(l.gateway, l.port, transportOf(l));
    const id = `${listener}|${l.listener}`;
    const hostnames = [...new Set([...(found.get(id)?.hostnames ?? []), ...l.hostnames])].sort(compareText);
    found.set(id, { listener, server: l.listener, hostnames });
  }
  return [...found.values()].sort(
    (a, b) => compareText(a.listener, b.listener) || compareText(a.server, b.server),
  );
}

function redirectListeners(
  listeners: readonly AttachedListener[],
  tables: AttachmentTables,
  fetch: Fetch,
): RedirectListener[] {
  return listeners.map(({ gateway, port, protocol }) => ({
    port,
    protocol,
    bindPort: bindPort(port, fetch(tables.lowPortOffsets, gateway) ?? 0),
  }));
}

function irRule(rule: RuleModel, listeners: () => RedirectListener[]): IrHttpRoute['rules'][number] {
  const { index, name, matches, requestHeaders, responseHeaders, cors, action } = rule;
  return {
    index,
    ...(name === undefined ? {} : { name }),
    matches: [...matches],
    ...(requestHeaders === undefined ? {} : { requestHeaders }),
    ...(responseHeaders === undefined ? {} : { responseHeaders }),
    ...(cors === undefined ? {} : { cors }),
    action: action.type === 'open redirect' ? redirectAction(action.filter, listeners()) : action,
  };
}
