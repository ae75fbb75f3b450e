// Services that stand at a listener of their own, as what clients reach. What comes in: a Service and the addresses that it
// was given; what goes out: where each of its TCP ports is reached and what is bound for it (docs/adr/0017). How a Service
// came to such a listener plays no part.
import type { FactOf, Sockets } from '@sluice/events';
import { compareText, gatewayKey, type IrGateway, type IrListener, type ObjectRef } from '@sluice/ir';
import { objectRefOf, type Service } from '@sluice/kinds';
import { bindPort, socketOf } from './gateway-plan.ts';
import { listenerKey, objectKey, servicePortKey } from './keys.ts';

/** A TCP port of a Service. */
export interface FrontendPort {
  readonly port: number;
  /** The empty string where it has none. */
  readonly name: string;
  /** As written; the empty string where it is not said. */
  readonly appProtocol: string;
  /** Key of the listener of the IR. */
  readonly listener: string;
  /** The port at the addresses. */
  readonly bindPort: number;
  /** What is bound instead of the addresses. */
  readonly socket: IrListener['socket'];
  /** Why it cannot be bound; the empty string where it can. */
  readonly fault: string;
}

/** A Service that stands at a listener. */
export interface ServiceFrontend {
  /** Key of the gateway of the IR. */
  readonly key: string;
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly generation: number;
  readonly createdAt: string;
  /** IP addresses that clients reach it at, sorted: of the pool, or its cluster IPs. */
  readonly addresses: readonly string[];
  /** Whether ports of the nodes are bound for it, to which its addresses have yet to be led. */
  readonly behindNodes: boolean;
  /** Service port whose endpoints are the Envoys that bind them, by `servicePortKey`; absent: each node has one of its own. */
  readonly envoys: string | undefined;
  readonly unusable: readonly { readonly value: string; readonly reason: string }[];
  /** Ascending. */
  readonly ports: readonly FrontendPort[];
}

/** The frontend of a Service with its assignment; undefined: none is made yet. */
export function frontendOf(
  service: Service,
  assigned: FactOf<'AddressAssigned'> | undefined,
): ServiceFrontend {
  const { metadata, spec } = service;
  const ref = objectRefOf(service);
  const key = gatewayKey(ref);
  const taken = new Map<number, number>();
  const ports = spec.ports
    .filter(({ protocol }) => protocol === 'TCP')
    .sort((a, b) => a.port - b.port)
    .map(({ port, name, appProtocol = '' }): FrontendPort => {
      const bound = bindPort(port, assigned?.lowPortOffset ?? 0);
      const socket = socketOf({ sockets: assigned?.sockets }, { port, transport: 'tcp' });
      const other = taken.get(bound);
      taken.set(bound, port);
      const fault = faultOf({
        port,
        bound,
        other,
        waits: assigned?.sockets !== undefined && socket === undefined,
      });
      return { port, name, appProtocol, listener: listenerKey(key, port), bindPort: bound, socket, fault };
    });
  return {
    key,
    ref,
    uid: metadata.uid,
    generation: metadata.generation,
    createdAt: metadata.creationTimestamp,
    addresses: [...(assigned?.addresses ?? [])].sort(compareText),
    behindNodes: assigned?.sockets !== undefined,
    envoys: envoysOf(assigned?.sockets),
    unusable: assigned?.unusable ?? [],
    ports,
  };
}

function envoysOf(sockets: Sockets | undefined): string | undefined {
  if (sockets?.envoys === undefined) return undefined;
  const { namespace, service, port } = sockets.envoys;
  return servicePortKey(objectKey(namespace, service), port);
}

function faultOf(of: { port: number; bound: number; other: number | undefined; waits: boolean }): string {
  if (of.bound > 65_535) return `port ${of.port} would be bound as ${of.bound}, which is no port`;
  if (of.other !== undefined) return `port ${of.port} would be bound as ${of.bound}, as port ${of.other} is`;
  return of.waits ? `no port of the data plane is assigned to port ${of.port} yet` : '';
}

/** Ports that are bound; none while there is no address and no port of the nodes. */
export function boundPorts({ addresses, behindNodes, ports }: ServiceFrontend): FrontendPort[] {
  return addresses.length === 0 && !behindNodes ? [] : ports.filter(({ fault }) => fault === '');
}

/** The gateway of the IR that the Service stands for; `listeners` are the keys of those that are served. */
export function frontendGateway(frontend: ServiceFrontend, listeners: readonly string[]): IrGateway {
  const { key, ref, generation, addresses } = frontend;
  return {
    kind: 'gateway',
    key,
    source: ref,
    generation,
    addresses: [...addresses],
    listeners: listeners.toSorted(compareText),
  };
}

/** The listener of a port, with one server for every host, named as the port is. */
export function frontendListener(
  { key, addresses }: ServiceFrontend,
  port: FrontendPort,
  protocol: IrListener['protocol'],
): IrListener {
  return {
    kind: 'listener',
    key: port.listener,
    gateway: key,
    protocol,
    addresses: [...addresses],
    port: port.port,
    bindPort: port.bindPort,
    ...(port.socket === undefined ? {} : { socket: port.socket }),
    servers: [{ name: serverName(port), hostname: '*', certificates: [] }],
  };
}

/** The name of the only server of a port's listener. */
export function serverName({ name, port }: Pick<FrontendPort, 'name' | 'port'>): string {
  return name === '' ? `${port}` : name;
}
