// Facts into collections. What comes in: facts of the log in order; what goes out: one source per kind of fact, the
// newest word on each subject. Facts that do not decide anything here (refusals, judgements) are passed over.
import type { Fact, FactOf } from '@sluice/events';
import type { Graph, Source } from '@sluice/incremental';
import { gatewayKey } from '@sluice/ir';
import {
  type BackendTlsPolicy,
  type ConfigMap,
  type EndpointSlice,
  type EnvoyConfig,
  type Gateway,
  type GatewayClass,
  type GrpcRoute,
  type HttpRoute,
  type Ingress,
  type IngressClass,
  type KnownObject,
  kinds,
  type ListenerSet,
  type Namespace,
  objectRefOf,
  type Pod,
  type ReferenceGrant,
  type Service,
  type TcpRoute,
  type TlsRoute,
  type UdpRoute,
} from '@sluice/kinds';
import { objectKey } from './keys.ts';

/** A fact with the subject it stands on. */
export interface FactInput {
  readonly subject: string;
  readonly fact: Fact;
}

/** The sources of the graph. Objects by `<namespace>/<name>`. */
export interface Inputs {
  readonly classes: Source<GatewayClass>;
  readonly gateways: Source<Gateway>;
  readonly listenerSets: Source<ListenerSet>;
  readonly routes: Source<HttpRoute>;
  readonly grpcRoutes: Source<GrpcRoute>;
  readonly backendTlsPolicies: Source<BackendTlsPolicy>;
  readonly configMaps: Source<ConfigMap>;
  readonly tlsRoutes: Source<TlsRoute>;
  readonly tcpRoutes: Source<TcpRoute>;
  readonly udpRoutes: Source<UdpRoute>;
  readonly services: Source<Service>;
  readonly slices: Source<EndpointSlice>;
  readonly pods: Source<Pod>;
  readonly namespaces: Source<Namespace>;
  readonly grants: Source<ReferenceGrant>;
  readonly ingressClasses: Source<IngressClass>;
  readonly ingresses: Source<Ingress>;
  /** Of both kinds; those of the whole cluster by `/<name>`. */
  readonly envoyConfigs: Source<EnvoyConfig>;
  /** By `<namespace>/<name>` of the Secret. */
  readonly certificates: Source<FactOf<'CertificateObserved'>>;
  /** Of Gateways, Services and CiliumEnvoyConfigs, by `gatewayKey`. */
  readonly addresses: Source<FactOf<'AddressAssigned'>>;
  /** By subject. */
  readonly rejections: Source<FactOf<'ResourceRejected'>>;
}

/** Makes the sources. Objects are held as text: they are read when they change, and then seldom. */
export function makeInputs(graph: Graph): Inputs {
  const objects = <V>(name: string): Source<V> => graph.source<V>(name, { keep: 'text' });
  return {
    classes: objects('GatewayClass'),
    gateways: objects('Gateway'),
    listenerSets: objects('ListenerSet'),
    routes: objects('HTTPRoute'),
    grpcRoutes: objects('GRPCRoute'),
    backendTlsPolicies: objects('BackendTLSPolicy'),
    configMaps: objects('ConfigMap'),
    tlsRoutes: objects('TLSRoute'),
    tcpRoutes: objects('TCPRoute'),
    udpRoutes: objects('UDPRoute'),
    services: objects('Service'),
    slices: objects('EndpointSlice'),
    pods: objects('Pod'),
    namespaces: objects('Namespace'),
    grants: objects('ReferenceGrant'),
    ingressClasses: objects('IngressClass'),
    ingresses: objects('Ingress'),
    envoyConfigs: objects('CiliumEnvoyConfig'),
    certificates: graph.source('certificate facts'),
    addresses: graph.source('address facts'),
    rejections: objects('rejections'),
  };
}

const sourceOf = {
  GatewayClass: 'classes',
  Gateway: 'gateways',
  ListenerSet: 'listenerSets',
  HTTPRoute: 'routes',
  GRPCRoute: 'grpcRoutes',
  BackendTLSPolicy: 'backendTlsPolicies',
  ConfigMap: 'configMaps',
  TLSRoute: 'tlsRoutes',
  TCPRoute: 'tcpRoutes',
  UDPRoute: 'udpRoutes',
  Service: 'services',
  EndpointSlice: 'slices',
  Pod: 'pods',
  Namespace: 'namespaces',
  ReferenceGrant: 'grants',
  IngressClass: 'ingressClasses',
  Ingress: 'ingresses',
  CiliumEnvoyConfig: 'envoyConfigs',
  CiliumClusterwideEnvoyConfig: 'envoyConfigs',
} as const satisfies Record<KnownObject['kind'], keyof Inputs>;

/** Which kinds have had their first list; until all have, nothing may be concluded from an object's absence. */
export class SyncGate {
  readonly #open = new Set(kinds.map((kind) => `${kind.group}/${kind.kind}`));

  /** Kinds that are waited for, as `<group>/<kind>`, sorted. */
  get waiting(): string[] {
    return [...this.#open].sort();
  }

  get ready(): boolean {
    return this.#open.size === 0;
  }

  mark(group: string, kind: string): void {
    this.#open.delete(`${group}/${kind}`);
  }
}

/** The source that a fact says something of, and of which key; undefined for one that decides nothing here. */
function placeOf({ subject, fact }: FactInput, inputs: Inputs) {
  switch (fact.type) {
    case 'ObjectChanged': {
      const { namespace, name } = objectRefOf(fact.object);
      return { source: inputs[sourceOf[fact.object.kind]], key: objectKey(namespace, name) };
    }
    case 'ObjectDeleted': {
      const { kind, namespace, name } = fact.ref;
      if (!Object.hasOwn(sourceOf, kind)) return undefined;
      return { source: inputs[sourceOf[kind as KnownObject['kind']]], key: objectKey(namespace, name) };
    }
    case 'AddressAssigned':
    case 'AddressReleased':
      return { source: inputs.addresses, key: gatewayKey(fact.gateway) };
    case 'CertificateObserved':
    case 'CertificateForgotten':
      return { source: inputs.certificates, key: objectKey(fact.ref.namespace, fact.ref.name) };
    case 'ResourceRejected':
    case 'RejectionCleared':
      return { source: inputs.rejections, key: subject };
    default:
      return undefined;
  }
}

/** A function that takes a fact back that is about to be taken in; undefined where that cannot be done. */
export function undoOf(input: FactInput, inputs: Inputs): (() => void) | undefined {
  if (input.fact.type === 'KindSynced') return undefined;
  const place = placeOf(input, inputs);
  return place === undefined ? () => {} : place.source.restorer(place.key);
}

/** Takes one fact in; it shows after the next commit. */
export function takeFact(input: FactInput, inputs: Inputs, gate: SyncGate): void {
  const { subject, fact } = input;
  switch (fact.type) {
    case 'ObjectChanged':
      putObject(fact.object, inputs);
      return;
    case 'KindSynced':
      gate.mark(fact.group, fact.kind);
      return;
    case 'AddressAssigned':
      inputs.addresses.set(gatewayKey(fact.gateway), fact);
      return;
    case 'CertificateObserved':
      inputs.certificates.set(objectKey(fact.ref.namespace, fact.ref.name), fact);
      return;
    case 'ResourceRejected':
      inputs.rejections.set(subject, fact);
      return;
    case 'ObjectDeleted':
    case 'AddressReleased':
    case 'CertificateForgotten':
    case 'RejectionCleared': {
      const place = placeOf(input, inputs);
      place?.source.delete(place.key);
      return;
    }
    default:
      return;
  }
}

function putObject(object: KnownObject, inputs: Inputs): void {
  const { namespace, name } = objectRefOf(object);
  const key = objectKey(namespace, name);
  switch (object.kind) {
    case 'GatewayClass':
      inputs.classes.set(key, object);
      return;
    case 'Gateway':
      inputs.gateways.set(key, object);
      return;
    case 'ListenerSet':
      inputs.listenerSets.set(key, object);
      return;
    case 'HTTPRoute':
      inputs.routes.set(key, object);
      return;
    case 'GRPCRoute':
      inputs.grpcRoutes.set(key, object);
      return;
    case 'BackendTLSPolicy':
      inputs.backendTlsPolicies.set(key, object);
      return;
    case 'ConfigMap':
      inputs.configMaps.set(key, object);
      return;
    case 'TLSRoute':
      inputs.tlsRoutes.set(key, object);
      return;
    case 'TCPRoute':
      inputs.tcpRoutes.set(key, object);
      return;
    case 'UDPRoute':
      inputs.udpRoutes.set(key, object);
      return;
    case 'Service':
      inputs.services.set(key, object);
      return;
    case 'EndpointSlice':
      inputs.slices.set(key, object);
      return;
    case 'Pod':
      inputs.pods.set(key, object);
      return;
    case 'Namespace':
      inputs.namespaces.set(key, object);
      return;
    case 'ReferenceGrant':
      inputs.grants.set(key, object);
      return;
    case 'IngressClass':
      inputs.ingressClasses.set(key, object);
      return;
    case 'Ingress':
      inputs.ingresses.set(key, object);
      return;
    case 'CiliumEnvoyConfig':
    case 'CiliumClusterwideEnvoyConfig':
      inputs.envoyConfigs.set(key, object);
      return;
  }
}
