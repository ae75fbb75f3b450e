import { z } from 'zod';
import { irAttachmentSchema } from './http-route.ts';
import { compareText, objectRefSchema } from './key.ts';

/** One weighted target of connections. */
export const irL4BackendSchema = z.strictObject({
  /**
   * `<namespace>/<service>/<port>`, with `/udp` behind it for a UDP port: the endpoint groups with this `service` take the
   * connections. Null where the reference is invalid: its share of connections is refused.
   */
  service: z.string().nullable(),
  /** 1–1,000,000; targets of weight 0 are left out of the IR. */
  weight: z.int().min(1).max(1_000_000),
});
export type IrL4Backend = z.infer<typeof irL4BackendSchema>;

/**
 * One TLSRoute, TCPRoute or UDPRoute, resolved. Key: `<tls|tcp|udp>:<namespace>/<name>`. A route with no attachment is not
 * in the IR. Of several routes of one server with one hostname the first by `compareL4Routes` takes the connections.
 */
export const irL4RouteSchema = z.strictObject({
  kind: z.literal('l4-route'),
  key: z.string(),
  /** TLS: by the SNI of connections that are passed through as they are. */
  protocol: z.enum(['TLS', 'TCP', 'UDP']),
  source: objectRefSchema,
  generation: z.int().nonnegative(),
  /** As in an http-route. */
  createdAt: z.string(),
  /** Sorted by listener, then server. Hostnames are those of the SNI; `*` alone for TCP and UDP. */
  attachments: z.array(irAttachmentSchema),
  /** Empty: every connection is refused. */
  backends: z.array(irL4BackendSchema),
});
export type IrL4Route = z.infer<typeof irL4RouteSchema>;

/** The key of the route with this `<namespace>/<name>`. */
export function l4RouteKey(protocol: IrL4Route['protocol'], name: string): string {
  return `${protocol.toLowerCase()}:${name}`;
}

/** Precedence of routes that want the same connections: the oldest, then by key. Negative where `a` goes first. */
export function compareL4Routes(
  a: Pick<IrL4Route, 'createdAt' | 'key'>,
  b: Pick<IrL4Route, 'createdAt' | 'key'>,
): number {
  return compareText(a.createdAt, b.createdAt) || compareText(a.key, b.key);
}
