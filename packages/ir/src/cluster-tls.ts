import { z } from 'zod';

/** How connections to the endpoints of a cluster are secured. */
export const irClusterTlsSchema = z.discriminatedUnion('type', [
  /** TLS; a certificate that does not hold makes requests fail with 503. */
  z.strictObject({
    type: z.literal('verified'),
    sni: z.string(),
    /** The certificate must hold one of these names; never empty. A DNS name may begin with `*.`: any one label. */
    names: z.array(z.strictObject({ type: z.enum(['dns', 'uri']), value: z.string() })),
    /** Certificates of the authorities, PEM; null: those that the machine of the data plane trusts. */
    caPem: z.string().nullable(),
  }),
  /** What was asked for cannot be had: no connection is made, requests are answered 503. */
  z.strictObject({ type: z.literal('refused') }),
]);
export type IrClusterTls = z.infer<typeof irClusterTlsSchema>;
