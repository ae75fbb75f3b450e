// UDPRoute, Gateway API v1.6.3.
import { z } from 'zod';
import { l4RouteFields } from './l4-route.ts';
import { namespacedMetadata } from './metadata.ts';
import { dnsSubdomain } from './text.ts';
import { apiVersions } from './versions.ts';

/** Sends what reaches a port of protocol UDP to backends. */
export const udpRouteSchema = z.strictObject({
  apiVersion: apiVersions('gateway.networking.k8s.io/v1', ['gateway.networking.k8s.io/v1alpha2']),
  kind: z.literal('UDPRoute'),
  metadata: namespacedMetadata(dnsSubdomain),
  spec: z.strictObject(l4RouteFields),
});
export type UdpRoute = z.infer<typeof udpRouteSchema>;
