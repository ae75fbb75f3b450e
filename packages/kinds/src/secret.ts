// Secret, core/v1 of Kubernetes. A Secret never goes on the log as an object: it is not in `knownObjectSchema`.
import { z } from 'zod';
import { namespacedMetadata } from './metadata.ts';
import { dnsSubdomain, plainText } from './text.ts';

const key = z
  .string()
  .refine(
    (value) => /^[-._a-zA-Z0-9]{1,253}$/.test(value),
    'must be letters, digits, "-", "_" and ".", at most 253',
  );

/** No fault of these ever holds a value. */
const base64 = z
  .string()
  .refine((value) => /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value) && value.replace(/\s/g, '').length % 4 === 0, {
    error: 'must be base64',
    params: { hint: 'put plain text under stringData instead' },
  });

function toBase64(text: string): string {
  let binary = '';
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The type of a certificate with its key. */
export const tlsSecretType = 'kubernetes.io/tls';

/** Bytes under names. `stringData` is folded into `data`, which it overrides. */
export const secretSchema = z
  .strictObject({
    apiVersion: z.literal('v1'),
    kind: z.literal('Secret'),
    metadata: namespacedMetadata(dnsSubdomain),
    type: plainText(1, 253).default('Opaque'),
    /** Base64 without line breaks. */
    data: z.record(key, base64).default({}),
    stringData: z.record(key, z.string()).exactOptional(),
    immutable: z.boolean().default(false),
  })
  .transform(({ stringData = {}, data, ...secret }) => ({
    ...secret,
    data: {
      ...Object.fromEntries(Object.entries(data).map(([name, value]) => [name, value.replace(/\s/g, '')])),
      ...Object.fromEntries(Object.entries(stringData).map(([name, value]) => [name, toBase64(value)])),
    } as Record<string, string>,
  }))
  .superRefine((secret, context) => {
    if (secret.type !== tlsSecretType) return;
    for (const name of ['tls.crt', 'tls.key'])
      if (!Object.hasOwn(secret.data, name))
        context.addIssue({
          code: 'custom',
          path: ['data', name],
          message: `is required for type ${tlsSecretType}`,
        });
  });
export type Secret = z.infer<typeof secretSchema>;
