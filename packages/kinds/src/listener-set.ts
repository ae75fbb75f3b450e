// ListenerSet, Gateway API v1.6.3: further listeners for a Gateway that allows it.
import { z } from 'zod';
import { distinctListeners, listenerSchema } from './gateway-listener.ts';
import { namespacedMetadata } from './metadata.ts';
import { dnsLabel, dnsSubdomain, group, kindName, listOf, objectName } from './text.ts';
import { apiVersions, gatewayGroup } from './versions.ts';

/** Listeners that a team adds to a Gateway of another one. */
export const listenerSetSchema = z.strictObject({
  apiVersion: apiVersions('gateway.networking.k8s.io/v1', []),
  kind: z.literal('ListenerSet'),
  metadata: namespacedMetadata(dnsSubdomain),
  spec: z.strictObject({
    parentRef: z.strictObject({
      group: group.default(gatewayGroup),
      kind: kindName.default('Gateway'),
      name: objectName,
      /** Absent: the namespace of the set. */
      namespace: dnsLabel.exactOptional(),
    }),
    listeners: listOf(listenerSchema, 64, 'split it into several ListenerSets')
      .min(1, 'must have at least one listener')
      .superRefine(distinctListeners),
  }),
});
export type ListenerSet = z.infer<typeof listenerSetSchema>;
