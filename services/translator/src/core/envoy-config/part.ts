// CiliumEnvoyConfigs, all of their translation. What comes in: the objects and what they refer to; what goes out: raw
// resources of the IR, statuses, and what others need to know of them.
import type { FactOf, Revision } from '@sluice/events';
import type { Collection, Graph } from '@sluice/incremental';
import { gatewayKey, type IrId, type IrRawResource, irId } from '@sluice/ir';
import type { EnvoyConfig, Namespace } from '@sluice/kinds';
import type { ServiceInfo } from '../service-port.ts';
import { claimWinners, type ServiceClaim, serviceClaims } from './claims.ts';
import { envoyConfigModels } from './model.ts';
import { type EnvoyConfigPlan, envoyConfigPlans } from './plan.ts';

interface Needs {
  readonly configs: Collection<EnvoyConfig>;
  readonly namespaces: Collection<Namespace>;
  readonly services: Collection<ServiceInfo>;
  readonly permissions: Collection<true>;
  readonly addresses: Collection<FactOf<'AddressAssigned'>>;
  readonly certificates: Collection<FactOf<'CertificateObserved'>>;
  readonly controllerNames: readonly string[];
}

/** What the objects come to. */
export interface EnvoyConfigPart {
  readonly plans: Collection<EnvoyConfigPlan>;
  readonly ir: Collection<IrRawResource>;
  /** Which object has the traffic of a Service port, by the port's key. */
  readonly winners: Collection<ServiceClaim>;
  /** Service ports whose endpoints are asked for. */
  readonly uses: Collection<number>;
  /** Certificates that are presented, by key. */
  readonly certificateUses: Collection<number>;
}

/** Translates them. */
export function envoyConfigPart(graph: Graph, needs: Needs): EnvoyConfigPart {
  const models = envoyConfigModels(graph, needs);
  const winners = claimWinners(graph, serviceClaims(graph, models, needs));
  const plans = envoyConfigPlans(graph, models, { ...needs, winners });
  const ir = graph.flatMap(plans, 'raw resources', ({ resources }) =>
    resources.map((resource) => [resource.key, resource] as const),
  );
  return {
    plans,
    ir,
    winners,
    uses: graph.countBy(ir, 'raw uses', ({ endpoints }) => (endpoints ? [endpoints] : [])),
    certificateUses: graph.countBy(ir, 'raw certificate uses', ({ uses }) =>
      uses.flatMap(({ type, name }) => (type === 'secret' ? [name] : [])),
    ),
  };
}

/** The revision at which an object's resources last changed, by `gatewayKey`. */
export function envoyConfigRevisions(
  graph: Graph,
  plans: Collection<EnvoyConfigPlan>,
  revisions: Collection<Revision>,
): Collection<Revision> {
  return graph.flatMap(plans, 'wanted revisions of envoy configs', ({ model, resources }, _key, fetch) => {
    if (resources.length === 0) return [];
    let newest: Revision = { epoch: 0, seq: 0 };
    for (const { key } of resources) {
      const at = fetch(revisions, irId('raw-resource', key));
      if (at !== undefined && (at.epoch > newest.epoch || (at.epoch === newest.epoch && at.seq > newest.seq)))
        newest = at;
    }
    return [[gatewayKey(model.ref), newest] as const];
  });
}

/** Whether the revision of a resource of the IR is looked at. */
export function isRawResource(id: IrId): boolean {
  return id.startsWith('raw-resource:');
}
