// The table of kinds: one row each. A new kind is a schema file, a row here and a member of `knownObjectSchema`.
import type { z } from 'zod';
import { backendTlsPolicySchema } from './backend-tls-policy.ts';
import { ciliumClusterwideEnvoyConfigSchema, ciliumEnvoyConfigSchema } from './cilium-envoy-config.ts';
import { configMapSchema } from './config-map.ts';
import { endpointSliceSchema } from './endpoint-slice.ts';
import { gatewaySchema } from './gateway.ts';
import { gatewayClassSchema } from './gateway-class.ts';
import { grpcRouteSchema } from './grpc-route.ts';
import { httpRouteSchema } from './http-route.ts';
import { ingressGroup, ingressSchema } from './ingress.ts';
import { ingressClassSchema } from './ingress-class.ts';
import { listenerSetSchema } from './listener-set.ts';
import { namespaceSchema } from './namespace.ts';
import type { SourceObject } from './object.ts';
import { keptPod, podSchema } from './pod.ts';
import { referenceGrantSchema } from './reference-grant.ts';
import { secretSchema } from './secret.ts';
import { serviceSchema } from './service.ts';
import { tcpRouteSchema } from './tcp-route.ts';
import { tlsRouteSchema } from './tls-route.ts';
import { udpRouteSchema } from './udp-route.ts';
import { ciliumGroup, gatewayGroup } from './versions.ts';

/** What is known of a kind. */
export interface Kind {
  /** The empty string is the core group. */
  readonly group: string;
  readonly kind: SourceObject['kind'];
  /** Lower case, as in API paths and on the command line. */
  readonly plural: string;
  readonly namespaced: boolean;
  /** Versions that are accepted, the preferred one first. */
  readonly versions: readonly string[];
  readonly preferredVersion: string;
  readonly shortNames: readonly string[];
  readonly schema: z.ZodType<SourceObject>;
  /** Only those objects are read to which a Gateway or a policy refers: the others are nobody's business. Default false. */
  readonly onlyReferenced?: true;
  /** What is kept of an object of an API server, before anything else sees it; undefined: it is none of ours. Default: all. */
  readonly kept?: <T extends Readonly<Record<string, unknown>>>(object: T) => T | undefined;
}

const gatewayApi = {
  group: gatewayGroup,
  versions: ['v1', 'v1beta1', 'v1alpha2'],
  preferredVersion: 'v1',
} as const;
const ingressApi = { group: ingressGroup, versions: ['v1'], preferredVersion: 'v1' } as const;
const cilium = { group: ciliumGroup, versions: ['v2', 'v2alpha1'], preferredVersion: 'v2' } as const;
const core = { group: '', versions: ['v1'], preferredVersion: 'v1' } as const;

/** Every kind that Sluice reads, in the order in which they are listed and shown. */
export const kinds: readonly Kind[] = [
  {
    ...gatewayApi,
    kind: 'GatewayClass',
    plural: 'gatewayclasses',
    namespaced: false,
    shortNames: ['gc'],
    schema: gatewayClassSchema,
  },
  {
    ...gatewayApi,
    kind: 'Gateway',
    plural: 'gateways',
    namespaced: true,
    shortNames: ['gtw'],
    schema: gatewaySchema,
  },
  {
    ...gatewayApi,
    kind: 'HTTPRoute',
    plural: 'httproutes',
    namespaced: true,
    shortNames: [],
    schema: httpRouteSchema,
  },
  {
    ...gatewayApi,
    kind: 'GRPCRoute',
    plural: 'grpcroutes',
    namespaced: true,
    shortNames: [],
    schema: grpcRouteSchema,
  },
  {
    ...gatewayApi,
    versions: ['v1'],
    kind: 'BackendTLSPolicy',
    plural: 'backendtlspolicies',
    namespaced: true,
    shortNames: ['btlspolicy'],
    schema: backendTlsPolicySchema,
  },
  {
    ...gatewayApi,
    versions: ['v1'],
    kind: 'ListenerSet',
    plural: 'listenersets',
    namespaced: true,
    shortNames: ['lset'],
    schema: listenerSetSchema,
  },
  {
    ...gatewayApi,
    versions: ['v1', 'v1alpha3', 'v1alpha2'],
    kind: 'TLSRoute',
    plural: 'tlsroutes',
    namespaced: true,
    shortNames: [],
    schema: tlsRouteSchema,
  },
  {
    ...gatewayApi,
    versions: ['v1', 'v1alpha2'],
    kind: 'TCPRoute',
    plural: 'tcproutes',
    namespaced: true,
    shortNames: [],
    schema: tcpRouteSchema,
  },
  {
    ...gatewayApi,
    versions: ['v1', 'v1alpha2'],
    kind: 'UDPRoute',
    plural: 'udproutes',
    namespaced: true,
    shortNames: [],
    schema: udpRouteSchema,
  },
  {
    ...gatewayApi,
    kind: 'ReferenceGrant',
    plural: 'referencegrants',
    namespaced: true,
    shortNames: ['refgrant'],
    schema: referenceGrantSchema,
  },
  {
    ...ingressApi,
    kind: 'IngressClass',
    plural: 'ingressclasses',
    namespaced: false,
    shortNames: [],
    schema: ingressClassSchema,
  },
  {
    ...ingressApi,
    kind: 'Ingress',
    plural: 'ingresses',
    namespaced: true,
    shortNames: ['ing'],
    schema: ingressSchema,
  },
  {
    ...cilium,
    kind: 'CiliumEnvoyConfig',
    plural: 'ciliumenvoyconfigs',
    namespaced: true,
    shortNames: ['cec'],
    schema: ciliumEnvoyConfigSchema,
  },
  {
    ...cilium,
    kind: 'CiliumClusterwideEnvoyConfig',
    plural: 'ciliumclusterwideenvoyconfigs',
    namespaced: false,
    shortNames: ['ccec'],
    schema: ciliumClusterwideEnvoyConfigSchema,
  },
  {
    ...core,
    kind: 'Service',
    plural: 'services',
    namespaced: true,
    shortNames: ['svc'],
    schema: serviceSchema,
  },
  {
    group: 'discovery.k8s.io',
    versions: ['v1', 'v1beta1'],
    preferredVersion: 'v1',
    kind: 'EndpointSlice',
    plural: 'endpointslices',
    namespaced: true,
    shortNames: [],
    schema: endpointSliceSchema,
  },
  {
    ...core,
    kind: 'Pod',
    plural: 'pods',
    namespaced: true,
    shortNames: ['po'],
    schema: podSchema,
    kept: keptPod,
  },
  {
    ...core,
    kind: 'ConfigMap',
    plural: 'configmaps',
    namespaced: true,
    shortNames: ['cm'],
    schema: configMapSchema,
    onlyReferenced: true,
  },
  {
    ...core,
    kind: 'Secret',
    plural: 'secrets',
    namespaced: true,
    shortNames: [],
    schema: secretSchema,
    onlyReferenced: true,
  },
  {
    ...core,
    kind: 'Namespace',
    plural: 'namespaces',
    namespaced: false,
    shortNames: ['ns'],
    schema: namespaceSchema,
  },
];

/** The row of a kind; undefined where it is none of ours. */
export function findKind(group: string, kind: string): Kind | undefined {
  return kinds.find((k) => k.group === group && k.kind === kind);
}
