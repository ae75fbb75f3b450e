import { z } from 'zod';
import { irClusterTlsSchema } from './cluster-tls.ts';
import { objectRefSchema } from './key.ts';

/**
 * A port of a Service together with one upstream policy. Key: `<namespace>/<service>/<port>` for the default
 * policy; another policy appends `#<policy name>`: `#h2c` is HTTP/2 whatever the port says, for gRPC; `#l7` is for
 * requests to the Service itself. Routes refer to it, so an endpoint change touches no route.
 */
export const irClusterSchema = z.strictObject({
  kind: z.literal('cluster'),
  key: z.string(),
  source: objectRefSchema,
  /** The Service's port number, 1–65535. */
  port: z.int().min(1).max(65535),
  /**
   * What is spoken to the endpoints: from the Service port's `appProtocol` (`kubernetes.io/h2c`); http1 by default.
   * `downstream`: what the client speaks.
   */
  protocol: z.enum(['http1', 'h2c', 'downstream']),
  /** How the endpoint of a request is chosen; absent: as the data plane likes. */
  loadBalancing: z.enum(['round_robin', 'least_request', 'random']).optional(),
  /** Absent: in the clear. */
  tls: irClusterTlsSchema.optional(),
  /** Milliseconds; default 5,000. */
  connectTimeoutMs: z.int().positive(),
  /** `<namespace>/<service>/<port>`: the endpoint groups with this `service` are its endpoints. */
  endpoints: z.string(),
});
export type IrCluster = z.infer<typeof irClusterSchema>;
