// Statuses of Gateways. What comes in: plans, counts of routes, what Envoys have and what they refused; what goes
// out: the status of each Gateway. Gateway API v1.7.0 GatewayStatus. Programmed is true only once every Envoy that is
// connected and answers has acknowledged the newest version of the Gateway, its listeners and certificates.
import type { Collection, Fetch, Graph } from '@sluice/incremental';
import { condition, type Say, summarize, type TimelessCondition } from './conditions.ts';
import type { EnvoyView } from './envoy-view.ts';
import { type GatewayPlan, isReachable } from './gateway-plan.ts';
import { sectionKey } from './keys.ts';
import { attachedSets, isAccepted, isServed, listenerStatus } from './listener-status.ts';
import { type RejectionTable, rejectionsOf } from './rejection.ts';
import type { StatusOutput } from './status.ts';

/** The API takes no more addresses of a status. */
const maxAddresses = 16;

/** What statuses of Gateways and ListenerSets read. */
export interface GatewayStatusNeeds {
  readonly plans: Collection<GatewayPlan>;
  /** By kind of route. */
  readonly attachedRoutes: readonly Collection<number>[];
  readonly envoys: Collection<EnvoyView>;
  readonly rejections: RejectionTable;
}

/** How many routes of all kinds a listener has. */
export function attachedTo(section: string, counts: readonly Collection<number>[], fetch: Fetch): number {
  return counts.reduce((sum, count) => sum + (fetch(count, section) ?? 0), 0);
}

/** Statuses by Gateway. */
export function gatewayStatuses(graph: Graph, needs: GatewayStatusNeeds): Collection<StatusOutput> {
  return graph.map(needs.plans, 'gateway statuses', (plan, key, fetch) => {
    const { model } = plan;
    const say = programmedOf(plan, needs, fetch);
    const programmed = condition('Gateway.Programmed', model.generation, say);
    const pending = say.status === 'True' ? '' : say.message;
    return {
      ref: model.ref,
      uid: model.uid,
      status: {
        addresses: addressesOf(model),
        conditions: [acceptedOf(plan), programmed, ...(isJudged(plan) ? [resolvedRefsOf(plan)] : [])],
        listeners: judgedListeners(plan).map((listener) =>
          listenerStatus(listener, {
            plan,
            generation: model.generation,
            attachedRoutes: attachedTo(sectionKey(key, listener.id), needs.attachedRoutes, fetch),
            pending,
          }),
        ),
        ...(model.takesSets ? { attachedListenerSets: attachedSets(plan).length } : {}),
      },
    };
  });
}

function addressesOf({ addresses, hostnames }: GatewayPlan['model']): { type: string; value: string }[] {
  return [
    ...addresses.map((value) => ({ type: 'IPAddress', value })),
    ...hostnames.map((value) => ({ type: 'Hostname', value })),
  ].slice(0, maxAddresses);
}

/** A Gateway whose class is not there, or not accepted, is nobody's yet: nothing is said of what it refers to. */
function isJudged({ model }: GatewayPlan): boolean {
  return model.refusal?.reason !== 'Pending';
}

function judgedListeners(plan: GatewayPlan): GatewayPlan['model']['listeners'] {
  return isJudged(plan) ? ownListeners(plan) : [];
}

function ownListeners({ model }: GatewayPlan): GatewayPlan['model']['listeners'] {
  return model.listeners.filter((l) => l.set === '');
}

function acceptedOf(plan: GatewayPlan): TimelessCondition {
  const { generation, refusal } = plan.model;
  const listeners = ownListeners(plan);
  if (refusal?.reason === 'Pending')
    return condition('Gateway.Accepted', generation, {
      status: 'Unknown',
      reason: 'Pending',
      message: refusal.message,
    });
  if (refusal !== undefined)
    return condition('Gateway.Accepted', generation, {
      status: 'False',
      reason: refusal.reason,
      message: refusal.message,
    });
  const bad = listeners.filter((l) => !isServed(plan, l)).map((l) => l.name);
  if (bad.length === 0)
    return condition('Gateway.Accepted', generation, {
      status: 'True',
      reason: 'Accepted',
      message: 'all listeners are valid',
    });
  const good = listeners.filter((l) => isServed(plan, l)).map((l) => l.name);
  const message = `not valid: ${bad.join(', ')}; valid: ${good.length === 0 ? 'none' : good.join(', ')}`;
  const status = listeners.some((l) => isAccepted(plan, l)) ? 'True' : 'False';
  return condition('Gateway.Accepted', generation, { status, reason: 'ListenersNotValid', message });
}

function resolvedRefsOf(plan: GatewayPlan): TimelessCondition {
  const { model } = plan;
  const bad = ownListeners(plan)
    .filter((l) => l.refFaults.length > 0)
    .map((l) => l.name);
  if (bad.length === 0)
    return condition('Gateway.ResolvedRefs', model.generation, {
      status: 'True',
      reason: 'ResolvedRefs',
      message: 'all references are resolved',
    });
  const message = `references not resolved in listeners: ${bad.join(', ')}`;
  return condition('Gateway.ResolvedRefs', model.generation, {
    status: 'False',
    reason: 'ListenersNotResolved',
    message,
  });
}

type Programmed =
  | Say<'Gateway.Programmed', 'True'>
  | Say<'Gateway.Programmed', 'False'>
  | Say<'Gateway.Programmed', 'Unknown'>;

/** What a Gateway and, by way of it, its ListenerSets say of Programmed. */
export function programmedOf(
  plan: GatewayPlan,
  needs: Pick<GatewayStatusNeeds, 'envoys' | 'rejections'>,
  fetch: Fetch,
): Programmed {
  const { model } = plan;
  const envoys = fetch(needs.envoys, model.key) ?? { connected: 0, waiting: [], silent: [] };
  const refused = rejectionsOf(needs.rejections, model.ref, fetch);
  const no = (reason: Say<'Gateway.Programmed', 'False'>['reason'], message: string): Programmed => ({
    status: 'False',
    reason,
    message,
  });
  if (model.refusal?.reason === 'Pending')
    return { status: 'Unknown', reason: 'Pending', message: model.refusal.message };
  if (model.refusal !== undefined)
    return no('Invalid', `the Gateway is not accepted: ${model.refusal.message}`);
  if (!model.listeners.some((l) => isServed(plan, l)))
    return no('Invalid', 'no listener can be served; see the listeners');
  if (model.unusable.length > 0)
    return no(
      'AddressNotUsable',
      summarize(model.unusable.map(({ value, reason }) => `address ${value}: ${reason}`)),
    );
  if (!isReachable(model)) return no('AddressNotAssigned', 'no address is assigned to this Gateway yet');
  if (refused.length > 0)
    return no('Invalid', `${summarize(refused)}; the last version that was taken stays in force`);
  return programmedBy(envoys);
}

/** What Envoys say of something that only they have yet to take. */
export function programmedBy({
  connected,
  waiting,
  silent,
  datapaths,
}: EnvoyView):
  | { readonly status: 'True'; readonly reason: 'Programmed'; readonly message: string }
  | { readonly status: 'False'; readonly reason: 'Pending'; readonly message: string } {
  const no = (reason: 'Pending', message: string) => ({ status: 'False', reason, message }) as const;
  const quiet = silent.length === 0 ? '' : `; silent and not waited for: ${listed(silent)}`;
  if (connected === 0) return no('Pending', 'no Envoy is connected');
  if (silent.length === connected) return no('Pending', `no Envoy answers${quiet}`);
  if (waiting.length > 0) return no('Pending', `waiting for Envoy ${listed(waiting)}${quiet}`);
  if (datapaths === undefined)
    return { status: 'True', reason: 'Programmed', message: `every connected Envoy has taken it${quiet}` };
  const still =
    datapaths.silent.length === 0
      ? quiet
      : `${quiet}; datapath silent and not waited for on node ${listed(datapaths.silent)}`;
  if (datapaths.waiting.length > 0)
    return no('Pending', `waiting for the datapath of node ${listed(datapaths.waiting)}${still}`);
  const message = `every connected Envoy and the datapath of every node have taken it${still}`;
  return { status: 'True', reason: 'Programmed', message };
}

function listed(nodes: readonly string[], limit = 10): string {
  const rest = nodes.length - limit;
  return rest <= 0 ? nodes.join(', ') : `${nodes.slice(0, limit).join(', ')} and ${rest} more`;
}
