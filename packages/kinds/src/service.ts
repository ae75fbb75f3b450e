// Service, core/v1 of Kubernetes 1.35.
import { z } from 'zod';
import { labelsSchema, namespacedMetadata } from './metadata.ts';
import { dnsLabel, plainText, portNumber, qualifiedName } from './text.ts';
import { repeated } from './unique.ts';

const portName = z
  .string()
  .max(63)
  .refine(
    (v) => v === '' || /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(v),
    'must be lower-case letters, digits and "-"',
  );

const servicePort = z
  .strictObject({
    /** The empty string where it has none. */
    name: portName.default(''),
    protocol: z.enum(['TCP', 'UDP', 'SCTP']).default('TCP'),
    port: portNumber,
    /** A port number of the endpoints, or the name of one; default: `port`. */
    targetPort: z
      .union([portNumber, plainText(1, 63)], 'must be a port number or the name of a port')
      .exactOptional(),
    nodePort: portNumber.exactOptional(),
    appProtocol: qualifiedName.exactOptional(),
  })
  .transform((port) => ({ ...port, targetPort: port.targetPort ?? port.port }));
export type ServicePort = z.infer<typeof servicePort>;

const addressFamily = z.enum(['IPv4', 'IPv6']);

const serviceSpec = z
  .strictObject({
    type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']).default('ClusterIP'),
    ports: z.array(servicePort).default([]),
    selector: labelsSchema.default({}),
    clusterIP: plainText(0, 64).exactOptional(),
    clusterIPs: z.array(plainText(0, 64)).exactOptional(),
    externalIPs: z.array(plainText(1, 64)).exactOptional(),
    externalName: plainText(1, 253).exactOptional(),
    externalTrafficPolicy: z.enum(['Cluster', 'Local']).exactOptional(),
    internalTrafficPolicy: z.enum(['Cluster', 'Local']).exactOptional(),
    ipFamilies: z.array(addressFamily).exactOptional(),
    ipFamilyPolicy: z.enum(['SingleStack', 'PreferDualStack', 'RequireDualStack']).exactOptional(),
    loadBalancerClass: qualifiedName.exactOptional(),
    loadBalancerIP: plainText(1, 64).exactOptional(),
    loadBalancerSourceRanges: z.array(plainText(1, 64)).exactOptional(),
    allocateLoadBalancerNodePorts: z.boolean().exactOptional(),
    healthCheckNodePort: portNumber.exactOptional(),
    publishNotReadyAddresses: z.boolean().default(false),
    sessionAffinity: z.enum(['None', 'ClientIP']).default('None'),
    sessionAffinityConfig: z
      .strictObject({
        clientIP: z.strictObject({ timeoutSeconds: z.int().min(1).max(86_400).default(10_800) }),
      })
      .exactOptional(),
    trafficDistribution: plainText(1, 63).exactOptional(),
  })
  .superRefine(({ ports, type, externalName }, context) => {
    const fault = (path: (string | number)[], message: string, hint = ''): void =>
      context.addIssue({ code: 'custom', path, message, params: { hint } });
    if (type === 'ExternalName' && externalName === undefined)
      fault(['externalName'], 'is required for type ExternalName');
    if (ports.length > 1)
      ports.forEach((port, i) => {
        if (port.name === '')
          fault(['ports', i, 'name'], 'is required where a Service has more than one port');
      });
    for (const { index, first } of repeated(ports, (p) => (p.name === '' ? undefined : p.name)))
      fault(['ports', index, 'name'], `is also the name of ports[${first}]`);
    for (const { index, first } of repeated(ports, (p) => `${p.protocol}/${p.port}`))
      fault(['ports', index, 'port'], `is also the port of ports[${first}]`, 'remove one of the two');
  });

/** A named set of endpoints, and the ports they are reached by. */
export const serviceSchema = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Service'),
  metadata: namespacedMetadata(dnsLabel),
  spec: serviceSpec.prefault({}),
  /** Of an API server only, and only addresses whose packets arrive as they are sent (ipMode VIP). */
  status: z
    .strictObject({
      loadBalancer: z.strictObject({ ingress: z.array(z.strictObject({ ip: plainText(1, 64) })) }),
    })
    .exactOptional(),
});
export type Service = z.infer<typeof serviceSchema>;
