// EndpointSlice, discovery.k8s.io/v1 of Kubernetes 1.35.
import { z } from 'zod';
import { namespacedMetadata } from './metadata.ts';
import { dnsSubdomain, listOf, plainText, portNumber, qualifiedName } from './text.ts';
import { repeated } from './unique.ts';
import { apiVersions } from './versions.ts';

/** Label that names the Service an EndpointSlice belongs to. */
export const serviceNameLabel = 'kubernetes.io/service-name';

/** As consumers must read them: `ready` absent is true, `serving` absent is what `ready` is, `terminating` absent is false. */
const conditions = z
  .strictObject({
    ready: z.boolean().exactOptional(),
    serving: z.boolean().exactOptional(),
    terminating: z.boolean().exactOptional(),
  })
  .transform(({ ready = true, serving = ready, terminating = false }) => ({ ready, serving, terminating }));

const forNames = z.array(z.strictObject({ name: plainText(1, 253) }));

const endpoint = z.strictObject({
  /** Never empty; all of the slice's address type. */
  addresses: listOf(plainText(1, 253), 100).min(1, 'must have at least one address'),
  conditions: conditions.prefault({}),
  hostname: plainText(1, 63).exactOptional(),
  nodeName: plainText(1, 253).exactOptional(),
  zone: plainText(1, 253).exactOptional(),
  hints: z
    .strictObject({ forZones: forNames.exactOptional(), forNodes: forNames.exactOptional() })
    .exactOptional(),
  targetRef: z
    .strictObject({
      apiVersion: z.string().exactOptional(),
      kind: z.string().exactOptional(),
      namespace: z.string().exactOptional(),
      name: z.string().exactOptional(),
      uid: z.string().exactOptional(),
      resourceVersion: z.string().exactOptional(),
      fieldPath: z.string().exactOptional(),
    })
    .exactOptional(),
});
export type Endpoint = z.infer<typeof endpoint>;

const endpointPort = z.strictObject({
  /** The name of the Service's port; the empty string where that has none. */
  name: z.string().max(63).default(''),
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).default('TCP'),
  /** Absent: not to be used. */
  port: portNumber.exactOptional(),
  appProtocol: qualifiedName.exactOptional(),
});

const parsers = { IPv4: z.ipv4(), IPv6: z.ipv6() } as const;

/** Some of the endpoints of a Service. */
export const endpointSliceSchema = z
  .strictObject({
    apiVersion: apiVersions('discovery.k8s.io/v1', ['discovery.k8s.io/v1beta1']),
    kind: z.literal('EndpointSlice'),
    metadata: namespacedMetadata(dnsSubdomain),
    addressType: z.enum(['IPv4', 'IPv6', 'FQDN']),
    endpoints: listOf(endpoint, 1000, 'split it into several EndpointSlices').default([]),
    ports: listOf(endpointPort, 100).default([]),
  })
  .superRefine(({ addressType, endpoints, ports }, context) => {
    for (const { index, first } of repeated(ports, (p) => p.name))
      context.addIssue({
        code: 'custom',
        path: ['ports', index, 'name'],
        message: `is also the name of ports[${first}]`,
      });
    if (addressType === 'FQDN') return;
    endpoints.forEach(({ addresses }, i) => {
      addresses.forEach((address, j) => {
        if (!parsers[addressType].safeParse(address).success)
          context.addIssue({
            code: 'custom',
            path: ['endpoints', i, 'addresses', j],
            message: `must be an ${addressType} address, as addressType says`,
          });
      });
    });
  });
export type EndpointSlice = z.infer<typeof endpointSliceSchema>;
