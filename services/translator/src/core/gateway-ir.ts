// Gateways into the IR. What comes in: plans; what goes out: gateways, listeners (one per port, with the Gateway's
// listeners as servers) and the certificates that are presented. A Gateway without an address has no listener yet.
import type { FactOf } from '@sluice/events';
import type { Collection, Graph } from '@sluice/incremental';
import { compareText, type IrCertificate, type IrGateway, type IrListener } from '@sluice/ir';
import { isServable, type ListenerModel } from './gateway.ts';
import { bindPort, type GatewayPlan, servablePorts, socketOf, takenBy } from './gateway-plan.ts';
import { listenerKey } from './keys.ts';

/** Ports of a Gateway that are bound, ascending. */
export function boundPorts(plan: GatewayPlan): number[] {
  if (plan.model.addresses.length === 0) return [];
  return servablePorts(plan.model).filter((port) => takenBy(plan, port) === '');
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
        .map((port) => listenerKey(key, port))
        .sort(compareText),
    };
  });
}

/** Listeners by key. */
export function irListeners(graph: Graph, plans: Collection<GatewayPlan>): Collection<IrListener> {
  return graph.flatMap(plans, 'ir listeners', (plan) =>
    boundPorts(plan).map((port) => {
      const listener = listenerOf(plan, port);
      return [listener.key, listener] as const;
    }),
  );
}

function listenerOf({ model }: GatewayPlan, port: number): IrListener {
  const members = model.listeners.filter((l) => l.port === port && isServable(l));
  const socket = socketOf(model, port);
  return {
    kind: 'listener',
    key: listenerKey(model.key, port),
    gateway: model.key,
    protocol: members.some((l) => l.protocol === 'HTTPS') ? 'HTTPS' : 'HTTP',
    addresses: [...model.addresses],
    port,
    bindPort: bindPort(port, model.lowPortOffset),
    ...(socket === undefined ? {} : { socket }),
    servers: members.map(serverOf).sort((a, b) => compareText(a.name, b.name)),
  };
}

function serverOf(listener: ListenerModel): IrListener['servers'][number] {
  return { name: listener.name, hostname: listener.hostname, certificates: [...listener.certificates] };
}

/** Certificates that some listener presents. */
export function irCertificates(
  graph: Graph,
  of: { listeners: Collection<IrListener>; certificates: Collection<FactOf<'CertificateObserved'>> },
): Collection<IrCertificate> {
  const uses = graph.countBy(of.listeners, 'certificate uses', (l) =>
    l.servers.flatMap((s) => s.certificates),
  );
  return graph.map(uses, 'ir certificates', (_uses, key, fetch) => {
    const certificate = fetch(of.certificates, key);
    if (certificate === undefined) return undefined;
    const { ref, uid, digest } = certificate;
    return { kind: 'certificate' as const, key, source: ref, uid, digest };
  });
}
