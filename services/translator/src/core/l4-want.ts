// What a Service asks of the datapath. What comes in: a Service, and where its ports stand at a listener; what goes out: the
// places where clients reach it and how an endpoint is chosen there, with what is wrong about them. Other Services play no
// part yet. Service, core/v1 of Kubernetes 1.35; docs/adr/0021.
import {
  canonicalCidr,
  canonicalIp,
  compareText,
  type IrL4Frontend,
  type IrL4Service,
  type ObjectRef,
} from '@sluice/ir';
import { isMadeByUs, objectRefOf, readL4Algorithm, type Service, type ServicePort } from '@sluice/kinds';
import { objectKey, servicePortKey, type Transport } from './keys.ts';
import type { L7Service } from './l7-service.ts';
import { servedPorts } from './l7-service-ir.ts';
import { specialAddressFault } from './special-address.ts';

/** A Service with places where clients reach it below HTTP, or with something wrong about them. */
export interface L4Want {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly generation: number;
  readonly createdAt: string;
  /** Sorted by `frontendKey`. */
  readonly frontends: readonly IrL4Frontend[];
  readonly settings: L4Settings;
  /** Values that count as not said, in words. */
  readonly unusable: readonly string[];
  /** The same of annotations. */
  readonly annotations: readonly string[];
}

type L4Settings = Pick<
  IrL4Service,
  | 'affinityTimeoutS'
  | 'internalPolicy'
  | 'externalPolicy'
  | 'sourceRanges'
  | 'dataPlanes'
  | 'algorithm'
  | 'distribution'
>;

/** What of an IR frontend is a client's to connect to: one Service alone has it. */
export function frontendKey({
  protocol,
  address,
  port,
}: Pick<IrL4Frontend, 'protocol' | 'address' | 'port'>): string {
  return [protocol, address, port].join('|');
}

/** Reads a Service; undefined where it asks for nothing. `l7` is what it is at a listener of its own. */
export function l4WantOf(
  service: Service,
  l7: L7Service | undefined,
  prefixes: readonly string[],
): L4Want | undefined {
  const { metadata, spec } = service;
  if (spec.type === 'ExternalName') return undefined;
  const unusable: string[] = [];
  const places = placesOf(service, unusable);
  const settings = settingsOf(service, prefixes, unusable);
  const frontends = spec.ports
    .flatMap((port) => frontendsOf(service, port, places))
    .flatMap((frontend) => throughProxy(frontend, l7))
    .sort((a, b) => compareText(frontendKey(a), frontendKey(b)));
  const annotations = readL4Algorithm(metadata.annotations, prefixes).faults.map(
    ({ annotation, message, hint }) => `annotation ${annotation}: ${message} (${hint})`,
  );
  if (frontends.length === 0 && unusable.length === 0 && annotations.length === 0) return undefined;
  const { uid, generation, creationTimestamp: createdAt } = metadata;
  const ref = objectRefOf(service);
  return { ref, uid, generation, createdAt, frontends: distinct(frontends), settings, unusable, annotations };
}

interface Place {
  readonly address: string;
  readonly type: Exclude<IrL4Frontend['type'], 'node-port'>;
}

/** The addresses of a Service, each once: of two types that it has one as, the first counts. */
function placesOf({ spec, status }: Service, unusable: string[]): Place[] {
  const own = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP]);
  const given = [
    ...own.filter((ip) => ip !== '' && ip !== 'None').map((ip) => ['cluster', 'clusterIPs', ip] as const),
    ...(spec.externalIPs ?? []).map((ip) => ['external', 'externalIPs', ip] as const),
    ...(spec.type === 'LoadBalancer' ? (status?.loadBalancer.ingress ?? []) : []).map(
      ({ ip }) => ['load-balancer', 'status.loadBalancer', ip] as const,
    ),
  ];
  const places = new Map<string, Place>();
  for (const [type, field, text] of given) {
    const address = canonicalIp(text);
    const fault = address === undefined ? 'is no IP address' : specialAddressFault(address);
    if (address === undefined || fault !== '') unusable.push(`${field}: ${JSON.stringify(text)} ${fault}`);
    else if (!places.has(address)) places.set(address, { address, type });
  }
  return [...places.values()];
}

const transports: Readonly<Record<IrL4Frontend['protocol'], Transport>> = {
  TCP: 'tcp',
  UDP: 'udp',
  SCTP: 'sctp',
};

function frontendsOf(service: Service, port: ServicePort, places: readonly Place[]): IrL4Frontend[] {
  const { namespace, name } = service.metadata;
  const { protocol } = port;
  const endpoints = servicePortKey(objectKey(namespace, name), port.port, transports[protocol]);
  const at = places.map((place): IrL4Frontend => ({ ...place, port: port.port, protocol, endpoints }));
  const { nodePort } = port;
  const { type } = service.spec;
  if (nodePort === undefined || (type !== 'NodePort' && type !== 'LoadBalancer')) return at;
  const nodes = anyAddresses(service, places).map(
    (address): IrL4Frontend => ({ address, port: nodePort, protocol, type: 'node-port', endpoints }),
  );
  return [...at, ...nodes];
}

/** What stands for every address of a node, of each family that the Service has. */
function anyAddresses({ spec }: Service, places: readonly Place[]): string[] {
  const cluster = places.filter(({ type }) => type === 'cluster');
  const families = spec.ipFamilies ?? cluster.map(({ address }) => (address.includes(':') ? 'IPv6' : 'IPv4'));
  const any = new Set(families.map((family) => (family === 'IPv6' ? '::' : '0.0.0.0')));
  return any.size === 0 ? ['0.0.0.0'] : [...any];
}

/**
 * Where the port stands at a listener, what comes to a frontend goes there. An address that the listener binds itself is
 * none of the datapath's; without an address of the family the endpoints are reached without it.
 */
function throughProxy(frontend: IrL4Frontend, l7: L7Service | undefined): IrL4Frontend[] {
  if (l7 === undefined || frontend.protocol !== 'TCP') return [frontend];
  const served = servedPorts(l7).find(
    ({ port }) =>
      servicePortKey(objectKey(l7.frontend.ref.namespace, l7.frontend.ref.name), port) === frontend.endpoints,
  );
  if (served === undefined) return [frontend];
  const { socket, bindPort } = served;
  if (socket !== undefined) {
    const { envoys } = l7.frontend;
    if (envoys !== undefined) return [{ ...frontend, proxy: { dataPlanes: envoys, port: socket.port } }];
    const [only] = socket.addresses;
    const address = only === undefined || only === '0.0.0.0' || only === '::' ? '' : only;
    return [{ ...frontend, proxy: { address, port: socket.port } }];
  }
  const isIpv6 = frontend.address.includes(':');
  const address = l7.frontend.addresses.find((one) => one.includes(':') === isIpv6);
  if (address === undefined) return [frontend];
  if (frontend.address === address && frontend.port === bindPort) return [];
  return [{ ...frontend, proxy: { address, port: bindPort } }];
}

const distributions: Readonly<Record<string, NonNullable<IrL4Service['distribution']>>> = {
  PreferClose: 'same-zone',
  PreferSameZone: 'same-zone',
  PreferSameNode: 'same-node',
};

function settingsOf(service: Service, prefixes: readonly string[], unusable: string[]): L4Settings {
  const { metadata, spec } = service;
  const wanted = spec.trafficDistribution;
  const distribution =
    wanted !== undefined && Object.hasOwn(distributions, wanted) ? distributions[wanted] : undefined;
  if (wanted !== undefined && distribution === undefined)
    unusable.push(
      `trafficDistribution: ${JSON.stringify(wanted)} is not known, known are ${Object.keys(distributions).join(', ')}`,
    );
  return {
    ...(spec.sessionAffinity === 'ClientIP'
      ? { affinityTimeoutS: spec.sessionAffinityConfig?.clientIP.timeoutSeconds ?? 10_800 }
      : {}),
    ...(spec.internalTrafficPolicy === 'Local' ? { internalPolicy: 'local' as const } : {}),
    ...(spec.externalTrafficPolicy === 'Local' ? { externalPolicy: 'local' as const } : {}),
    ...rangesOf(spec.loadBalancerSourceRanges ?? [], unusable),
    ...(isMadeByUs(metadata) ? { dataPlanes: true as const } : {}),
    ...(readL4Algorithm(metadata.annotations, prefixes).algorithm === 'maglev'
      ? { algorithm: 'maglev' as const }
      : {}),
    ...(distribution === undefined ? {} : { distribution }),
  };
}

/** Ranges that cannot be read let nobody in: where all are such, nobody is. */
function rangesOf(given: readonly string[], unusable: string[]): Pick<L4Settings, 'sourceRanges'> {
  if (given.length === 0) return {};
  const ranges = new Set<string>();
  for (const text of given) {
    const range = canonicalCidr(text);
    if (range === undefined)
      unusable.push(`loadBalancerSourceRanges: ${JSON.stringify(text)} is no range of addresses`);
    else ranges.add(range);
  }
  return { sourceRanges: [...ranges].sort(compareText) };
}

/** Of two frontends with one key the first counts. */
function distinct(sorted: readonly IrL4Frontend[]): IrL4Frontend[] {
  return sorted.filter((frontend, i) => {
    const before = sorted[i - 1];
    return before === undefined || frontendKey(before) !== frontendKey(frontend);
  });
}
