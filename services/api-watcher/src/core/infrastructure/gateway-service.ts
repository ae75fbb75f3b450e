// A Gateway → the Service and the EndpointSlices through which the cluster's load balancer reaches Envoy, GEP-1762. They
// stand in the Gateway's namespace and are owned by it, so they go with it even while we are away. The Service has no
// selector, since the Envoys are in our own namespace: the slices name them.
import type { Sockets } from '@sluice/events';
import { canonicalHash } from '@sluice/ir';
import { type Gateway, managedBy } from '@sluice/kinds';
import ipaddr from 'ipaddr.js';

/** Names the Gateway, Gateway API v1.6 (shared_types: GatewayNameLabelKey). */
export const gatewayNameLabel = 'gateway.networking.k8s.io/gateway-name';
const sliceManager = { 'endpointslice.kubernetes.io/managed-by': 'api-watcher.sluice.dev' };
/** More endpoints than these no slice may hold: discovery.k8s.io/v1. */
const maxEndpoints = 1_000;
/** Length of a DNS label, RFC 1035. */
const maxName = 63;

/** An Envoy that can be sent to. */
export interface EnvoyPod {
  readonly ip: string;
  readonly node: string;
  readonly ready: boolean;
  /** It has been told to end: what it has in hand is still answered. */
  readonly terminating: boolean;
}

interface Meta {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly ownerReferences: readonly object[];
}

/** What a Service of ours is made of, whatever it stands before. */
export interface ServiceFront {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** What it goes with. */
  readonly owner: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    readonly uid: string;
  };
  readonly spec: Omit<GatewayService['spec'], 'ports'>;
  /** Ports of the nodes that are asked for, by port. */
  readonly nodePorts: ReadonlyMap<number, number>;
}

/** A Service as we would have it. */
export interface GatewayService {
  readonly apiVersion: 'v1';
  readonly kind: 'Service';
  readonly metadata: Meta;
  readonly spec: {
    readonly type: 'LoadBalancer' | 'NodePort';
    readonly loadBalancerIP?: string;
    readonly loadBalancerClass?: string;
    readonly externalTrafficPolicy?: 'Cluster' | 'Local';
    readonly ports: readonly {
      readonly name: string;
      readonly port: number;
      readonly protocol: string;
      readonly targetPort: number;
      readonly nodePort?: number;
    }[];
  };
}

/** An EndpointSlice as we would have it. */
export interface GatewaySlice {
  readonly apiVersion: 'discovery.k8s.io/v1';
  readonly kind: 'EndpointSlice';
  readonly metadata: Meta;
  readonly addressType: 'IPv4' | 'IPv6';
  readonly ports: readonly { readonly name: string; readonly port: number; readonly protocol: string }[];
  readonly endpoints: readonly object[];
}

/** Name of a Gateway's Service: `<gateway>-<class>`, with a hash where that is no DNS label or too long. */
export function gatewayServiceName({ metadata, spec }: Gateway): string {
  const name = `${metadata.name}-${spec.gatewayClassName}`;
  if (name.length <= maxName && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name)) return name;
  const hash = canonicalHash(name).slice(0, 10);
  const cut = name.replace(/[^-a-z0-9]/g, '-').slice(0, maxName - hash.length - 4);
  return `gw-${cut.replace(/-+$/, '')}-${hash}`;
}

/** What stands before a Gateway. */
export function gatewayFront(gateway: Gateway): ServiceFront {
  const { apiVersion, kind, metadata, spec } = gateway;
  const wish = spec.addresses.find((a) => a.type === 'IPAddress' && a.value !== undefined)?.value;
  return {
    name: gatewayServiceName(gateway),
    namespace: metadata.namespace,
    // What we say outranks what the Gateway asks for.
    labels: { ...spec.infrastructure?.labels, ...managedBy, [gatewayNameLabel]: metadata.name },
    annotations: { ...spec.infrastructure?.annotations },
    owner: { apiVersion, kind, name: metadata.name, uid: metadata.uid },
    spec: {
      type: 'LoadBalancer',
      // Deprecated in words, but what implementations without an annotation of their own read.
      ...(wish !== undefined && ipaddr.isValid(wish) ? { loadBalancerIP: wish } : {}),
    },
    nodePorts: new Map(),
  };
}

/** The Service of a Gateway; undefined while there is no port to send to. */
export function gatewayService(gateway: Gateway, sockets: Sockets): GatewayService | undefined {
  return frontService(gatewayFront(gateway), sockets);
}

/** The slices of a Gateway's Service. */
export function gatewaySlices(
  gateway: Gateway,
  sockets: Sockets,
  envoys: readonly EnvoyPod[],
): GatewaySlice[] {
  return frontSlices(gatewayFront(gateway), sockets, envoys);
}

/** The Service; undefined while there is no port to send to. */
export function frontService(front: ServiceFront, sockets: Sockets): GatewayService | undefined {
  if (sockets.ports.length === 0) return undefined;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metaOf(front, front.name, {}),
    spec: {
      ...front.spec,
      ports: sockets.ports.map(({ port, transport, bindPort }) => {
        const nodePort = front.nodePorts.get(port);
        return {
          name: portName(port, transport),
          port,
          protocol: transport,
          targetPort: bindPort,
          ...(nodePort === undefined ? {} : { nodePort }),
        };
      }),
    },
  };
}

/** The slices of a Service: one for each family of addresses and 1,000 Envoys. */
export function frontSlices(
  front: ServiceFront,
  sockets: Sockets,
  envoys: readonly EnvoyPod[],
): GatewaySlice[] {
  const service = front.name;
  const sorted = envoys.filter(({ ip }) => ipaddr.isValid(ip)).toSorted((a, b) => (a.ip < b.ip ? -1 : 1));
  return (['IPv4', 'IPv6'] as const).flatMap((addressType) => {
    const family = sorted.filter(({ ip }) => ipaddr.parse(ip).kind() === addressType.toLowerCase());
    return chunks(family, maxEndpoints).map((members, index) => ({
      apiVersion: 'discovery.k8s.io/v1' as const,
      kind: 'EndpointSlice' as const,
      metadata: metaOf(front, `${service}-${addressType.toLowerCase()}-${index}`, {
        'kubernetes.io/service-name': service,
        ...sliceManager,
      }),
      addressType,
      ports: sockets.ports.map(({ port, transport, bindPort }) => ({
        name: portName(port, transport),
        port: bindPort,
        protocol: transport,
      })),
      endpoints: members.map(({ ip, node, ready, terminating }) => ({
        addresses: [ip],
        nodeName: node,
        conditions: { ready: ready && !terminating, serving: ready, terminating },
      })),
    }));
  });
}

function portName(port: number, transport: string): string {
  return `${transport.toLowerCase()}-${port}`;
}

function metaOf(
  { namespace, labels, annotations, owner }: ServiceFront,
  name: string,
  more: Readonly<Record<string, string>>,
): Meta {
  return {
    name,
    namespace,
    labels: { ...labels, ...more },
    annotations,
    ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: false }],
  };
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size));
}
