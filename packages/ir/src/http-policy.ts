// What a rule of a route asks for beside matching and forwarding: mirrors, retries, cross-origin answers.
import { z } from 'zod';
import { irStringMatchSchema } from './string-match.ts';

/** A copy of the request, sent and forgotten: its answer is dropped, and nothing about it changes what the client gets. */
export const irMirrorSchema = z.strictObject({
  /** Key of a cluster. */
  cluster: z.string(),
  /** Out of a million requests so many are copied, 1–1,000,000. */
  perMillion: z.int().min(1).max(1_000_000),
});
export type IrMirror = z.infer<typeof irMirrorSchema>;

/** Which requests are tried again, beside those that never reached a backend. */
export const irRetrySchema = z.strictObject({
  /** Answers of a backend that are tried again, 400–599; sorted, without duplicates. */
  codes: z.array(z.int().min(400).max(599)),
  /** Tries after the first, 1 or more. */
  attempts: z.int().min(1),
  /** Milliseconds before the first of these tries; absent: as the data plane likes. */
  backoffMs: z.int().positive().optional(),
});
export type IrRetry = z.infer<typeof irRetrySchema>;

/**
 * How a browser of another origin is answered (Fetch Standard, CORS protocol). A preflight request is answered by the
 * data plane, without the headers where its origin is not allowed.
 */
export const irCorsSchema = z.strictObject({
  /** Origins in lower case; an expression matches the whole value. Empty: none. */
  allowOrigins: z.array(irStringMatchSchema),
  allowCredentials: z.boolean(),
  /** `*` alone: the method that is asked for. */
  allowMethods: z.array(z.string()),
  /** `*` alone: the headers that are asked for. */
  allowHeaders: z.array(z.string()),
  exposeHeaders: z.array(z.string()),
  /** How long a browser may keep the answer, seconds, 1 or more. */
  maxAgeSeconds: z.int().min(1),
});
export type IrCors = z.infer<typeof irCorsSchema>;
