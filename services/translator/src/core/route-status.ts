// Statuses of routes. What comes in: rules, parents and rejections of a route; what goes out: `parents` of its status,
// one entry per parentRef of ours. Gateway API v1.7.0 RouteParentStatus: rules that are dropped show as
// PartiallyInvalid ("Dropped Rule"), as long as not all are; what Envoy refused shows there too ("Fall Back").

import type { Collection, Fetch, Graph } from '@sluice/incremental';
import type { ObjectRef } from '@sluice/ir';
import { type BackendObjectRef, gatewayGroup } from '@sluice/kinds';
import { condition, summarize, type TimelessCondition } from './conditions.ts';
import { type RouteOverHttp, type Unserved, unservedBy } from './http-route-kind.ts';
import { type RejectionTable, rejectionsOf, rejectionsOfRoutes, sentencesOf } from './rejection.ts';
import { isRefused, type RouteParts } from './route-ir.ts';
import type { ParentResult } from './route-parents.ts';
import type { DroppedRule, RouteRules } from './route-rules.ts';
import type { StatusOutput } from './status.ts';

/** Statuses by route; none for a route without a parent of ours. */
export function routeStatuses(
  graph: Graph,
  parts: RouteParts & { rejections: RejectionTable },
): Collection<StatusOutput> {
  const { kind } = parts;
  const own = rejectionsOfRoutes(graph, parts.rejections, kind);
  const transform = (route: RouteOverHttp, key: string, fetch: Fetch): StatusOutput | undefined => {
    const rules = fetch(parts.rules, key);
    const parents = fetch(parts.parents, key);
    if (rules === undefined || parents === undefined) return undefined;
    const ref = routeRef(kind, route.metadata);
    const { rejections } = parts;
    const refused = sentencesOf(rejections, fetch(own, key), fetch);
    return parentStatuses(
      { ref, route, parents, rules, refused, rejections, unserved: unservedBy[kind] },
      fetch,
    );
  };
  return graph.map(parts.routes, `statuses of ${kind}s`, transform, { keep: 'nothing' });
}

/** Names a route. */
export function routeRef(kind: string, { namespace, name }: { namespace: string; name: string }): ObjectRef {
  return { group: gatewayGroup, kind, namespace, name };
}

/** What the status of a route of any kind is made from. */
export interface RouteFacts {
  readonly ref: ObjectRef;
  readonly route: RouteOfAnyKind;
  readonly parents: readonly ParentResult[];
  readonly rules: Omit<RouteRules, 'rules'>;
  /** What the data plane refused of it, one sentence each. */
  readonly refused: readonly string[];
  readonly rejections: RejectionTable;
  readonly unserved: Unserved;
}

interface RouteOfAnyKind {
  readonly metadata: { readonly namespace: string; readonly uid: string; readonly generation: number };
  readonly spec: { readonly rules: readonly { readonly backendRefs: readonly BackendObjectRef[] }[] };
}

/** The status of a route of any kind: one entry for each parent of ours. */
export function parentStatuses(of: RouteFacts, fetch: Fetch): StatusOutput {
  const { ref, route, parents, rules, rejections, unserved } = of;
  const { uid, generation } = route.metadata;
  const { refused } = of;
  const refusedBackends = servicesOf(route).flatMap((service) => rejectionsOf(rejections, service, fetch));
  const entries = parents.map((parent) => ({
    parentRef: parent.parentRef,
    controllerName: parent.controllerName,
    conditions: conditionsOf(parent, { rules, refused, refusedBackends, generation, unserved }),
  }));
  return { ref, uid, status: { parents: entries } };
}

function servicesOf({ metadata, spec }: RouteOfAnyKind): ObjectRef[] {
  const refs = spec.rules.flatMap((rule) =>
    rule.backendRefs.filter((ref) => ref.group === '' && ref.kind === 'Service'),
  );
  const keys = new Set(refs.map((ref) => JSON.stringify([ref.namespace ?? metadata.namespace, ref.name])));
  return [...keys].sort().map((key) => {
    const [namespace, name] = JSON.parse(key) as [string, string];
    return { group: '', kind: 'Service', namespace, name };
  });
}

interface Facts {
  readonly unserved: Unserved;
  readonly rules: Omit<RouteRules, 'rules'>;
  /** What Envoys refused of the route itself: there the last version stays. */
  readonly refused: readonly string[];
  /** What they refused of its Services. */
  readonly refusedBackends: readonly string[];
  readonly generation: number;
}

function conditionsOf(parent: ParentResult, facts: Facts): TimelessCondition[] {
  const accepted = acceptedOf(parent, facts);
  const partly = accepted.status === 'True' ? partiallyInvalid(facts) : undefined;
  return [accepted, resolvedRefs(facts), ...(partly === undefined ? [] : [partly])];
}

function acceptedOf({ detached }: ParentResult, { rules, generation, unserved }: Facts): TimelessCondition {
  if (detached?.reason === 'Pending')
    return condition('Route.Accepted', generation, {
      status: 'Unknown',
      reason: 'Pending',
      message: detached.message,
    });
  if (detached !== undefined)
    return condition('Route.Accepted', generation, {
      status: 'False',
      reason: detached.reason,
      message: detached.message,
    });
  const [first] = rules.dropped;
  if (first !== undefined && isRefused(rules))
    return condition('Route.Accepted', generation, {
      status: 'False',
      reason: first.reason,
      message: `no rule can be served: ${summarize(rules.dropped.map((rule) => describe(rule, unserved)))}`,
    });
  return condition('Route.Accepted', generation, {
    status: 'True',
    reason: 'Accepted',
    message: 'the route is attached',
  });
}

function resolvedRefs({ rules, generation, unserved }: Facts): TimelessCondition {
  const [first] = rules.refFaults;
  if (first === undefined)
    return condition('Route.ResolvedRefs', generation, {
      status: 'True',
      reason: 'ResolvedRefs',
      message: 'all references are resolved',
    });
  const message = `${summarize(rules.refFaults.map((fault) => fault.message))}; such ${unserved.traffic} are ${unserved.fate}`;
  return condition('Route.ResolvedRefs', generation, { status: 'False', reason: first.reason, message });
}

function partiallyInvalid(facts: Facts): TimelessCondition | undefined {
  const { rules, refused, refusedBackends, generation, unserved } = facts;
  const say = (message: string): TimelessCondition =>
    condition('Route.PartiallyInvalid', generation, { status: 'True', reason: 'UnsupportedValue', message });
  const all = [...refused, ...refusedBackends];
  if (rules.dropped.length > 0)
    return say(
      `Dropped Rule ${summarize([...rules.dropped.map((rule) => describe(rule, unserved)), ...all])}`,
    );
  if (all.length === 0) return undefined;
  const closed =
    refusedBackends.length === 0 ? '' : '; where a BackendTLSPolicy asks for TLS, nothing is sent instead';
  return say(`Fall Back to the last version that was taken: ${summarize(all)}${closed}`);
}

function describe({ index, name, message, answered }: DroppedRule, unserved: Unserved): string {
  const what = name === undefined ? `${index}` : `${index} (${name})`;
  return `${what}: ${message}; ${answered ? `its ${unserved.traffic} are ${unserved.fate}` : 'it matches nothing'}`;
}
