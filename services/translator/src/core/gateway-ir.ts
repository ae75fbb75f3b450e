// Gateways into the IR. What comes in: plans; what goes out: gateways, listeners (one per port, with the listeners of
// the Gateway and its ListenerSets as servers) and the certificates that are presented. A Gateway without an address has no listener yet.
import type { FactOf } from '@sluice/events';
import type { Collection, Graph } from '@sluice/incremental';
import { compareText, type IrCertificate, type IrGateway, type IrListener } from '@sluice/ir';
import {
  bindPort,
  type GatewayPlan,
  isReachable,
  type Port,
  servablePorts,
  socketOf,
  takenBy,
} from './gateway-plan.ts';
import { listenerKey } from './keys.ts';
import { isServable, type ListenerModel, transportOf } from './listener-model.ts';

/** Ports of a Gateway that are bound, ascending. */
function boundPorts(plan: GatewayPlan): Port[] {
  if (!isReachable(plan.model)) return [];
  return servablePorts(plan.model).filter((socket) => takenBy(plan, socket) === '');
}

/** Gateways that have something to serve. */
export function irGateways(graph: Graph, plans: Collection<GatewayPlan>): Collection<IrGateway> {
  return graph.map(plans, 'ir gateways', (plan, key) => {
    const { model } = plan;
    if (servablePorts(model).length === 0) return undefined;
    return {
      kind: 'gateway' as const,
      key,
      source: model.ref,
      generation: model.generation,
      addresses: [...model.addresses],
      listeners: boundPorts(plan)
        .map(({ port, transport }) => listenerKey(key, port, transport))
        .sort(compareText),
    };
  });
}

/** Listeners by key. */
export function irListeners(graph: Graph, plans: Collection<GatewayPlan>): Collection<IrListener> {
  return graph.flatMap(plans, 'ir listeners', (plan) =>
    boundPorts(plan).map((socket) => {
      const listener = listenerOf(plan, socket);
      return [listener.key, listener] as const;
    }),
  );
}

function listenerOf({ model }: GatewayPlan, { port, transport }: Port): IrListener {
  const members = model.listeners.filter(
    (l) => l.port === port && transportOf(l) === transport && isServable(l),
  );
  const socket = socketOf(model, { port, transport });
  return {
    kind: 'listener',
    key: listenerKey(model.key, port, transport),
    gateway: model.key,
    protocol: protocolOf(members),
    addresses: [...model.addresses],
    port,
    bindPort: bindPort(port, model.lowPortOffset),
    ...(socket === undefined ? {} : { socket }),
    servers: members.map(serverOf).sort((a, b) => compareText(a.name, b.name)),
  };
}

/** HTTPS and TLS may share a port: HTTPS then, with servers that pass connections through. */
function protocolOf(members: readonly ListenerModel[]): IrListener['protocol'] {
  const has = (protocol: string): boolean => members.some((l) => l.protocol === protocol);
  for (const protocol of ['HTTPS', 'TLS', 'TCP', 'UDP'] as const) if (has(protocol)) return protocol;
  return 'HTTP';
}

function serverOf(listener: ListenerModel): IrListener['servers'][number] {
  const { id, hostname, protocol, certificates } = listener;
  return {
    name: id,
    hostname,
    certificates: [...certificates],
    ...(protocol === 'TLS' ? { passthrough: true as const } : {}),
  };
}

/** Certificates that some listener presents, or something else (`others`: how often, by key). */
export function irCertificates(
  graph: Graph,
  of: {
    listeners: readonly Collection<IrListener>[];
    certificates: Collection<FactOf<'CertificateObserved'>>;
    others: Collection<number>;
  },
): Collection<IrCertificate> {
  const uses = of.listeners.map((listeners) =>
    graph.countBy(listeners, `certificates of ${listeners.name}`, (l) =>
      l.servers.flatMap((s) => s.certificates),
    ),
  );
  return graph.map(of.certificates, 'ir certificates', ({ ref, uid, digest }, key, fetch) =>
    [...uses, of.others].every((counts) => fetch(counts, key) === undefined)
      ? undefined
      : { kind: 'certificate' as const, key, source: ref, uid, digest },
  );
}
