// ObjectMeta of Kubernetes, cut down to what Sluice needs. `prepareMetadata` in prepare.ts drops the rest.
import { z } from 'zod';
import { dnsLabel, labelValue, qualifiedName } from './text.ts';

/** Labels: key to value. */
export const labelsSchema = z.record(qualifiedName, labelValue);

/** Annotations: key to any text. */
export const annotationsSchema = z.record(qualifiedName, z.string());

const common = {
  /** The empty string where the source gave none yet. */
  uid: z.string().max(128).default(''),
  /** Counts changes of what the user wants (not of metadata or status); 0 where the source counts none. */
  generation: z.int().nonnegative().default(0),
  /** RFC 3339; the empty string where the source has none (files). */
  creationTimestamp: z.string().max(40).default(''),
  labels: labelsSchema.default({}),
  annotations: annotationsSchema.default({}),
};

/** Metadata of a namespaced object; the namespace is `default` where none is given. */
export function namespacedMetadata(name: z.ZodType<string>) {
  return z.strictObject({ name, namespace: dnsLabel.default('default'), ...common });
}

/** Metadata of a cluster-scoped object: its namespace is the empty string, whatever was given. */
export function clusterMetadata(name: z.ZodType<string>) {
  return z.strictObject({
    name,
    namespace: z
      .string()
      .default('')
      .transform((): string => ''),
    ...common,
  });
}

/** Metadata of any kind, after normalisation. */
export interface ObjectMeta {
  name: string;
  /** The empty string for cluster-scoped objects. */
  namespace: string;
  uid: string;
  generation: number;
  creationTimestamp: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}
