// Which object has the traffic of a Service port. What comes in: models, Services and grants; what goes out: the winner of
// each port. The older object wins, then the name; one of the whole cluster goes before others of its age.
import type { Collection, Fetch, Graph } from '@sluice/incremental';
import { compareText } from '@sluice/ir';
import { ciliumGroup, type EnvoyConfig, type RedirectedService, redirectOf } from '@sluice/kinds';
import { isPermitted } from '../grants.ts';
import { servicePortKey } from '../keys.ts';
import type { ServiceInfo } from '../service-port.ts';
import type { EnvoyConfigModel } from './model.ts';

/** A wish for the traffic of a Service port. */
export interface ServiceClaim {
  /** `<namespace>/<service>/<port>`. */
  readonly slot: string;
  /** `<namespace>/<service>`. */
  readonly service: string;
  readonly port: number;
  /** Name of the listener, as written. */
  readonly listener: string;
  /** Key of the object. */
  readonly config: string;
  readonly createdAt: string;
}

/** What claims are judged by. */
export interface ClaimNeeds {
  readonly services: Collection<ServiceInfo>;
  readonly permissions: Collection<true>;
}

/** A Service that an object names and that is not there, or not for it. */
export interface ServiceFault {
  readonly reason: 'ServiceNotFound' | 'RefNotPermitted';
  readonly message: string;
}

/** A Service that may be used, or why not. */
export function serviceOf(
  config: EnvoyConfig,
  key: string,
  { services, permissions }: ClaimNeeds,
  fetch: Fetch,
): { readonly info: ServiceInfo } | { readonly fault: ServiceFault } {
  const [namespace = '', name = ''] = key.split('/');
  const { kind, metadata } = config;
  const reference = {
    ...{ fromGroup: ciliumGroup, fromKind: kind, fromNamespace: metadata.namespace },
    ...{ toGroup: '', toKind: 'Service', toNamespace: namespace, toName: name },
  };
  if (kind === 'CiliumEnvoyConfig' && !isPermitted(reference, permissions, fetch)) {
    const message = `no ReferenceGrant in namespace ${namespace} allows ${kind}s of ${metadata.namespace} to use Service ${name}`;
    return { fault: { reason: 'RefNotPermitted', message } };
  }
  const info = fetch(services, key);
  if (info === undefined || info.external) {
    const what = info === undefined ? 'does not exist' : 'is of type ExternalName, which has no endpoints';
    return { fault: { reason: 'ServiceNotFound', message: `Service ${key} ${what}` } };
  }
  return { info };
}

/** Claims of all objects. */
export function serviceClaims(
  graph: Graph,
  models: Collection<EnvoyConfigModel>,
  needs: ClaimNeeds,
): Collection<ServiceClaim> {
  return graph.flatMap(models, 'service claims', function* (model, key, fetch) {
    if (model.refusal !== '') return;
    const served = new Set(model.reading.resources.flatMap((r) => (r.kind === 'listener' ? [r.name] : [])));
    for (const entry of model.config.spec.services)
      for (const claim of claimsOf({ model, key, entry }, needs, fetch))
        if (served.has(claim.listener)) yield [`${claim.slot}|${key}`, claim] as const;
  });
}

function claimsOf(
  { model, key, entry }: { model: EnvoyConfigModel; key: string; entry: RedirectedService },
  needs: ClaimNeeds,
  fetch: Fetch,
): ServiceClaim[] {
  const { service, listener } = redirectOf(model.config, entry);
  const found = serviceOf(model.config, service, needs, fetch);
  if ('fault' in found || listener === undefined) return [];
  return found.info.ports
    .filter(
      ({ transport, port }) =>
        transport === 'tcp' && (entry.ports.length === 0 || entry.ports.includes(port)),
    )
    .map(({ port }) => ({
      slot: servicePortKey(service, port),
      ...{ service, port, listener, config: key },
      createdAt: model.config.metadata.creationTimestamp,
    }));
}

/** The winner of each Service port, by slot. */
export function claimWinners(graph: Graph, claims: Collection<ServiceClaim>): Collection<ServiceClaim> {
  const slots = graph.indexBy(claims, 'claims by service port', ({ slot }) => [slot]);
  return graph.map(slots, 'service redirects', (group, _slot, fetch) => {
    const all = group.members().flatMap((member) => fetch(claims, member) ?? []);
    return all.toSorted(byAge)[0];
  });
}

function byAge(a: ServiceClaim, b: ServiceClaim): number {
  return compareText(a.createdAt, b.createdAt) || compareText(a.config, b.config);
}
