// The Service port whose endpoints an EDS cluster of a CiliumEnvoyConfig has: `<namespace>/<service>`, with `:<port>` behind
// it, a number or a name. Without one: the port that the object names for the Service, or else the Service's lowest.
import { listedServices, type ReadResource } from '@sluice/envoy-resources';
import type { Fetch } from '@sluice/incremental';
import { servicePortKey } from '../keys.ts';
import type { ServiceInfo } from '../service-port.ts';
import { type ClaimNeeds, serviceOf } from './claims.ts';
import type { EnvoyConfigModel, RefFault } from './model.ts';

/** The key of the Service port; empty where there is none, with the reason unless that is told elsewhere. */
export function clusterEndpoints(
  of: { readonly model: EnvoyConfigModel; readonly resource: ReadResource; readonly service: string },
  needs: ClaimNeeds,
  fetch: Fetch,
): { readonly endpoints: string; readonly faults: readonly RefFault[] } {
  const { config } = of.model;
  const [key = '', asked] = of.service.split(':');
  if (!listedServices(config).has(key)) return { endpoints: '', faults: [] };
  const found = serviceOf(config, key, needs, fetch);
  if ('fault' in found) return { endpoints: '', faults: [] };
  const wanted = asked ?? namedPort(of.model, key);
  const port = portOf(found.info, wanted);
  if (port !== undefined) return { endpoints: servicePortKey(key, port), faults: [] };
  const which = wanted === undefined ? 'TCP port' : `TCP port ${wanted}`;
  const message = `Cluster ${of.resource.name}: Service ${key} has no ${which}`;
  return { endpoints: '', faults: [{ reason: 'ServiceNotFound', message }] };
}

/** The only port that the object names for a Service. */
function namedPort({ config: { spec, metadata } }: EnvoyConfigModel, key: string): string | undefined {
  const isIt = (s: { namespace?: string; name: string }): boolean =>
    `${s.namespace ?? metadata.namespace}/${s.name}` === key;
  const named = [
    ...spec.services.filter(isIt).flatMap(({ ports }) => ports.map(String)),
    ...spec.backendServices.filter(isIt).flatMap(({ number }) => number),
  ];
  return named.length === 1 ? named[0] : undefined;
}

function portOf({ ports }: ServiceInfo, wanted: string | undefined): number | undefined {
  const tcp = ports.filter(({ transport }) => transport === 'tcp');
  if (wanted === undefined) return tcp[0]?.port;
  return tcp.find(({ port, name }) => String(port) === wanted || name === wanted)?.port;
}
