// Endpoints. What comes in: EndpointSlices (discovery.k8s.io/v1), the Services they belong to and the clusters in
// use; what goes out: one endpoint group of the IR per slice and Service port. A slice's port belongs to the Service
// port of the same name; its number is what `targetPort` means there, so names and numbers need no lookup.

import type { Collection, Fetch, Graph } from '@sluice/incremental';
import { compareText, type IrEndpointGroup } from '@sluice/ir';
import { type Endpoint, type EndpointSlice, serviceNameLabel } from '@sluice/kinds';
import { objectKey, servicePortKey } from './keys.ts';
import type { ServiceInfo } from './service-port.ts';

type IrEndpoint = IrEndpointGroup['endpoints'][number];

interface Needs {
  readonly slices: Collection<EndpointSlice>;
  readonly services: Collection<ServiceInfo>;
  /** Service ports that something sends to; the first that knows one counts. */
  readonly uses: readonly Collection<number>[];
}

/** Endpoint groups by key; a group without a usable endpoint is left out. */
export function endpointGroups(graph: Graph, needs: Needs): Collection<IrEndpointGroup> {
  return graph.flatMap(needs.slices, 'endpoint groups', (slice, key, fetch) =>
    groupsOf({ slice, key }, needs, fetch),
  );
}

function* groupsOf(
  { slice, key }: { slice: EndpointSlice; key: string },
  needs: Needs,
  fetch: Fetch,
): Generator<readonly [string, IrEndpointGroup]> {
  const name = Object.hasOwn(slice.metadata.labels, serviceNameLabel)
    ? slice.metadata.labels[serviceNameLabel]
    : undefined;
  if (name === undefined || slice.addressType === 'FQDN') return;
  const serviceKey = objectKey(slice.metadata.namespace, name);
  const service = fetch(needs.services, serviceKey);
  if (service === undefined || service.external) return;
  for (const { port, name: portName, transport } of service.ports) {
    const protocol = transport.toUpperCase();
    const slicePort = slice.ports.find((p) => p.name === portName && p.protocol === protocol);
    if (slicePort?.port === undefined) continue;
    const servicePort = servicePortKey(serviceKey, port, transport);
    if (!isUsed(servicePort, needs, fetch)) continue;
    const endpoints = endpointsOf(slice.endpoints, slicePort.port, service.publishNotReady);
    const group: IrEndpointGroup = {
      kind: 'endpoint-group',
      key: servicePortKey(key, port, transport),
      service: servicePort,
      endpoints,
    };
    if (endpoints.length > 0) yield [group.key, group];
  }
}

function isUsed(servicePort: string, needs: Needs, fetch: Fetch): boolean {
  return needs.uses.some((uses) => fetch(uses, servicePort) !== undefined);
}

function endpointsOf(endpoints: readonly Endpoint[], port: number, publishNotReady: boolean): IrEndpoint[] {
  const byAddress = new Map<string, IrEndpoint>();
  for (const endpoint of endpoints) {
    const state = stateOf(endpoint, publishNotReady);
    if (state === undefined) continue;
    const { zone, nodeName, hints = {} } = endpoint;
    for (const address of endpoint.addresses) {
      const known = byAddress.get(address);
      const entry = {
        address,
        port,
        state,
        ...(zone === undefined ? {} : { zone }),
        ...(nodeName === undefined ? {} : { node: nodeName }),
        ...namesIn('forZones', hints.forZones),
        ...namesIn('forNodes', hints.forNodes),
      };
      if (known === undefined || preferred(entry, known)) byAddress.set(address, entry);
    }
  }
  return [...byAddress.values()].sort((a, b) => compareText(a.address, b.address));
}

/** Names of a hint, sorted; an empty hint says nothing. */
function namesIn(
  field: 'forZones' | 'forNodes',
  hint: readonly { readonly name: string }[] = [],
): Pick<IrEndpoint, typeof field> {
  const names = [...new Set(hint.map(({ name }) => name))].sort(compareText);
  return names.length === 0 ? {} : { [field]: names };
}

function stateOf({ conditions }: Endpoint, publishNotReady: boolean): IrEndpoint['state'] | undefined {
  if (conditions.ready || publishNotReady) return 'ready';
  return conditions.serving && conditions.terminating ? 'draining' : undefined;
}

/** Of two entries of one address the ready one counts, then the one whose place sorts first. */
function preferred(a: IrEndpoint, b: IrEndpoint): boolean {
  const rank = (e: IrEndpoint): string => `${e.state === 'ready' ? 0 : 1}|${e.zone ?? ''}|${e.node ?? ''}`;
  return rank(a) < rank(b);
}
