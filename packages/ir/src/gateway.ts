import { z } from 'zod';
import { objectRefSchema } from './key.ts';

/** A Gateway as the data plane sees it: who it is and where it listens. Key: `<namespace>/<name>`. */
export const irGatewaySchema = z.strictObject({
  kind: z.literal('gateway'),
  key: z.string(),
  source: objectRefSchema,
  /** `metadata.generation` of the Gateway this was made from; 0 when the source has none. */
  generation: z.int().nonnegative(),
  /** IP addresses, sorted; IPv6 without brackets. Empty while none is assigned: then no listener is served. */
  addresses: z.array(z.string()),
  /** Keys of the listeners of this Gateway, sorted. */
  listeners: z.array(z.string()),
});
export type IrGateway = z.infer<typeof irGatewaySchema>;
