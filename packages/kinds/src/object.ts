// Every kind together: what stands on the log, and what a source may hold.
import { z } from 'zod';
import { backendTlsPolicySchema } from './backend-tls-policy.ts';
import { ciliumClusterwideEnvoyConfigSchema, ciliumEnvoyConfigSchema } from './cilium-envoy-config.ts';
import { configMapSchema } from './config-map.ts';
import { endpointSliceSchema } from './endpoint-slice.ts';
import { gatewaySchema } from './gateway.ts';
import { gatewayClassSchema } from './gateway-class.ts';
import { grpcRouteSchema } from './grpc-route.ts';
import { httpRouteSchema } from './http-route.ts';
import { ingressSchema } from './ingress.ts';
import { ingressClassSchema } from './ingress-class.ts';
import { listenerSetSchema } from './listener-set.ts';
import { namespaceSchema } from './namespace.ts';
import { podSchema } from './pod.ts';
import { referenceGrantSchema } from './reference-grant.ts';
import type { Secret } from './secret.ts';
import { serviceSchema } from './service.ts';
import { tcpRouteSchema } from './tcp-route.ts';
import { tlsRouteSchema } from './tls-route.ts';
import { udpRouteSchema } from './udp-route.ts';

/**
 * Any object that may stand on the log: every kind save Secret. Fills in the spec's defaults and normalises the
 * version; parsing what it gave gives the same again.
 */
export const knownObjectSchema = z.discriminatedUnion('kind', [
  gatewayClassSchema,
  gatewaySchema,
  httpRouteSchema,
  grpcRouteSchema,
  backendTlsPolicySchema,
  ciliumClusterwideEnvoyConfigSchema,
  ciliumEnvoyConfigSchema,
  configMapSchema,
  listenerSetSchema,
  tlsRouteSchema,
  tcpRouteSchema,
  udpRouteSchema,
  serviceSchema,
  endpointSliceSchema,
  podSchema,
  namespaceSchema,
  referenceGrantSchema,
  ingressClassSchema,
  ingressSchema,
]);
export type KnownObject = z.infer<typeof knownObjectSchema>;
/** The object of one kind. */
export type KnownObjectOf<K extends KnownObject['kind']> = Extract<KnownObject, { kind: K }>;

/** Any object that a source may hold. */
export type SourceObject = KnownObject | Secret;
