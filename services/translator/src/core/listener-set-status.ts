// Statuses of ListenerSets. What comes in: plans of Gateways, counts of routes, what Envoys have; what goes out: the status
// of each set that names a Gateway of ours. Gateway API v1.6.3 ListenerSetStatus. A set is accepted once one of its
// listeners can be served; what its Gateway waits for, it waits for, too.
import type { Collection, Fetch, Graph } from '@sluice/incremental';
import { gatewayGroup, type ListenerSet } from '@sluice/kinds';
import { condition, type TimelessCondition } from './conditions.ts';
import type { GatewayPlan } from './gateway-plan.ts';
import { attachedTo, type GatewayStatusNeeds, programmedOf } from './gateway-status.ts';
import { sectionKey } from './keys.ts';
import { parentOf, type SetModel } from './listener-sets.ts';
import { isServed, listenerStatus } from './listener-status.ts';
import type { StatusOutput } from './status.ts';

interface Needs extends GatewayStatusNeeds {
  readonly listenerSets: Collection<ListenerSet>;
  /** Every Gateway, ours or not. */
  readonly existing: Collection<true>;
  /** Defined: sets whose Gateway does not exist are reported. */
  readonly orphanController: string | undefined;
}

/** Statuses by set. */
export function listenerSetStatuses(graph: Graph, needs: Needs): Collection<StatusOutput> {
  return graph.map(needs.listenerSets, 'listener set statuses', (set, key, fetch) => {
    const parent = parentOf(set);
    if (parent === undefined) return undefined;
    const plan = fetch(needs.plans, parent);
    const model = plan?.model.sets.find((s) => s.key === key);
    if (plan !== undefined && model !== undefined) return statusOf({ plan, model }, needs, fetch);
    if (needs.orphanController === undefined || fetch(needs.existing, parent) !== undefined) return undefined;
    return orphanStatus(set, parent);
  });
}

function orphanStatus({ metadata }: ListenerSet, parent: string): StatusOutput {
  const { namespace, name, uid, generation } = metadata;
  const say = { status: 'False', reason: 'Invalid', message: `Gateway ${parent} does not exist` } as const;
  return {
    ref: { group: gatewayGroup, kind: 'ListenerSet', namespace, name },
    uid,
    status: {
      conditions: [
        condition('ListenerSet.Accepted', generation, say),
        condition('ListenerSet.Programmed', generation, say),
      ],
      listeners: [],
    },
  };
}

function listenersOf({ model }: GatewayPlan, set: SetModel): GatewayPlan['model']['listeners'] {
  return model.listeners.filter((l) => l.set === set.key);
}

function statusOf(of: { plan: GatewayPlan; model: SetModel }, needs: Needs, fetch: Fetch): StatusOutput {
  const { plan, model } = of;
  const { generation } = model;
  const programmed = programmedOf(plan, needs, fetch);
  const pending = programmed.status === 'True' ? '' : programmed.message;
  const judged = plan.model.refusal?.reason === 'Pending' ? [] : listenersOf(plan, model);
  const listeners = judged.map((listener) =>
    listenerStatus(listener, {
      plan,
      generation,
      attachedRoutes: attachedTo(sectionKey(plan.model.key, listener.id), needs.attachedRoutes, fetch),
      pending,
    }),
  );
  return { ref: model.ref, uid: model.uid, status: { conditions: conditionsOf(of, pending), listeners } };
}

function conditionsOf(
  { plan, model }: { plan: GatewayPlan; model: SetModel },
  pending: string,
): TimelessCondition[] {
  const { generation, notAllowed } = model;
  const both = (reason: 'NotAllowed' | 'ListenersNotValid', message: string): TimelessCondition[] => [
    condition('ListenerSet.Accepted', generation, { status: 'False', reason, message }),
    condition('ListenerSet.Programmed', generation, { status: 'False', reason, message }),
  ];
  const { refusal } = plan.model;
  if (notAllowed !== '') return both('NotAllowed', notAllowed);
  if (refusal !== undefined) {
    const message = `Gateway ${plan.model.key} is not accepted: ${refusal.message}`;
    return [
      condition('ListenerSet.Accepted', generation, {
        status: 'False',
        reason: 'ParentNotAccepted',
        message,
      }),
      condition('ListenerSet.Programmed', generation, {
        status: 'False',
        reason: 'ParentNotProgrammed',
        message,
      }),
    ];
  }
  const listeners = listenersOf(plan, model);
  const bad = listeners.filter((l) => !isServed(plan, l)).map((l) => l.name);
  if (bad.length === listeners.length)
    return both('ListenersNotValid', `no listener can be served: ${bad.join(', ')}`);
  return [
    bad.length === 0
      ? condition('ListenerSet.Accepted', generation, {
          status: 'True',
          reason: 'Accepted',
          message: 'all listeners are valid',
        })
      : condition('ListenerSet.Accepted', generation, {
          status: 'True',
          reason: 'ListenersNotValid',
          message: `not valid: ${bad.join(', ')}`,
        }),
    pending === ''
      ? condition('ListenerSet.Programmed', generation, {
          status: 'True',
          reason: 'Programmed',
          message: 'every connected Envoy has taken it',
        })
      : condition('ListenerSet.Programmed', generation, {
          status: 'False',
          reason: 'ParentNotProgrammed',
          message: pending,
        }),
  ];
}
