import { z } from 'zod';

/**
 * The endpoints that one EndpointSlice gives to one Service port. Key: `<namespace>/<slice>/<service port>`.
 * A consumer joins the groups of one `service`; an address that stands in several groups counts once.
 */
export const irEndpointGroupSchema = z.strictObject({
  kind: z.literal('endpoint-group'),
  key: z.string(),
  /** `<namespace>/<service>/<port>`. */
  service: z.string(),
  /** Sorted by address, then port; without duplicates. */
  endpoints: z.array(
    z.strictObject({
      /** IPv4 or IPv6 address without brackets. */
      address: z.string(),
      port: z.int().min(1).max(65535),
      /**
       * `ready` takes new requests. `draining` (serving and terminating) takes them only while no endpoint of the
       * service is ready. An endpoint that is neither is left out.
       */
      state: z.enum(['ready', 'draining']),
      zone: z.string().optional(),
      node: z.string().optional(),
      /** Zones whose clients it is for, sorted; absent: nothing is said. */
      forZones: z.array(z.string()).optional(),
      /** Nodes whose clients it is for, sorted; absent: nothing is said. */
      forNodes: z.array(z.string()).optional(),
    }),
  ),
});
export type IrEndpointGroup = z.infer<typeof irEndpointGroupSchema>;
