// Services as routes and endpoints see them. What comes in: Services; what goes out: one entry per Service and one per
// TCP port, with the HTTP that `appProtocol` asks for (KEP-3726). A change of labels touches no route.
import type { Collection, Graph } from '@sluice/incremental';
import type { Service, ServicePort } from '@sluice/kinds';
import { objectKey, servicePortKey, type Transport } from './keys.ts';

/** What endpoints need to know of a Service. */
export interface ServiceInfo {
  readonly external: boolean;
  readonly publishNotReady: boolean;
  /** Sorted by number, then TCP, UDP, SCTP. */
  readonly ports: readonly { readonly port: number; readonly name: string; readonly transport: Transport }[];
}

/** A TCP port that routes of HTTP may send to. */
export interface ServicePortInfo {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
  /** The empty string where it has none. */
  readonly name: string;
  /** Spoken over TLS: a policy must say whom to trust. */
  readonly secure: boolean;
  /** undefined: an application protocol that is not spoken here; `appProtocol` names it. */
  readonly protocol: 'http1' | 'h2c' | undefined;
  readonly appProtocol: string;
}

const protocols: Readonly<Record<string, 'http1' | 'h2c'>> = {
  '': 'http1',
  http: 'http1',
  tcp: 'http1',
  'kubernetes.io/ws': 'http1',
  ws: 'http1',
  'kubernetes.io/h2c': 'h2c',
  h2c: 'h2c',
  http2: 'h2c',
  grpc: 'h2c',
  https: 'http1',
  wss: 'http1',
  'kubernetes.io/wss': 'http1',
};

/** The HTTP that an `appProtocol` asks for; undefined for one that is not spoken here. */
export function httpProtocolOf(appProtocol: string): 'http1' | 'h2c' | undefined {
  const lower = appProtocol.toLowerCase();
  return Object.hasOwn(protocols, lower) ? protocols[lower] : undefined;
}

const secureProtocols: ReadonlySet<string> = new Set(['https', 'wss', 'kubernetes.io/wss']);

/** Application protocols that are served, for messages. */
export const servedAppProtocols = Object.keys(protocols).filter((name) => name !== '');

/**
 * Whether clients of a port speak HTTP in the clear, version 1 or 2. Where `appProtocol` does not say, they do, save at port
 * 443 and at ports that are named for TLS.
 */
export function isHttpPort(of: {
  readonly port: number;
  readonly name: string;
  readonly appProtocol: string;
}): boolean {
  const { port, name, appProtocol } = of;
  if (appProtocol === '') return port !== 443 && !/^(https|tls)(-|$)/.test(name);
  const lower = appProtocol.toLowerCase();
  return lower !== 'tcp' && httpProtocolOf(lower) !== undefined && !secureProtocols.has(lower);
}

/** Services by `<namespace>/<name>`. */
export function serviceInfos(graph: Graph, services: Collection<Service>): Collection<ServiceInfo> {
  return graph.map(services, 'service infos', ({ spec }) => ({
    external: spec.type === 'ExternalName',
    publishNotReady: spec.publishNotReadyAddresses,
    ports: [
      ...portsOf(spec.ports, 'tcp').map(({ port, name }) => ({ port, name, transport: 'tcp' as const })),
      ...portsOf(spec.ports, 'udp').map(({ port, name }) => ({ port, name, transport: 'udp' as const })),
      ...portsOf(spec.ports, 'sctp').map(({ port, name }) => ({ port, name, transport: 'sctp' as const })),
    ].sort((a, b) => a.port - b.port),
  }));
}

/** Ports by `<namespace>/<service>/<port>`. Services of type ExternalName have none: they have no endpoints here. */
export function servicePorts(graph: Graph, services: Collection<Service>): Collection<ServicePortInfo> {
  return graph.flatMap(services, 'service ports', ({ metadata, spec }) =>
    (spec.type === 'ExternalName' ? [] : portsOf(spec.ports, 'tcp')).map((port) => {
      const appProtocol = port.appProtocol ?? '';
      const lower = appProtocol.toLowerCase();
      const info: ServicePortInfo = {
        namespace: metadata.namespace,
        service: metadata.name,
        port: port.port,
        name: port.name,
        secure: secureProtocols.has(lower),
        protocol: httpProtocolOf(appProtocol),
        appProtocol,
      };
      return [servicePortKey(objectKey(metadata.namespace, metadata.name), port.port), info] as const;
    }),
  );
}

function portsOf(ports: readonly ServicePort[], transport: Transport): ServicePort[] {
  return ports.filter((port) => port.protocol === transport.toUpperCase()).sort((a, b) => a.port - b.port);
}
