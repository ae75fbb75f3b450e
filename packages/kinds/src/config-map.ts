// ConfigMap, core/v1 of Kubernetes. Only a bundle of certificate authorities is read from one: nothing else of it goes
// on the log, however large it is.
import { z } from 'zod';
import { namespacedMetadata } from './metadata.ts';
import { dnsSubdomain } from './text.ts';

/** The key under which a ConfigMap holds certificates of authorities, PEM. */
export const caCertificateKey = 'ca.crt';

const mapKey = z
  .string()
  .refine(
    (value) => /^[-._a-zA-Z0-9]{1,253}$/.test(value),
    'must be letters, digits, "-", "_" and ".", at most 253',
  );

/** Texts under names; every key save `ca.crt` is dropped. */
export const configMapSchema = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('ConfigMap'),
  metadata: namespacedMetadata(dnsSubdomain),
  data: z
    .record(mapKey, z.string())
    .default({})
    .transform((data): Record<string, string> => {
      const ca = Object.hasOwn(data, caCertificateKey) ? data[caCertificateKey] : undefined;
      return ca === undefined ? {} : { [caCertificateKey]: ca };
    }),
  binaryData: z
    .record(mapKey, z.string())
    .default({})
    .transform((): Record<string, string> => ({})),
  immutable: z.boolean().default(false),
});
export type ConfigMap = z.infer<typeof configMapSchema>;
