import { z } from 'zod';

/** One server of a listener: what a Gateway calls a listener. Routes attach to servers. */
export const irServerSchema = z.strictObject({
  /** The Gateway listener's name, or `<namespace>/<set>/<name>` of a listener that a ListenerSet adds: unique in the Gateway. */
  name: z.string(),
  /** Lower case; `*` means every host; `*.example.com` any number of labels before the suffix. */
  hostname: z.string(),
  /** Keys of certificates, in the order of the Gateway. Never empty for HTTPS; else empty. */
  certificates: z.array(z.string()),
  /** TLS connections are passed through as they are, to l4-routes: always in a TLS listener, beside others in HTTPS. */
  passthrough: z.literal(true).optional(),
});
export type IrServer = z.infer<typeof irServerSchema>;

/**
 * One port of one Gateway, the unit that the data plane binds. Gateway listeners that share a port and a protocol
 * become servers of one such listener; so do HTTPS and TLS, which are told apart by SNI. Key: `<namespace>/<gateway>/<port>`,
 * with `/udp` behind it for a UDP port.
 */
export const irListenerSchema = z.strictObject({
  kind: z.literal('listener'),
  key: z.string(),
  /** Key of the gateway. */
  gateway: z.string(),
  protocol: z.enum(['HTTP', 'HTTPS', 'TLS', 'TCP', 'UDP']),
  /** IP addresses that clients reach it at, sorted; bound as they are where there is no `socket`. Empty only with a `socket`. */
  addresses: z.array(z.string()),
  /** The port of the spec, 1–65535: hostnames, redirects and the Host header speak of this one. */
  port: z.int().min(1).max(65535),
  /** The port that clients reach it at: differs from `port` only where low ports may not be bound. */
  bindPort: z.int().min(1).max(65535),
  /** What to bind where the addresses are those of a load balancer: IP addresses, sorted, and a port of its own on each node. */
  socket: z.strictObject({ addresses: z.array(z.string()), port: z.int().min(1).max(65535) }).optional(),
  /**
   * How many labels `*` stands for in a hostname of a route: absent, one or more (Gateway API); `one-label`, one (Ingress).
   * In hostnames of servers it is always one or more.
   */
  wildcards: z.literal('one-label').optional(),
  /** Sorted by name. */
  servers: z.array(irServerSchema),
});
export type IrListener = z.infer<typeof irListenerSchema>;
