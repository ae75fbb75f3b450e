// Gateways whose addresses a load balancer gives, and Services that stand at a listener of their own → their assignments.
// What the Services of Gateways have is told by the adapter that watches them; the ports to bind are assigned here.
import type { FactOf, Sockets } from '@sluice/events';
import type { ObjectRef } from '@sluice/ir';
import { type Gateway, type ListenerSet, objectRefOf, type Service } from '@sluice/kinds';
import ipaddr from 'ipaddr.js';
import type { IngressHolder } from '../ingress-holders.ts';
import { keyOf } from '../keys.ts';
import type { OwnAddress } from '../service-claims.ts';
import type { Ingress } from './observed.ts';
import { assignSockets, type GatewayPort } from './sockets.ts';

type Assignment = FactOf<'AddressAssigned'>;

/** The Service in our namespace whose endpoints the Envoys are, and its port: in deploy/envoy.yaml. */
export const envoyService = { service: 'envoy', port: 19_001 } as const;

/** What is known of the load balancer. */
export interface ServiceAddressing {
  readonly kind: 'services';
  /** IP addresses that Envoys bind, e.g. `0.0.0.0`. */
  readonly bindAddresses: readonly string[];
  /** Of what Service the Envoys are the endpoints. */
  readonly envoys: NonNullable<Sockets['envoys']>;
  /**
   * What the load balancer gave to the Service of a Gateway or of Ingresses, and what stands in the way of it, in words; undefined while that is not known:
   * then what was assigned stays.
   */
  ingress(holder: Gateway | IngressHolder): (Ingress & { readonly fault: string }) | undefined;
}

/** Who gets addresses and ports. */
export interface ServedByNodes {
  readonly gateways: readonly Gateway[];
  readonly listenerSets: readonly ListenerSet[];
  /** Those that stand at a listener of their own: clients reach them at their cluster IPs. */
  readonly services: readonly Service[];
  /** Reached by what runs on the node itself, and by nobody else. */
  readonly others: readonly OwnAddress[];
  /** Behind a Service of the load balancer each, as Gateways are. */
  readonly ingresses: readonly IngressHolder[];
}

/** Where what has no address in the cluster is bound. */
const nodeOnly = '127.0.0.1';

/**
 * Assigns to all Gateways and Services.
 * @param before assignments in force, by key of the holder
 * @returns the assignment of each holder, by key
 */
export function assignServiceAddresses(
  { gateways, listenerSets, services, others, ingresses }: ServedByNodes,
  before: ReadonlyMap<string, Assignment>,
  addressing: ServiceAddressing,
): Map<string, Assignment> {
  const { envoys } = addressing;
  const sets = Map.groupBy(listenerSets, gatewayOf);
  const wanted = new Map([
    ...gateways.map((gateway) => {
      const key = keyOf(objectRefOf(gateway));
      const taken = (sets.get(key) ?? []).filter((set) => mayTake(gateway, set));
      return [key, portsOf([gateway, ...taken])] as const;
    }),
    ...services.map((service) => [keyOf(objectRefOf(service)), tcpPortsOf(service)] as const),
    ...[...others, ...ingresses].map(({ ref, ports }) => [keyOf(ref), ports.map(tcpPort)] as const),
  ]);
  const held = new Map([...before].map(([key, { sockets }]) => [key, sockets]));
  const sockets = assignSockets(wanted, held, addressing.bindAddresses);
  const assigned = (
    ref: ObjectRef,
    own: Pick<Assignment, 'addresses' | 'hostnames' | 'unusable'>,
    more: Pick<Sockets, 'envoys'> = {},
  ): [string, Assignment] => {
    const bound = sockets.get(keyOf(ref));
    const rest = bound === undefined ? {} : { sockets: { ...bound, ...more } };
    return [keyOf(ref), { type: 'AddressAssigned', gateway: ref, ...own, lowPortOffset: 0, ...rest }];
  };
  return new Map([
    ...gateways.map((g) => {
      const ref = objectRefOf(g);
      const ingress = addressing.ingress(g);
      return assigned(ref, ingress === undefined ? kept(before.get(keyOf(ref))) : judged(g, ingress));
    }),
    // No Service of ours leads to these, with slices that name the Envoys.
    ...services.map((s) =>
      assigned(objectRefOf(s), { addresses: clusterAddresses(s), unusable: [] }, { envoys }),
    ),
    ...ingresses.map((holder) => {
      const ingress = addressing.ingress(holder);
      return assigned(
        holder.ref,
        ingress === undefined ? kept(before.get(keyOf(holder.ref))) : given(ingress),
      );
    }),
    ...others.map(({ ref }): [string, Assignment] => {
      const own = { addresses: [nodeOnly], ports: sockets.get(keyOf(ref))?.ports ?? [] };
      const fact = { type: 'AddressAssigned' as const, gateway: ref, lowPortOffset: 0 };
      return [keyOf(ref), { ...fact, addresses: [nodeOnly], sockets: own, unusable: [] }];
    }),
  ]);
}

function kept(before: Assignment | undefined): Pick<Assignment, 'addresses' | 'hostnames' | 'unusable'> {
  if (before === undefined) return { addresses: [], unusable: [] };
  const { addresses, hostnames, unusable } = before;
  return { addresses, ...(hostnames === undefined ? {} : { hostnames }), unusable };
}

/** What the load balancer gave, whatever it is. */
function given({
  addresses,
  hostnames,
  fault,
}: Ingress & { readonly fault: string }): Pick<Assignment, 'addresses' | 'hostnames' | 'unusable'> {
  const canonical = addresses.filter((a) => ipaddr.isValid(a)).map((a) => ipaddr.parse(a).toString());
  return {
    addresses: canonical.toSorted(),
    ...(hostnames.length === 0 ? {} : { hostnames: [...hostnames] }),
    unusable: fault === '' ? [] : [{ value: '', reason: fault }],
  };
}

function tcpPort(port: number): GatewayPort {
  return { port, transport: 'TCP' };
}

/** A Service without a cluster IP has none. */
function clusterAddresses({ spec }: Service): string[] {
  const given = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP]);
  return given
    .filter((a) => ipaddr.isValid(a))
    .map((a) => ipaddr.parse(a).toString())
    .toSorted();
}

function tcpPortsOf({ spec }: Service): GatewayPort[] {
  return spec.ports.flatMap(({ port, protocol }) =>
    protocol === 'TCP' ? [{ port, transport: protocol }] : [],
  );
}

/** Transport of each protocol that a listener may have. */
function portsOf(owners: readonly (Gateway | ListenerSet)[]): GatewayPort[] {
  const ports = new Map<string, GatewayPort>();
  for (const { port, protocol } of owners.flatMap(({ spec }) => spec.listeners)) {
    const transport = protocol === 'UDP' ? 'UDP' : 'TCP';
    ports.set(`${transport}|${port}`, { port, transport });
  }
  return [...ports.values()];
}

/** Key of the Gateway that a set adds listeners to. */
function gatewayOf({ metadata, spec }: ListenerSet): string {
  const { group, kind, name, namespace = metadata.namespace } = spec.parentRef;
  return keyOf({ group, kind, namespace, name });
}

/**
 * Whether a Gateway may take the listeners of a set. A selector counts as yes: which namespaces it chooses is for the
 * translator to say, and until it takes the set nothing answers on the port.
 */
function mayTake({ metadata, spec }: Gateway, set: ListenerSet): boolean {
  const { from = 'None' } = spec.allowedListeners?.namespaces ?? {};
  return from === 'Same' ? set.metadata.namespace === metadata.namespace : from !== 'None';
}

/** Of what a Gateway asks for, what it has. Asked for by value, no other address is its address. */
function judged(
  { spec }: Gateway,
  ingress: Ingress & { readonly fault: string },
): Pick<Assignment, 'addresses' | 'hostnames' | 'unusable'> {
  const given = ingress.addresses.filter((a) => ipaddr.isValid(a)).map((a) => ipaddr.parse(a).toString());
  const asked = spec.addresses.flatMap(({ type, value }) =>
    type === 'IPAddress' && value !== undefined ? [value] : [],
  );
  const faulty = ingress.fault === '' ? [] : [{ value: '', reason: ingress.fault }];
  if (asked.length === 0) {
    const hostnames = ingress.hostnames.length === 0 ? {} : { hostnames: ingress.hostnames.toSorted() };
    return { addresses: given.toSorted(), ...hostnames, unusable: faulty };
  }
  const canonical = (value: string): string =>
    ipaddr.isValid(value) ? ipaddr.parse(value).toString() : value;
  return {
    addresses: given.filter((a) => asked.some((value) => canonical(value) === a)).toSorted(),
    unusable: [
      ...faulty,
      ...asked
        .filter((value) => !given.includes(canonical(value)))
        .map((value) => ({
          value,
          reason: ipaddr.isValid(value)
            ? 'the load balancer has not given it to the Service of the Gateway'
            : 'is no IP address',
        })),
    ],
  };
}
