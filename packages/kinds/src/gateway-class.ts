// GatewayClass, Gateway API v1.7.0.
import { z } from 'zod';
import { clusterMetadata } from './metadata.ts';
import { controllerName, dnsLabel, dnsSubdomain, group, kindName, objectName, plainText } from './text.ts';
import { gatewayVersions } from './versions.ts';

/** Which controller serves the Gateways of this class. */
export const gatewayClassSchema = z.strictObject({
  apiVersion: gatewayVersions,
  kind: z.literal('GatewayClass'),
  metadata: clusterMetadata(dnsSubdomain),
  spec: z.strictObject({
    controllerName,
    parametersRef: z
      .strictObject({ group, kind: kindName, name: objectName, namespace: dnsLabel.exactOptional() })
      .exactOptional(),
    description: plainText(0, 64).exactOptional(),
  }),
});
export type GatewayClass = z.infer<typeof gatewayClassSchema>;
