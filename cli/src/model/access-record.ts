// The records of Envoy's access log, as services/xds-server/src/core/access-log.ts has them written. Names are those of
// the log; what Envoy has no value for is null.
import { z } from 'zod';

const text = z.string().nullable();
const count = z.int().nonnegative().nullable();

/** One request, written when it has ended. Its headers and its query are not logged. */
const requestRecordSchema = z.object({
  kind: z.literal('request'),
  /** When its first byte came, RFC 3339. */
  time: z.iso.datetime(),
  /** As the response's `x-request-id` has it; null where the request was not even valid. */
  request_id: text,
  method: text,
  host: text,
  /** As the client sent it, normalised, without the query. */
  path: text,
  protocol: text,
  /** `address:port` of the client, and of the listener that it came to. */
  client: text,
  local: text,
  /** HTTP status; 0 where the client went before there was an answer. */
  status: z.int().min(0).max(999),
  /** RESPONSE_CODE_DETAILS, e.g. `via_upstream`. */
  details: text,
  /** RESPONSE_FLAGS, comma-separated; `-` for none. */
  flags: text,
  /** Id of the route's match that took it, `<namespace>/<route>/<rule>/<match>`; null: none did. */
  route: text,
  /** Revision in which that route last changed, e.g. `1-42`. */
  revision: text,
  /** `address:port` of the endpoint; null where it was sent to none. */
  upstream: text,
  upstream_cluster: text,
  upstream_failure: text,
  /** Tries to reach an endpoint, retries included. */
  attempts: count,
  bytes_received: count,
  bytes_sent: count,
  /** From the first byte in to the last byte out, milliseconds. */
  duration_ms: count,
  /** From the first byte in to the first byte of the endpoint's answer, milliseconds. */
  upstream_ms: count,
});

/** One connection that no server of a listener took. */
const connectionRecordSchema = z.object({
  kind: z.literal('connection'),
  time: z.iso.datetime(),
  client: text,
  local: text,
  sni: text,
  details: text,
  flags: text,
  tls_failure: text,
});

const accessRecordSchema = z.discriminatedUnion('kind', [requestRecordSchema, connectionRecordSchema]);

export type RequestRecord = Readonly<z.infer<typeof requestRecordSchema>>;
export type ConnectionRecord = Readonly<z.infer<typeof connectionRecordSchema>>;
export type AccessRecord = RequestRecord | ConnectionRecord;

/** Reads one line of the log; undefined where it is none of ours, or only a part of one. */
export function readAccessLine(line: string): AccessRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return accessRecordSchema.safeParse(value).data;
}
