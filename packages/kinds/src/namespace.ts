// Namespace, core/v1 of Kubernetes.
import { z } from 'zod';
import { clusterMetadata } from './metadata.ts';
import { dnsLabel } from './text.ts';

/** Label that every Namespace has with its own name as value. */
export const namespaceNameLabel = 'kubernetes.io/metadata.name';

/** A namespace; only its labels matter here. */
export const namespaceSchema = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Namespace'),
  metadata: clusterMetadata(dnsLabel),
  spec: z.strictObject({ finalizers: z.array(z.string()).exactOptional() }).prefault({}),
});
export type Namespace = z.infer<typeof namespaceSchema>;
