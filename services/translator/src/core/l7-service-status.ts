// Statuses of Services that ask for a balancing of each request, or ask in words that are not known, or for what another has, and of all
// with addresses where the datapath runs. The types of
// their conditions bear our domain, since a Service's conditions are everybody's. In standalone mode the status has the
// address as a load balancer would say it (core/v1 LoadBalancerStatus); in a cluster that field is not ours to write.
import type { Collection, Fetch, Graph } from '@sluice/incremental';
import { condition, type Say, summarize, type TimelessCondition } from './conditions.ts';
import type { DatapathView } from './datapath-view.ts';
import type { EnvoyView } from './envoy-view.ts';
import { programmedBy } from './gateway-status.ts';
import { objectKey } from './keys.ts';
import type { L4ServicePart } from './l4-service.ts';
import { l4Programmed } from './l4-service-status.ts';
import type { L7Service } from './l7-service.ts';
import { servedPorts } from './l7-service-ir.ts';
import { type RejectionTable, rejectionsOf } from './rejection.ts';
import type { StatusOutput } from './status.ts';

interface Needs {
  readonly services: Collection<L7Service>;
  readonly l4: Pick<L4ServicePart, 'outcomes' | 'faults'>;
  /** What the datapaths of nodes have; absent where none runs. */
  readonly datapaths: Collection<DatapathView>;
  /** By `gatewayKey`. */
  readonly envoys: Collection<EnvoyView>;
  readonly rejections: RejectionTable;
}

/** Statuses by Service. */
export function l7ServiceStatuses(graph: Graph, needs: Needs): Collection<StatusOutput> {
  const { services, l4, datapaths } = needs;
  const spokenOf = graph.anyOf([services, l4.faults, datapaths], 'services with a status');
  return graph.map(spokenOf, 'service statuses', (_true, key, fetch) => {
    const service = fetch(services, key);
    const view = fetch(datapaths, key);
    const outcome = view === undefined ? undefined : fetch(l4.outcomes, key);
    const faults = fetch(l4.faults, key);
    const object = service?.frontend ?? faults ?? outcome?.want;
    if (object === undefined) return undefined;
    const conditions = [
      ...(service === undefined ? [] : conditionsOf(service, needs, fetch)),
      ...(view === undefined || outcome === undefined ? [] : [l4Programmed(outcome, view)]),
      ...(faults?.conditions ?? []),
    ];
    const loadBalancer = service === undefined ? {} : loadBalancerOf(service);
    return { ref: object.ref, uid: object.uid, status: { ...loadBalancer, conditions } };
  });
}

function loadBalancerOf({ frontend }: L7Service): { loadBalancer?: { ingress: { ip: string }[] } } {
  const { addresses, behindNodes } = frontend;
  if (behindNodes || addresses.length === 0) return {};
  return { loadBalancer: { ingress: addresses.map((ip) => ({ ip })) } };
}

function conditionsOf(service: L7Service, needs: Needs, fetch: Fetch): TimelessCondition[] {
  const { generation } = service.frontend;
  const faults = summarize(
    service.faults.map(({ annotation, message, hint }) => `annotation ${annotation}: ${message} (${hint})`),
  );
  if (!service.enabled)
    return [
      condition('Service.sluice.dev/L7Accepted', generation, {
        status: 'False',
        reason: 'InvalidAnnotation',
        message: `the Service goes on without it: ${faults}`,
      }),
    ];
  if (service.refusal !== '')
    return [
      condition('Service.sluice.dev/L7Accepted', generation, {
        status: 'False',
        reason: 'UnsupportedValue',
        message: service.refusal,
      }),
    ];
  return [
    condition('Service.sluice.dev/L7Accepted', generation, {
      status: 'True',
      reason: 'Accepted',
      message: acceptedText(service),
    }),
    condition('Service.sluice.dev/L7Programmed', generation, programmedOf(service, needs, fetch)),
    ...(faults === ''
      ? []
      : [
          condition('Service.sluice.dev/L7PartiallyInvalid', generation, {
            status: 'True',
            reason: 'InvalidAnnotation',
            message: `${faults}; ${service.algorithm} is in force`,
          }),
        ]),
  ];
}

/** Which ports are balanced by what. */
function acceptedText({ algorithm, ports, leftOut }: L7Service): string {
  const listed = (mode: string): string =>
    ports
      .filter((port) => port.mode === mode && port.fault === '')
      .map(({ port }) => `${port}`)
      .join(', ');
  const [http, tcp] = [listed('http'), listed('tcp')];
  const parts = [
    ...(http === '' ? [] : [`each request balanced by ${algorithm} at port ${http}`]),
    ...(tcp === '' ? [] : [`each connection balanced at port ${tcp}, which is not HTTP`]),
    ...(leftOut.length === 0 ? [] : [`not served, since no TCP: ${leftOut.join(', ')}`]),
  ];
  return parts.length === 0 ? 'no port can be bound' : parts.join('; ');
}

type Programmed =
  | Say<'Service.sluice.dev/L7Programmed', 'True'>
  | Say<'Service.sluice.dev/L7Programmed', 'False'>;

function programmedOf(service: L7Service, needs: Needs, fetch: Fetch): Programmed {
  const { frontend } = service;
  const no = (
    reason: Say<'Service.sluice.dev/L7Programmed', 'False'>['reason'],
    message: string,
  ): Programmed => ({ status: 'False', reason, message });
  const { unusable, addresses, behindNodes, ports } = frontend;
  if (unusable.length > 0)
    return no(
      'AddressNotUsable',
      summarize(unusable.map(({ value, reason }) => (value === '' ? reason : `address ${value}: ${reason}`))),
    );
  if (addresses.length === 0 && !behindNodes)
    return no('AddressNotAssigned', 'no address is assigned to this Service yet');
  const faults = ports.flatMap(({ fault }) => (fault === '' ? [] : [fault]));
  if (servedPorts(service).length === 0) return no('Invalid', summarize(faults));
  const refused = rejectionsOf(needs.rejections, frontend.ref, fetch);
  if (refused.length > 0)
    return no('Invalid', `${summarize(refused)}; the last version that was taken stays in force`);
  const envoys = fetch(needs.envoys, frontend.key) ?? { connected: 0, waiting: [], silent: [] };
  const said = programmedBy(envoys);
  if (said.status === 'False') return no('Pending', said.message);
  const parts = [
    said.message,
    ...faults,
    ...(behindNodes ? [nodePortText(service), ...leadText(service, needs, fetch)] : []),
  ];
  return { status: 'True', reason: 'Programmed', message: summarize(parts) };
}

/** Where requests are balanced. */
function nodePortText(service: L7Service): string {
  const ports = servedPorts(service).map(({ port, socket }) => `${port} at ${socket?.port ?? '?'}`);
  return `served at ports of the nodes: ${ports.join(', ')}`;
}

/** Whether the cluster IP leads there; nothing of a Service without one. */
function leadText({ frontend }: L7Service, { l4, datapaths }: Needs, fetch: Fetch): string[] {
  const { name, namespace } = frontend.ref;
  const key = objectKey(namespace, name);
  const places = fetch(l4.outcomes, key)?.frontends.filter(({ type }) => type === 'cluster') ?? [];
  if (places.length === 0) return [];
  const view = fetch(datapaths, key);
  if (view === undefined) return ['the cluster IP is not led there without the eBPF datapath'];
  const isLed = !view.waiting && view.full.length === 0 && places.some(({ proxy }) => proxy !== undefined);
  return [
    `the eBPF datapath ${isLed ? 'leads the cluster IP there' : 'does not lead the cluster IP there yet'}`,
  ];
}
