// What of each Gateway is served. What comes in: models of Gateways; what goes out: the same with the ports that
// cannot be bound, since another listener has the address and port already, or since no port of the nodes is theirs yet. Each Gateway has addresses of its own, so
// this happens only with static addresses, or where a low port is moved onto a port that is used. The older Gateway
// wins, then namespace/name, then the lower port.
import type { Collection, Graph } from '@sluice/incremental';
import type { IrListener } from '@sluice/ir';
import type { GatewayModel } from './gateway.ts';
import { listenerKey, type Transport } from './keys.ts';
import { isServable, transportOf } from './listener-model.ts';

/** A Gateway with what its neighbours leave to it. */
export interface GatewayPlan {
  readonly model: GatewayModel;
  /** Ports that cannot be bound, each with the reason in words, sorted. */
  readonly taken: readonly (Port & { readonly message: string })[];
}

/** A port of a Gateway. */
export interface Port {
  readonly port: number;
  readonly transport: Transport;
}

interface Claim extends Port {
  readonly slot: string;
  readonly createdAt: string;
  readonly gateway: string;
}

/** The port that is bound for a port of the spec: low ones are moved where they may not be bound. */
export function bindPort(port: number, lowPortOffset: number): number {
  return port < 1024 ? port + lowPortOffset : port;
}

/** What is bound for a port instead of the Gateway's addresses; undefined: those. */
export function socketOf(
  { sockets }: Pick<GatewayModel, 'sockets'>,
  { port, transport }: Port,
): IrListener['socket'] {
  const found = sockets?.ports.find((p) => p.port === port && p.transport === transport.toUpperCase());
  return found === undefined
    ? undefined
    : { addresses: [...(sockets?.addresses ?? [])], port: found.bindPort };
}

/** Whether clients have something to connect to: an address, or the name of a load balancer that leads to ports of the nodes. */
export function isReachable({ addresses, hostnames, sockets }: GatewayModel): boolean {
  return addresses.length > 0 || (hostnames.length > 0 && sockets !== undefined);
}

/** Ports of a Gateway that have at least one listener to serve, ascending, TCP before UDP. */
export function servablePorts(model: GatewayModel): Port[] {
  if (model.refusal !== undefined) return [];
  const sockets = new Map(
    model.listeners.filter(isServable).map((l) => {
      const socket = { port: l.port, transport: transportOf(l) };
      return [`${socket.port}/${socket.transport}`, socket];
    }),
  );
  return [...sockets.values()].sort(
    (a, b) => a.port - b.port || (a.transport === b.transport ? 0 : a.transport === 'tcp' ? -1 : 1),
  );
}

/** Plans by Gateway. */
export function gatewayPlans(graph: Graph, models: Collection<GatewayModel>): Collection<GatewayPlan> {
  const claims = graph.flatMap(models, 'port claims', (model) => claimsOf(model));
  const slots = graph.indexBy(claims, 'address and port', (claim) => [claim.slot]);
  const owners = graph.map(slots, 'port owners', (group, _slot, fetch) => {
    const [first, ...others] = group.members().map((member) => fetch(claims, member));
    return others.reduce(
      (best, claim) => (claim !== undefined && (best === undefined || precedes(claim, best)) ? claim : best),
      first,
    );
  });
  return graph.map(models, 'gateway plans', (model, _key, fetch) => {
    const taken = [];
    for (const { port, transport } of servablePorts(model)) {
      const bound = bindPort(port, model.lowPortOffset);
      if (bound > 65_535)
        taken.push({ port, transport, message: `port ${port} would be bound as ${bound}, which is no port` });
      if (model.sockets !== undefined && socketOf(model, { port, transport }) === undefined)
        taken.push({
          port,
          transport,
          message: `no port of the data plane is assigned to port ${port} yet`,
        });
      for (const address of model.addresses) {
        const owner = fetch(owners, slotOf(address, bound, transport));
        if (owner === undefined || (owner.gateway === model.key && owner.port === port)) continue;
        taken.push({
          port,
          transport,
          message: `port ${bound} of ${address} is taken by port ${owner.port} of Gateway ${owner.gateway}`,
        });
        break;
      }
    }
    return { model, taken };
  });
}

function* claimsOf(model: GatewayModel): Generator<readonly [string, Claim]> {
  for (const { port, transport } of servablePorts(model))
    for (const address of model.addresses) {
      const slot = slotOf(address, bindPort(port, model.lowPortOffset), transport);
      const claim = { slot, createdAt: model.createdAt, gateway: model.key, port, transport };
      yield [`${slot}|${listenerKey(model.key, port, transport)}`, claim] as const;
    }
}

function slotOf(address: string, port: number, transport: Transport): string {
  return `${address}|${port}|${transport}`;
}

function precedes(a: Claim, b: Claim): boolean {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt;
  return a.gateway === b.gateway ? a.port < b.port : a.gateway < b.gateway;
}

/** Why a port of a Gateway cannot be bound; the empty string where it can. */
export function takenBy(plan: GatewayPlan, { port, transport }: Port): string {
  return plan.taken.find((t) => t.port === port && t.transport === transport)?.message ?? '';
}
