// IngressClass, networking.k8s.io/v1 of Kubernetes 1.35.
import { z } from 'zod';
import { clusterMetadata } from './metadata.ts';
import { controllerName, dnsLabel, dnsSubdomain, group, kindName, objectName } from './text.ts';
import { apiVersions } from './versions.ts';

/** The annotation that makes a class the one of Ingresses that name none; its value is `true` or `false`. */
export const defaultClassAnnotation = 'ingressclass.kubernetes.io/is-default-class';

/** Which controller serves the Ingresses of this class. */
export const ingressClassSchema = z.strictObject({
  apiVersion: apiVersions('networking.k8s.io/v1', []),
  kind: z.literal('IngressClass'),
  metadata: clusterMetadata(dnsSubdomain),
  spec: z.strictObject({
    controller: controllerName,
    parameters: z
      .strictObject({
        apiGroup: group.exactOptional(),
        kind: kindName,
        name: objectName,
        scope: z.enum(['Cluster', 'Namespace']).default('Cluster'),
        namespace: dnsLabel.exactOptional(),
      })
      .exactOptional(),
  }),
});
export type IngressClass = z.infer<typeof ingressClassSchema>;
