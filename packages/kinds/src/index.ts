export type { AnnotationFault } from './annotation.ts';
export type { BackendObjectRef } from './backend-ref.ts';
export {
  type BackendTlsPolicy,
  backendTlsPolicySchema,
  type PolicyTarget,
  type SubjectAltName,
} from './backend-tls-policy.ts';
export {
  type CiliumClusterwideEnvoyConfig,
  type CiliumEnvoyConfig,
  ciliumClusterwideEnvoyConfigSchema,
  ciliumController,
  ciliumEnvoyConfigSchema,
  type EnvoyConfig,
  type EnvoyResource,
  freeListeners,
  isEnvoyConfig,
  listenerNames,
  listenerTypeUrl,
  type RedirectedService,
  redirectOf,
} from './cilium-envoy-config.ts';
export { type ConfigMap, caCertificateKey, configMapSchema } from './config-map.ts';
export { durationMs, durationSchema } from './duration.ts';
export {
  type Endpoint,
  type EndpointSlice,
  endpointSliceSchema,
  serviceNameLabel,
} from './endpoint-slice.ts';
export { fault, maxFaults, type ObjectFault } from './fault.ts';
export { type Gateway, gatewaySchema } from './gateway.ts';
export { type GatewayClass, gatewayClassSchema } from './gateway-class.ts';
export type { Listener, SecretRef } from './gateway-listener.ts';
export {
  type GrpcFilter,
  type GrpcMatch,
  type GrpcRoute,
  type GrpcRule,
  grpcRouteSchema,
} from './grpc-route.ts';
export type { CorsFilter, HeaderFilter, HttpFilter, MirrorFilter, PathModifier } from './http-filter.ts';
export type { HttpMatch } from './http-match.ts';
export { type HttpBackendRef, type HttpRoute, type HttpRule, httpRouteSchema } from './http-route.ts';
export {
  type Ingress,
  type IngressBackend,
  type IngressPath,
  type IngressRule,
  ingressGroup,
  ingressSchema,
  legacyClassAnnotation,
} from './ingress.ts';
export { defaultClassAnnotation, type IngressClass, ingressClassSchema } from './ingress-class.ts';
export {
  ingressControllersOf,
  isDefaultClass,
  namedIngressClass,
  newestClass,
} from './ingress-class-choice.ts';
export {
  type IngressMode,
  type IngressSettings,
  ingressAnnotationNames,
  ingressHttpsPort,
  ingressPrefixes,
  readClassMode,
  readIngressSettings,
} from './ingress-settings.ts';
export { findKind, type Kind, kinds } from './kinds.ts';
export type { L4BackendRef, L4Rule } from './l4-route.ts';
export { type LabelSelector, selectorMatches } from './label-selector.ts';
export { type ListenerSet, listenerSetSchema } from './listener-set.ts';
export { isMadeByUs, managedBy } from './made-by-us.ts';
export type { ObjectMeta } from './metadata.ts';
export { type Namespace, namespaceNameLabel, namespaceSchema } from './namespace.ts';
export { closest, formatPath } from './nearest.ts';
export { type KnownObject, type KnownObjectOf, knownObjectSchema, type SourceObject } from './object.ts';
export { groupOf, type KindObjectRef, objectRefOf } from './object-ref.ts';
export type { ParentRef } from './parent-ref.ts';
export { type ObjectSource, type ParsedObject, parseObject } from './parse.ts';
export { parseWith } from './parse-with.ts';
export { type Pod, type PodHostPort, podSchema } from './pod.ts';
export { quickParser, undecided } from './quick-parse.ts';
export { type ReferenceGrant, referenceGrantSchema } from './reference-grant.ts';
export { type Secret, secretSchema, tlsSecretType } from './secret.ts';
export { type Service, type ServicePort, serviceSchema } from './service.ts';
export { type L4Algorithm, l4Algorithms, readL4Algorithm } from './service-l4.ts';
export {
  type L7Algorithm,
  readServiceL7,
  type ServiceL7,
  servicePrefixes,
  servicePrefixesOf,
} from './service-l7.ts';
export { type TcpRoute, tcpRouteSchema } from './tcp-route.ts';
export { type TlsRoute, tlsRouteSchema } from './tls-route.ts';
export { type UdpRoute, udpRouteSchema } from './udp-route.ts';
export { ciliumGroup, gatewayGroup } from './versions.ts';
