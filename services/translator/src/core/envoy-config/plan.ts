// What of each CiliumEnvoyConfig is served. What comes in: models, the winners of Services, addresses and certificates; what
// goes out: resources for the IR with addresses to bind, and everything that its status says of references.
import type { FactOf } from '@sluice/events';
import type { Collection, Fetch, Graph } from '@sluice/incremental';
import { compareText, gatewayKey, type IrRawResource, rawResourceKey } from '@sluice/ir';
import { type BindNeeds, type Bound, boundOf } from './bind.ts';
import { serviceOf } from './claims.ts';
import { clusterEndpoints } from './cluster-endpoints.ts';
import type { EnvoyConfigModel, RefFault } from './model.ts';
import { secretFaults } from './secret-refs.ts';

/** One object, with what it comes to. */
export interface EnvoyConfigPlan {
  readonly model: EnvoyConfigModel;
  readonly resources: readonly IrRawResource[];
  readonly refFaults: readonly RefFault[];
  /** Services that another object has, in words. */
  readonly conflicts: readonly string[];
  /** Whether it has lost every Service that it names. */
  readonly lost: boolean;
  readonly bound: readonly Bound[];
  /** Listeners that have no address yet. */
  readonly unbound: readonly string[];
  /** Why no address can be had; the empty string where nothing is known. */
  readonly addressFault: string;
}

/** What plans read. */
export interface PlanNeeds extends BindNeeds {
  /** By `<namespace>/<name>` of the Secret. */
  readonly certificates: Collection<FactOf<'CertificateObserved'>>;
}

/** Plans by key of the object. */
export function envoyConfigPlans(
  graph: Graph,
  models: Collection<EnvoyConfigModel>,
  needs: PlanNeeds,
): Collection<EnvoyConfigPlan> {
  return graph.map(models, 'envoy config plans', (model, _key, fetch) => {
    const secrets = secretFaults(model, needs, fetch);
    const binding = boundOf(model, needs, fetch);
    const stopped = new Set([...model.deadEnds.flatMap(({ stops }) => stops ?? []), ...secrets.stopped]);
    const { resources, faults } = resourcesOf({ model, stopped, bound: binding.bound }, needs, fetch);
    return {
      model,
      resources: model.refusal === '' ? resources : [],
      refFaults: [
        ...model.deadEnds.map(({ reason, fault: f }) => ({
          reason,
          message: `${f.path}: ${f.message} (${f.hint})`,
        })),
        ...serviceFaults(model, needs, fetch),
        ...secrets.faults,
        ...faults,
      ],
      ...binding,
    };
  });
}

function serviceFaults(model: EnvoyConfigModel, needs: PlanNeeds, fetch: Fetch): RefFault[] {
  const { config } = model;
  const { services, backendServices } = config.spec;
  const keys = [...services, ...backendServices].map(
    (s) => `${s.namespace ?? config.metadata.namespace}/${s.name}`,
  );
  return [...new Set(keys)].flatMap((key) => {
    const found = serviceOf(config, key, needs, fetch);
    return 'fault' in found ? [found.fault] : [];
  });
}

function resourcesOf(
  of: { model: EnvoyConfigModel; stopped: ReadonlySet<number>; bound: readonly Bound[] },
  needs: PlanNeeds,
  fetch: Fetch,
): { resources: IrRawResource[]; faults: RefFault[] } {
  const { model, stopped, bound } = of;
  const faults: RefFault[] = [];
  const { reading, config, ref } = model;
  const own = new Set(reading.resources.flatMap((r) => (r.kind === 'endpoint' ? [r.name] : [])));
  const resources = reading.resources.flatMap((resource): IrRawResource[] => {
    if (stopped.has(resource.index)) return [];
    const { kind, scopedName, message, uses, service } = resource;
    const addresses = bound.filter(({ listener }) => listener === resource.name);
    const open = message.address !== undefined;
    if (kind === 'listener' && addresses.length === 0 && !open) return [];
    const base: IrRawResource = {
      kind: 'raw-resource',
      key: rawResourceKey(kind, scopedName),
      source: ref,
      generation: config.metadata.generation,
      type: kind,
      name: scopedName,
      message: kind === 'listener' && !open ? { ...message, ...socketsOf(addresses) } : message,
      uses: uses.map((use) => ({ ...use })),
    };
    if (service === undefined || own.has(service)) return [base];
    const found = clusterEndpoints({ model, resource, service }, needs, fetch);
    faults.push(...found.faults);
    return [{ ...base, endpoints: found.endpoints }];
  });
  return { resources, faults };
}

/** Fields of Envoy's Listener: where it is bound. */
function socketsOf(bound: readonly Bound[]): Record<string, unknown> {
  const [first, ...others] = bound
    .toSorted((a, b) => compareText(a.address, b.address) || a.port - b.port)
    .map(({ address, port }) => ({ socket_address: { address, port_value: port } }));
  return {
    address: first,
    ...(others.length === 0 ? {} : { additional_addresses: others.map((address) => ({ address })) }),
  };
}

/** Key of what the object's listeners stand at where no Service leads to them, and of its Envoys' view. */
export function planKey({ ref }: EnvoyConfigModel): string {
  return gatewayKey(ref);
}
