// Flows: what the datapath of a node saw. They go over core NATS, at most once, and are no part of the log: nothing is decided by them.
import { z } from 'zod';

/** IP address, IPv4 as four numbers, and port 0 to 65,535. */
export const flowEndSchema = z.strictObject({ address: z.string(), port: z.int().min(0).max(65_535) });
export type FlowEnd = z.infer<typeof flowEndSchema>;

/** Why a connection or a packet was refused or dropped. */
export const dropReasons = [
  'no-backend',
  'missing-slot',
  'other-family',
  'source-range',
  'no-snat-port',
  'no-node-address',
  'table-full',
  'rewrite-failed',
  'clash',
  'unknown',
] as const;

export const flowSchema = z.strictObject({
  /** Unix time in milliseconds, with a fraction. */
  timeMs: z.number(),
  /** `translated`: a socket's address became a backend's; `connection`: a new one at a device; `dropped`: see `reason`. */
  type: z.enum(['translated', 'connection', 'dropped']),
  at: z.enum(['socket', 'ingress', 'egress']),
  /** `TCP`, `UDP`, `SCTP`, or the number of another IP protocol. */
  protocol: z.string(),
  /** Not known where a socket connects: the kernel has chosen no address yet. */
  client: flowEndSchema.optional(),
  frontend: flowEndSchema,
  /** Absent where none was chosen. */
  backend: flowEndSchema.optional(),
  reason: z.enum(dropReasons).optional(),
});
export type Flow = z.infer<typeof flowSchema>;

/** One message on `flowSubject(node)`. */
export const flowBatchSchema = z.strictObject({
  node: z.string(),
  /** Flows that the node's programs could not hand over since its maps were made; exact. */
  lost: z.number(),
  /** Flows that were handed over and not sent, since the agent began: NATS was away, or there were too many. */
  unsent: z.number(),
  flows: z.array(flowSchema),
});
export type FlowBatch = z.infer<typeof flowBatchSchema>;

export const encodeFlowBatch = (batch: FlowBatch): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(batch));

/** @throws Error for bytes that are no batch of flows */
export const decodeFlowBatch = (bytes: Uint8Array): FlowBatch =>
  flowBatchSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
