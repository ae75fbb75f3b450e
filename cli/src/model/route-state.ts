// Is a route in force? In: what it asks for, what the translator says of its parents, and the Gateways that are there;
// out: its state. Conditions as Gateway API v1.7.0 defines them.
import type { Origin } from '@sluice/events';
import type { ObjectRef } from '@sluice/ir';
import type { ParentRef } from '@sluice/kinds';
import { findCondition, recordsOf } from './conditions.ts';
import { refKey } from './world.ts';

/** `waiting`: no word of the translator or Envoy yet; `faulty`: it will not come into force as it stands. */
export type Progress = 'in-force' | 'waiting' | 'faulty';

export interface RouteState {
  readonly ref: ObjectRef;
  readonly origin: Origin;
  readonly progress: Progress;
  readonly message: string;
}

export const routeGroup = 'gateway.networking.k8s.io';

/** Kinds of routes, all of that group. */
export const routeKinds = ['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'] as const;

/** Whether an object is a route. */
export function isRoute({ group, kind }: Pick<ObjectRef, 'group' | 'kind'>): boolean {
  return group === routeGroup && routeKinds.some((route) => route === kind);
}

/** A parent as a route names it. */
export type AskedParent = Pick<ParentRef, 'group' | 'kind' | 'name'> & {
  readonly namespace?: string | undefined;
  readonly sectionName?: string | undefined;
  readonly port?: number | undefined;
};

/** What a route asks for. */
export interface AskedRoute {
  readonly ref: ObjectRef;
  readonly origin: Origin;
  readonly generation: number;
  readonly parents: readonly AskedParent[];
}

/** What a status says of one parent. */
export interface ParentVerdict {
  readonly name: unknown;
  readonly namespace?: unknown;
  readonly sectionName?: unknown;
  readonly port?: unknown;
  /** Generation that it is said of. */
  readonly observed: number;
  readonly progress: Progress;
  readonly message: string;
}

/** Gateways by `refKey`. */
export interface KnownGateways {
  readonly ours: ReadonlySet<string>;
  readonly all: ReadonlySet<string>;
}

/** What the status of a route says, parent by parent; a status crosses the log as free JSON. */
export function verdictsOf(status: unknown): ParentVerdict[] {
  const parents =
    typeof status === 'object' && status !== null && 'parents' in status ? status.parents : undefined;
  return recordsOf(parents).flatMap((entry) => {
    const [parent] = recordsOf([entry.parentRef]);
    if (parent === undefined) return [];
    const { name, namespace, sectionName, port } = parent;
    return [{ name, namespace, sectionName, port, ...verdictOf(entry) }];
  });
}

function verdictOf(entry: unknown): Pick<ParentVerdict, 'observed' | 'progress' | 'message'> {
  const accepted = findCondition(entry, 'Accepted');
  if (accepted === undefined) return { observed: 0, progress: 'waiting', message: 'no status yet' };
  const resolved = findCondition(entry, 'ResolvedRefs');
  const partial = findCondition(entry, 'PartiallyInvalid');
  const bad =
    [accepted].find(({ status }) => status !== 'True') ??
    [resolved].find((condition) => condition?.status === 'False') ??
    [partial].find((condition) => condition?.status === 'True');
  const observed = accepted.observedGeneration;
  if (bad === undefined) return { observed, progress: 'in-force', message: '' };
  return { observed, progress: 'faulty', message: `${bad.reason}: ${bad.message}` };
}

/** The state of a route; undefined where it is none of ours. */
export function routeState(
  asked: AskedRoute,
  verdicts: readonly ParentVerdict[],
  gateways: KnownGateways,
): RouteState | undefined {
  const { ref, origin } = asked;
  const parents = asked.parents.filter(({ kind }) => kind === 'Gateway');
  const ours = parents.filter((parent) => gateways.ours.has(parentKey(parent, ref)));
  if (ours.length === 0) return orphan({ ref, origin, parents }, gateways);
  const states = ours.map((parent) => parentProgress(asked, verdictOn(verdicts, parent, ref)));
  const worst =
    states.find((s) => s.progress === 'waiting') ?? states.find((s) => s.progress === 'faulty') ?? states[0];
  return worst === undefined ? undefined : { ref, origin, ...worst };
}

function orphan(
  of: { readonly ref: ObjectRef; readonly origin: Origin; readonly parents: readonly AskedParent[] },
  { all }: KnownGateways,
): RouteState | undefined {
  const missing = of.parents.find((parent) => !all.has(parentKey(parent, of.ref)));
  if (missing === undefined) return undefined;
  const message = `no Gateway ${missing.namespace ?? of.ref.namespace}/${missing.name} is there`;
  return { ref: of.ref, origin: of.origin, progress: 'faulty', message };
}

function parentKey(parent: AskedParent, route: ObjectRef): string {
  return refKey({
    group: parent.group,
    kind: parent.kind,
    namespace: parent.namespace ?? route.namespace,
    name: parent.name,
  });
}

function verdictOn(
  verdicts: readonly ParentVerdict[],
  parent: AskedParent,
  route: ObjectRef,
): ParentVerdict | undefined {
  return verdicts.find(
    (verdict) =>
      verdict.name === parent.name &&
      (verdict.namespace ?? route.namespace) === (parent.namespace ?? route.namespace) &&
      verdict.sectionName === parent.sectionName &&
      verdict.port === parent.port,
  );
}

function parentProgress(
  { generation }: AskedRoute,
  verdict: ParentVerdict | undefined,
): Pick<RouteState, 'progress' | 'message'> {
  if (verdict === undefined) return { progress: 'waiting', message: 'no status yet' };
  const { observed, progress, message } = verdict;
  if (progress !== 'waiting' && observed < generation)
    return { progress: 'waiting', message: 'its newest generation has not been seen yet' };
  return { progress, message };
}
