import { z } from 'zod';
import { objectRefSchema } from './key.ts';

/** Transports that a datapath balances. */
export const l4Protocols = ['TCP', 'UDP', 'SCTP'] as const;
export type L4Protocol = (typeof l4Protocols)[number];

const port = z.int().min(1).max(65535);

/** A place where clients reach a service below HTTP. No other service has the same address, port and protocol. */
export const irL4FrontendSchema = z.strictObject({
  /** IP address in canonical form; `0.0.0.0` and `::` of a node or host port are every address of the node of that family. */
  address: z.string(),
  port,
  protocol: z.enum(l4Protocols),
  /**
   * What kind of address: only its own clients can reach `cluster`; source ranges are for `load-balancer` alone; `host-port` is a
   * pod's at the addresses of its node.
   */
  type: z.enum(['cluster', 'external', 'load-balancer', 'node-port', 'host-port']),
  /** `<namespace>/<service>/<port>`: the endpoint groups with this `service` are its endpoints, those of its family. */
  endpoints: z.string(),
  /** The only endpoint, which is on the node that the place is on: there are no groups then. Of the address's family. */
  endpoint: z.strictObject({ address: z.string(), port }).optional(),
  /**
   * A data plane takes connections instead of the endpoints. Either that of the node, at `address`: the empty one is any of
   * the node's own. Or `dataPlanes`, the `service` of endpoint groups, names all of them: that of the client's node goes
   * first, each is sent to at `port` whatever port its group says, and where none takes connections the endpoints do.
   */
  proxy: z
    .union([
      z.strictObject({ address: z.string(), port }),
      z.strictObject({ dataPlanes: z.string().min(1), port }),
    ])
    .optional(),
});
export type IrL4Frontend = z.infer<typeof irL4FrontendSchema>;

/**
 * What a Service asks of the datapath. An endpoint changes none of it. Key: `<namespace>/<name>`. Of a pod with host ports the same, with
 * its endpoints: key `Pod/<namespace>/<name>`. Docs: docs/adr/0021, 0025.
 */
export const irL4ServiceSchema = z.strictObject({
  kind: z.literal('l4-service'),
  key: z.string(),
  source: objectRefSchema,
  /** `metadata.generation` of the object. */
  generation: z.int().nonnegative(),
  /** The node that alone has these places. Default: all nodes. */
  node: z.string().min(1).optional(),
  /** Sorted by protocol, address, port. Never empty. */
  frontends: z.array(irL4FrontendSchema),
  /** Seconds for which a client keeps its endpoint, 1–86,400; absent: each connection is chosen anew. */
  affinityTimeoutS: z.int().min(1).max(86_400).optional(),
  /** Clients inside get endpoints of their own node alone. Default: all. */
  internalPolicy: z.literal('local').optional(),
  /** Clients outside get endpoints of the node that they came to alone, with their address kept. Default: all. */
  externalPolicy: z.literal('local').optional(),
  /** Clients that may reach load-balancer addresses, canonical CIDRs, sorted; absent: all. Empty: none. */
  sourceRanges: z.array(z.string()).optional(),
  /** The endpoints are data planes of the nodes: that of the client's node goes first, and may ask where the client connected to. */
  dataPlanes: z.literal(true).optional(),
  /** How an endpoint is chosen: at random by default; `maglev`: by the client's address and port, the same on all nodes. */
  algorithm: z.literal('maglev').optional(),
  /** Endpoints that are near are preferred, where endpoints say nothing of whom they are for. */
  distribution: z.enum(['same-zone', 'same-node']).optional(),
});
export type IrL4Service = z.infer<typeof irL4ServiceSchema>;
