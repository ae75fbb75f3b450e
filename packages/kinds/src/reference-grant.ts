// ReferenceGrant, Gateway API v1.7.0: v1 is served, v1beta1 stored; the fields are the same.
import { z } from 'zod';
import { namespacedMetadata } from './metadata.ts';
import { dnsLabel, dnsSubdomain, group, kindName, listOf, objectName } from './text.ts';
import { gatewayVersions } from './versions.ts';

/** Allows references from other namespaces into its own. */
export const referenceGrantSchema = z.strictObject({
  apiVersion: gatewayVersions,
  kind: z.literal('ReferenceGrant'),
  metadata: namespacedMetadata(dnsSubdomain),
  spec: z.strictObject({
    from: listOf(z.strictObject({ group, kind: kindName, namespace: dnsLabel }), 16).min(
      1,
      'must have at least one item',
    ),
    /** A `to` without a name allows every object of the kind. */
    to: listOf(z.strictObject({ group, kind: kindName, name: objectName.exactOptional() }), 16).min(
      1,
      'must have at least one item',
    ),
  }),
});
export type ReferenceGrant = z.infer<typeof referenceGrantSchema>;
