// The status of one listener. Gateway API v1.7.0 ListenerStatus.
import { condition, summarize, type TimelessCondition } from './conditions.ts';
import { type GatewayPlan, takenBy } from './gateway-plan.ts';
import { isServable, type ListenerModel, transportOf } from './listener-model.ts';
import type { SetModel } from './listener-sets.ts';
import type { ReasonOf } from './reasons.ts';

/** An entry of `status.listeners`. */
export interface ListenerStatus {
  readonly name: string;
  readonly supportedKinds: ListenerModel['supportedKinds'];
  readonly attachedRoutes: number;
  readonly conditions: readonly TimelessCondition[];
}

/** What a listener's status depends on. */
export interface ListenerFacts {
  readonly plan: GatewayPlan;
  /** Of the object that holds the listener. */
  readonly generation: number;
  readonly attachedRoutes: number;
  /** Why the Gateway as a whole is not programmed; the empty string where it is. */
  readonly pending: string;
}

/** Whether a listener is served: fit by itself, and its port can be had. */
export function isServed(plan: GatewayPlan, listener: ListenerModel): boolean {
  return plan.model.refusal === undefined && isServable(listener) && isFree(plan, listener);
}

/** Sets that count as attached: allowed, and with a listener to serve. */
export function attachedSets(plan: GatewayPlan): SetModel[] {
  return plan.model.refusal === undefined
    ? plan.model.sets.filter(
        (set) =>
          set.notAllowed === '' && plan.model.listeners.some((l) => l.set === set.key && isServed(plan, l)),
      )
    : [];
}

/** Whether a listener is accepted; references play no part. */
export function isAccepted(plan: GatewayPlan, listener: ListenerModel): boolean {
  return listener.unsupported === undefined && listener.conflict === undefined && isFree(plan, listener);
}

function isFree(plan: GatewayPlan, listener: ListenerModel): boolean {
  return takenBy(plan, { port: listener.port, transport: transportOf(listener) }) === '';
}

/** Builds the entry. */
export function listenerStatus(listener: ListenerModel, facts: ListenerFacts): ListenerStatus {
  const { generation } = facts;
  return {
    name: listener.name,
    supportedKinds: listener.supportedKinds,
    attachedRoutes: facts.attachedRoutes,
    conditions: [
      accepted(listener, facts),
      conflicted(listener, generation),
      resolvedRefs(listener, generation),
      programmed(listener, facts),
      ...overlapping(listener, generation),
    ],
  };
}

function accepted(listener: ListenerModel, { plan, generation }: ListenerFacts): TimelessCondition {
  const say = (reason: ReasonOf<'Listener.Accepted', 'False'>, message: string) =>
    condition('Listener.Accepted', generation, { status: 'False', reason, message });
  if (listener.unsupported !== undefined)
    return say(listener.unsupported.reason, listener.unsupported.message);
  if (listener.conflict !== undefined) return say(listener.conflict.reason, listener.conflict.message);
  const taken = takenBy(plan, { port: listener.port, transport: transportOf(listener) });
  if (taken !== '') return say('PortUnavailable', taken);
  return condition('Listener.Accepted', generation, {
    status: 'True',
    reason: 'Accepted',
    message: 'the listener is valid',
  });
}

function conflicted({ conflict }: ListenerModel, generation: number): TimelessCondition {
  if (conflict !== undefined)
    return condition('Listener.Conflicted', generation, {
      status: 'True',
      reason: conflict.reason,
      message: conflict.message,
    });
  return condition('Listener.Conflicted', generation, {
    status: 'False',
    reason: 'NoConflicts',
    message: 'no other listener of this Gateway stands in its way',
  });
}

function resolvedRefs({ refFaults }: ListenerModel, generation: number): TimelessCondition {
  const [first] = refFaults;
  if (first === undefined)
    return condition('Listener.ResolvedRefs', generation, {
      status: 'True',
      reason: 'ResolvedRefs',
      message: 'all references are resolved',
    });
  const message = summarize(refFaults.map((fault) => fault.message));
  return condition('Listener.ResolvedRefs', generation, { status: 'False', reason: first.reason, message });
}

function programmed(
  listener: ListenerModel,
  { plan, pending, generation }: ListenerFacts,
): TimelessCondition {
  const { refusal } = plan.model;
  const say = (reason: 'Invalid' | 'Pending' | 'HostnameConflict' | 'ProtocolConflict', message: string) =>
    condition('Listener.Programmed', generation, { status: 'False', reason, message });
  if (listener.conflict !== undefined) return say(listener.conflict.reason, listener.conflict.message);
  if (refusal !== undefined) return say('Invalid', `the Gateway is not accepted: ${refusal.message}`);
  if (!isServed(plan, listener))
    return say('Invalid', 'the listener cannot be served; see Accepted and ResolvedRefs');
  if (pending !== '') return say('Pending', pending);
  return condition('Listener.Programmed', generation, {
    status: 'True',
    reason: 'Programmed',
    message: 'the listener is served',
  });
}

function overlapping({ overlap }: ListenerModel, generation: number): TimelessCondition[] {
  if (overlap === '') return [];
  return [
    condition('Listener.OverlappingTLSConfig', generation, {
      status: 'True',
      reason: 'OverlappingHostnames',
      message: overlap,
    }),
  ];
}
