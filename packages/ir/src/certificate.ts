import { z } from 'zod';
import { objectRefSchema } from './key.ts';

/** A certificate that a listener presents. Holds no secret: the key travels sealed in a stream of its own. Key: `<namespace>/<secret name>`. */
export const irCertificateSchema = z.strictObject({
  kind: z.literal('certificate'),
  key: z.string(),
  source: objectRefSchema,
  /** UID of the Secret: part of the sealed bytes' additional data. */
  uid: z.string(),
  /** Keyed digest of chain and key (hex): changes when either does. */
  digest: z.string(),
});
export type IrCertificate = z.infer<typeof irCertificateSchema>;
