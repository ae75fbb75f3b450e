// Questions to the agents of nodes, and their answers. They go over core NATS, at most once, and are no part of the log: nothing is
// decided by them. What an agent is asked for here changes with each packet; what stays is on ACKS.
import { z } from 'zod';
import { flowEndSchema } from './flow.ts';
import { revisionSchema } from './revision.ts';

/** Most entries of one answer: some 200 kB. */
export const maxAnswered = 1_000;

/** 128 random bits, hexadecimal: part of the subject on which the answer comes. */
const idSchema = z.string().regex(/^[0-9a-f]{32}$/);

const protocolSchema = z.enum(['TCP', 'UDP', 'SCTP']);

/** Connections that the node's programs translate packets of. */
export const connectionQuestionSchema = z.strictObject({
  kind: z.literal('conntrack'),
  /** Canonical IP address; absent: any. */
  client: z.string().optional(),
  /** Where the client connects to; absent: anywhere. `0.0.0.0` and `::`: any address of that family. */
  frontends: z
    .array(z.strictObject({ protocol: protocolSchema, ...flowEndSchema.shape }))
    .max(10_000)
    .optional(),
  /** Entries of the answer, at most. */
  limit: z.int().min(1).max(maxAnswered),
});
export type ConnectionQuestion = z.infer<typeof connectionQuestionSchema>;

export const datapathQuestionSchema = z.strictObject({
  id: idSchema,
  about: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('state') }),
    connectionQuestionSchema,
  ]),
});
export type DatapathQuestion = z.infer<typeof datapathQuestionSchema>;

/** How full a map is. */
export const mapFillSchema = z.strictObject({
  map: z.string(),
  entries: z.int().nonnegative(),
  maxEntries: z.int().positive(),
  /** Memory of the map in the kernel as it says itself, without that of maps in it. */
  bytes: z.int().nonnegative(),
});
export type MapFill = z.infer<typeof mapFillSchema>;

/** One connection, by the addresses that its packets have. */
export const connectionSchema = z.strictObject({
  protocol: z.string(),
  client: flowEndSchema,
  frontend: flowEndSchema,
  backend: flowEndSchema,
  /** Towards the backend the client has the node's address and this port; absent: it keeps its own. */
  nodePort: z.int().min(1).max(65_535).optional(),
  /** `new`: nobody has answered yet. */
  state: z.enum(['new', 'established', 'closing', 'closed', 'reset', 'unknown']),
  /** Since the last packet, of which one in a second at most is noted. */
  idleMs: z.number().nonnegative(),
});
export type Connection = z.infer<typeof connectionSchema>;

export const datapathAnswerSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('state'),
    node: z.string(),
    /** The newest revision in the maps; null: none, or they could not be written. */
    revision: revisionSchema.nullable(),
    maps: z.array(mapFillSchema),
    /** Events that found the ring buffer full since the maps were made; exact. */
    lost: z.int().nonnegative(),
  }),
  z.strictObject({
    kind: z.literal('conntrack'),
    node: z.string(),
    connections: z.array(connectionSchema).max(maxAnswered),
    /** How many there are of those that were asked for. */
    total: z.int().nonnegative(),
  }),
  /** It cannot be told. */
  z.strictObject({ kind: z.literal('fault'), node: z.string(), message: z.string() }),
]);
export type DatapathAnswer = z.infer<typeof datapathAnswerSchema>;

const bytesOf = (value: DatapathQuestion | DatapathAnswer): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(value));
const read = (bytes: Uint8Array): unknown =>
  JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));

export const encodeDatapathQuestion: (question: DatapathQuestion) => Uint8Array = bytesOf;
export const encodeDatapathAnswer: (answer: DatapathAnswer) => Uint8Array = bytesOf;

/** @throws Error for bytes that are no question */
export const decodeDatapathQuestion = (bytes: Uint8Array): DatapathQuestion =>
  datapathQuestionSchema.parse(read(bytes));

/** @throws Error for bytes that are no answer */
export const decodeDatapathAnswer = (bytes: Uint8Array): DatapathAnswer =>
  datapathAnswerSchema.parse(read(bytes));
