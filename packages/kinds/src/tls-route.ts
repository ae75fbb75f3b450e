// TLSRoute, Gateway API v1.6.3. v1alpha2 and v1alpha3 have the same fields; their hostnames may be left out, ours not.
import { z } from 'zod';
import { l4RouteFields } from './l4-route.ts';
import { namespacedMetadata } from './metadata.ts';
import { dnsSubdomain, hostname, listOf } from './text.ts';
import { apiVersions } from './versions.ts';

/** Sends TLS connections to backends by the name that the client asks for (SNI, RFC 6066). */
export const tlsRouteSchema = z.strictObject({
  apiVersion: apiVersions('gateway.networking.k8s.io/v1', [
    'gateway.networking.k8s.io/v1alpha3',
    'gateway.networking.k8s.io/v1alpha2',
  ]),
  kind: z.literal('TLSRoute'),
  metadata: namespacedMetadata(dnsSubdomain),
  spec: z.strictObject({
    ...l4RouteFields,
    hostnames: listOf(hostname, 1024).min(1, 'must name at least one hostname'),
  }),
});
export type TlsRoute = z.infer<typeof tlsRouteSchema>;
