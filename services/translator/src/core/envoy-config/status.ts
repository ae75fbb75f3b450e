// Statuses of CiliumEnvoyConfigs: Accepted, ResolvedRefs, Programmed with Envoy's own words, Conflicted where another object
// has a Service. And where its listeners are reached.
import type { Collection, Fetch, Graph } from '@sluice/incremental';
import { compareText } from '@sluice/ir';
import { condition, summarize, type TimelessCondition } from '../conditions.ts';
import type { EnvoyView } from '../envoy-view.ts';
import { programmedBy } from '../gateway-status.ts';
import { type RejectionTable, rejectionsOf } from '../rejection.ts';
import type { StatusOutput } from '../status.ts';
import { type EnvoyConfigPlan, planKey } from './plan.ts';

interface Needs {
  readonly plans: Collection<EnvoyConfigPlan>;
  /** By `gatewayKey`. */
  readonly envoys: Collection<EnvoyView>;
  readonly rejections: RejectionTable;
}

/** More faults than these in one message help nobody. */
const maxFaults = 5;

/** Statuses by key of the object. */
export function envoyConfigStatuses(graph: Graph, needs: Needs): Collection<StatusOutput> {
  return graph.map(needs.plans, 'envoy config statuses', (plan, _key, fetch) => {
    const { ref, config } = plan.model;
    return {
      ref,
      uid: config.metadata.uid,
      status: {
        addresses: plan.bound
          .map(({ listener, address, port, service }) => ({
            ...{ listener, address, port },
            ...(service === '' ? {} : { service }),
          }))
          .sort((a, b) => compareText(JSON.stringify(a), JSON.stringify(b))),
        conditions: [
          acceptedOf(plan),
          resolvedOf(plan),
          programmedOf(plan, needs, fetch),
          ...conflicted(plan),
        ],
      },
    };
  });
}

function acceptedOf(plan: EnvoyConfigPlan): TimelessCondition {
  const { refusal, reading, config } = plan.model;
  const { generation } = config.metadata;
  const no = (reason: 'Invalid' | 'NotPermitted' | 'Conflicted' | 'UnsupportedValue', message: string) =>
    condition('CiliumEnvoyConfig.Accepted', generation, { status: 'False', reason, message });
  if (refusal !== '') return no('UnsupportedValue', refusal);
  const { setAside, resources } = reading;
  const faults = summarize(
    setAside.flatMap(({ faults: list }) =>
      list.map((f) => `${f.path}: ${f.message}${f.hint === '' ? '' : ` (${f.hint})`}`),
    ),
    maxFaults,
  );
  if (resources.length === 0)
    return no(setAside.some(({ cause }) => cause === 'invalid') ? 'Invalid' : 'NotPermitted', faults);
  if (plan.lost) return no('Conflicted', `all its Services have other objects: ${summarize(plan.conflicts)}`);
  if (setAside.length > 0)
    return condition('CiliumEnvoyConfig.Accepted', generation, {
      status: 'True',
      reason: 'ResourcesNotValid',
      message: `${setAside.length} of ${config.spec.resources.length} resources are set aside: ${faults}`,
    });
  return condition('CiliumEnvoyConfig.Accepted', generation, {
    status: 'True',
    reason: 'Accepted',
    message: 'all resources are valid',
  });
}

function resolvedOf({ model, refFaults }: EnvoyConfigPlan): TimelessCondition {
  const { generation } = model.config.metadata;
  const [first] = refFaults;
  if (first === undefined)
    return condition('CiliumEnvoyConfig.ResolvedRefs', generation, {
      status: 'True',
      reason: 'ResolvedRefs',
      message: 'all references are resolved',
    });
  const message = summarize(
    refFaults.map((f) => f.message),
    maxFaults,
  );
  return condition('CiliumEnvoyConfig.ResolvedRefs', generation, {
    status: 'False',
    reason: first.reason,
    message,
  });
}

function programmedOf(plan: EnvoyConfigPlan, needs: Needs, fetch: Fetch): TimelessCondition {
  const { generation } = plan.model.config.metadata;
  const no = (reason: 'Invalid' | 'Pending' | 'AddressNotAssigned', message: string) =>
    condition('CiliumEnvoyConfig.Programmed', generation, { status: 'False', reason, message });
  const refused = rejectionsOf(needs.rejections, plan.model.ref, fetch);
  if (refused.length > 0)
    return no(
      'Invalid',
      `${summarize(refused, maxFaults)}; all else is served, and of these the last version that was taken`,
    );
  if (plan.unbound.length > 0 && plan.model.refusal === '') {
    const why = plan.addressFault === '' ? '' : `: ${plan.addressFault}`;
    return no('AddressNotAssigned', `no address for listener ${summarize(plan.unbound)}${why}`);
  }
  if (plan.resources.length === 0) return no('Invalid', 'nothing of it is served; see the other conditions');
  const view = fetch(needs.envoys, planKey(plan.model)) ?? { connected: 0, waiting: [], silent: [] };
  const said = programmedBy(view);
  if (said.status === 'False') return no('Pending', said.message);
  return condition('CiliumEnvoyConfig.Programmed', generation, {
    status: 'True',
    reason: 'Programmed',
    message: said.message,
  });
}

function conflicted({ conflicts, model }: EnvoyConfigPlan): TimelessCondition[] {
  if (conflicts.length === 0) return [];
  return [
    condition('CiliumEnvoyConfig.Conflicted', model.config.metadata.generation, {
      status: 'True',
      reason: 'ServiceTaken',
      message: `${summarize(conflicts)}, which is older, or goes before by its name`,
    }),
  ];
}
