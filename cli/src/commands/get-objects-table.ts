// Which columns a kind has in `sluice get`. In: objects with their status; out: head and rows.
import { type KnownObjectOf, namedIngressClass, type PodHostPort, readServiceL7 } from '@sluice/kinds';
import { findCondition, recordsOf } from '../model/conditions.ts';
import type { ShownObject } from '../model/objects.ts';
import { addressesOf } from '../model/service-state.ts';
import { delayText } from './get-delivery.ts';
import type { Shown } from './get-shown.ts';

type Manifest = Readonly<Record<string, unknown>>;
type Listener = KnownObjectOf<'Gateway'>['spec']['listeners'][number];
/** The port that clients reach a listener of a Gateway at: differs from the spec's where low ports may not be bound. */
export type BoundPort = (gateway: string, listener: Pick<Listener, 'protocol' | 'port'>) => number;

interface Columns {
  readonly head: readonly string[];
  readonly cells: (manifest: Manifest, boundPort: BoundPort) => readonly string[];
}

/** Of routes of any kind. */
function routeColumns(withHostnames: boolean): Columns {
  return {
    head: [...(withHostnames ? ['HOSTNAMES'] : []), 'PARENTS', 'ACCEPTED', 'RESOLVED', 'DELAY'],
    cells: (manifest) => {
      const { spec } = manifest as unknown as KnownObjectOf<'HTTPRoute'>;
      const parents = spec.parentRefs.map(({ namespace, name }) =>
        namespace === undefined ? name : `${namespace}/${name}`,
      );
      return [
        ...(withHostnames ? [joined(spec.hostnames, '*')] : []),
        joined(parents),
        parentCondition(manifest, 'Accepted'),
        parentCondition(manifest, 'ResolvedRefs'),
        delayText(manifest),
      ];
    },
  };
}

const envoyConfigColumns: Columns = {
  head: ['ADDRESS', 'ACCEPTED', 'RESOLVED', 'PROGRAMMED'],
  cells: (manifest) => {
    const { status } = manifest;
    const list = recordsOf([status])[0]?.addresses;
    const at = recordsOf(list).map(({ address, port }) => `${String(address)}:${String(port)}`);
    return [
      joined(at),
      conditionOf(manifest, 'Accepted'),
      conditionOf(manifest, 'ResolvedRefs'),
      conditionOf(manifest, 'Programmed'),
    ];
  },
};

/** Columns after NAMESPACE and NAME. A manifest came through the kind's schema, so its shape is known. */
const columns: Readonly<Record<string, Columns>> = {
  Gateway: {
    head: ['CLASS', 'ADDRESS', 'LISTENERS', 'ACCEPTED', 'PROGRAMMED'],
    cells: (manifest, boundPort) => {
      const { metadata, spec } = manifest as unknown as KnownObjectOf<'Gateway'>;
      const gateway = `${metadata.namespace}/${metadata.name}`;
      const listeners = spec.listeners.map((listener) => portText(listener, boundPort(gateway, listener)));
      return [
        spec.gatewayClassName,
        addresses(manifest),
        joined(listeners),
        conditionOf(manifest, 'Accepted'),
        conditionOf(manifest, 'Programmed'),
      ];
    },
  },
  GatewayClass: {
    head: ['CONTROLLER', 'ACCEPTED'],
    cells: (manifest) => {
      const { spec } = manifest as unknown as KnownObjectOf<'GatewayClass'>;
      return [spec.controllerName, conditionOf(manifest, 'Accepted')];
    },
  },
  HTTPRoute: routeColumns(true),
  GRPCRoute: routeColumns(true),
  TLSRoute: routeColumns(true),
  TCPRoute: routeColumns(false),
  UDPRoute: routeColumns(false),
  ListenerSet: {
    head: ['GATEWAY', 'LISTENERS', 'ACCEPTED', 'PROGRAMMED'],
    cells: (manifest, boundPort) => {
      const { metadata, spec } = manifest as unknown as KnownObjectOf<'ListenerSet'>;
      const { namespace, name } = spec.parentRef;
      const gateway = `${namespace ?? metadata.namespace}/${name}`;
      return [
        namespace === undefined ? name : `${namespace}/${name}`,
        joined(spec.listeners.map((listener) => portText(listener, boundPort(gateway, listener)))),
        conditionOf(manifest, 'Accepted'),
        conditionOf(manifest, 'Programmed'),
      ];
    },
  },
  BackendTLSPolicy: {
    head: ['TARGETS', 'HOSTNAME', 'AUTHORITIES', 'ACCEPTED', 'RESOLVED'],
    cells: (manifest) => {
      const { spec } = manifest as unknown as KnownObjectOf<'BackendTLSPolicy'>;
      const { caCertificateRefs, wellKnownCACertificates, hostname } = spec.validation;
      const targets = spec.targetRefs.map(({ name, sectionName }) =>
        sectionName === undefined ? name : `${name}:${sectionName}`,
      );
      return [
        joined(targets),
        hostname,
        wellKnownCACertificates ?? joined(caCertificateRefs.map(({ name }) => name)),
        ancestorCondition(manifest, 'Accepted'),
        ancestorCondition(manifest, 'ResolvedRefs'),
      ];
    },
  },
  Ingress: {
    head: ['CLASS', 'HOSTS', 'ADDRESS', 'ACCEPTED', 'RESOLVED', 'PROGRAMMED'],
    cells: (manifest) => {
      const { metadata, spec } = manifest as unknown as KnownObjectOf<'Ingress'>;
      const hosts = [...new Set(spec.rules.map(({ host }) => host || '*'))];
      return [
        namedIngressClass({ metadata, spec }) ?? '-',
        joined(hosts.length === 0 ? ['*'] : hosts),
        joined(addressesOf(manifest.status)),
        conditionOf(manifest, 'Accepted'),
        conditionOf(manifest, 'ResolvedRefs'),
        conditionOf(manifest, 'Programmed'),
      ];
    },
  },
  CiliumEnvoyConfig: envoyConfigColumns,
  CiliumClusterwideEnvoyConfig: envoyConfigColumns,
  IngressClass: {
    head: ['CONTROLLER', 'ACCEPTED', 'ADDRESS', 'PROGRAMMED'],
    cells: (manifest) => {
      const { spec } = manifest as unknown as KnownObjectOf<'IngressClass'>;
      return [
        spec.controller,
        conditionOf(manifest, 'Accepted'),
        addresses(manifest),
        conditionOf(manifest, 'Programmed'),
      ];
    },
  },
  Service: {
    head: ['TYPE', 'PORTS', 'L7', 'ADDRESS', 'PROGRAMMED', 'DATAPATH'],
    cells: (manifest) => {
      const { spec, metadata } = manifest as unknown as KnownObjectOf<'Service'>;
      const accepted = conditionOf(manifest, 'sluice.dev/L7Accepted');
      const algorithm = readServiceL7(metadata.annotations)?.algorithm ?? '-';
      return [
        spec.type,
        joined(spec.ports.map(servicePortText)),
        accepted === 'True' ? algorithm : accepted === '-' ? '-' : 'refused',
        joined([...new Set([...ownAddresses(spec), ...addressesOf(manifest.status)])]),
        conditionOf(manifest, 'sluice.dev/L7Programmed'),
        datapathText(manifest),
      ];
    },
  },
  EndpointSlice: {
    head: ['ENDPOINTS', 'PORTS'],
    cells: (manifest) => {
      const { endpoints, ports } = manifest as unknown as KnownObjectOf<'EndpointSlice'>;
      const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false).length;
      return [`${ready}/${endpoints.length} ready`, joined(ports.map(({ port }) => `${port ?? '*'}`))];
    },
  },
  Pod: {
    head: ['NODE', 'ADDRESSES', 'HOST PORTS', 'DATAPATH'],
    cells: (manifest) => {
      const { spec, status } = manifest as unknown as KnownObjectOf<'Pod'>;
      const ports = spec.containers.flatMap(({ ports: own }) => own);
      const lost = ['HostPortConflicted', 'HostPortPartiallyInvalid'].flatMap(
        (type) => findCondition(status, `sluice.dev/${type}`)?.reason ?? [],
      );
      return [
        spec.nodeName ?? '-',
        joined(status.podIPs.map(({ ip }) => ip)),
        joined(ports.map(hostPortText)),
        joined(lost),
      ];
    },
  },
  Secret: {
    head: ['TYPE', 'DNS NAMES', 'NOT AFTER', 'STATE'],
    cells: (manifest) => {
      const certificate = manifest.certificate as {
        dnsNames: string[];
        notAfter: string;
        expired: boolean;
        fault: string;
      };
      const state = certificate.fault !== '' ? certificate.fault : certificate.expired ? 'expired' : 'ok';
      return [String(manifest.type), joined(certificate.dnsNames), certificate.notAfter || '-', state];
    },
  },
};

/** One kind with columns of its own; several kinds, or one without, by name and place. */
export function objectTable(
  kind: string | undefined,
  found: readonly ShownObject[],
  boundPort: BoundPort = (_gateway, { port }) => port,
): Pick<Shown, 'head' | 'rows'> {
  const own = kind === undefined || !Object.hasOwn(columns, kind) ? undefined : columns[kind];
  if (own !== undefined)
    return {
      head: ['NAMESPACE', 'NAME', ...own.head],
      rows: found.map(({ ref, manifest }) => [
        ref.namespace || '-',
        ref.name,
        ...own.cells(manifest, boundPort),
      ]),
    };
  return {
    head: ['KIND', 'NAMESPACE', 'NAME', 'ORIGIN'],
    rows: found.map(({ ref, origin }) => [ref.kind, ref.namespace || '-', ref.name, place(origin)]),
  };
}

/** `80/TCP`, with the port of nodes `80:30080/TCP`. */
function servicePortText({
  port,
  nodePort,
  protocol,
}: KnownObjectOf<'Service'>['spec']['ports'][number]): string {
  return `${port}${nodePort === undefined ? '' : `:${nodePort}`}/${protocol}`;
}

/** `80:8080/TCP`: of the node, and of the Pod; with a hostIP `192.0.2.1:80:8080/TCP`. */
function hostPortText({ hostIP, hostPort, containerPort, protocol }: PodHostPort): string {
  return `${hostIP === undefined ? '' : `${hostIP}:`}${hostPort}:${containerPort}/${protocol}`;
}

/** `True` where all kernels have its addresses, else why not; `-` where nothing is to be said, or no datapath runs. */
function datapathText({ status }: Manifest): string {
  const conflicted = findCondition(status, 'sluice.dev/L4Conflicted');
  const programmed = findCondition(status, 'sluice.dev/L4Programmed');
  if (programmed === undefined) return conflicted?.reason ?? '-';
  return programmed.status === 'True' ? (conflicted?.reason ?? 'True') : programmed.reason;
}

/** Addresses that a Service has by its own word. */
function ownAddresses({
  clusterIP,
  clusterIPs,
  externalIPs = [],
}: KnownObjectOf<'Service'>['spec']): string[] {
  const cluster = clusterIPs ?? (clusterIP === undefined ? [] : [clusterIP]);
  return [...cluster.filter((ip) => ip !== '' && ip !== 'None'), ...externalIPs];
}

function place(origin: ShownObject['origin']): string {
  return origin === undefined || origin.file === '' ? '-' : `${origin.file}:${origin.line}`;
}

function joined(texts: readonly string[], whenEmpty = '-'): string {
  return texts.length === 0 ? whenEmpty : texts.join(',');
}

function addresses(manifest: Manifest): string {
  const status = manifest.status;
  const list =
    typeof status === 'object' && status !== null && 'addresses' in status ? status.addresses : undefined;
  return joined(recordsOf(list).map((address) => String(address.value)));
}

function conditionOf(manifest: Manifest, type: string): string {
  return findCondition(manifest.status, type)?.status ?? '-';
}

/** `HTTP:80`, or `HTTP:80 (bound to 10080)`. */
function portText({ protocol, port }: Pick<Listener, 'protocol' | 'port'>, bound: number): string {
  return bound === port ? `${protocol}:${port}` : `${protocol}:${port} (bound to ${bound})`;
}

/** `True` where every parent says so, else the first other word. */
function parentCondition({ status }: Manifest, type: string): string {
  const parents = typeof status === 'object' && status !== null && 'parents' in status ? status.parents : [];
  return commonCondition(parents, type);
}

/** The same of the Gateways that a policy works for. */
function ancestorCondition({ status }: Manifest, type: string): string {
  const known = typeof status === 'object' && status !== null && 'ancestors' in status;
  return commonCondition(known ? status.ancestors : [], type);
}

function commonCondition(entries: unknown, type: string): string {
  const words = recordsOf(entries).map((entry) => findCondition(entry, type)?.status ?? '-');
  return words.find((word) => word !== 'True') ?? words[0] ?? '-';
}
