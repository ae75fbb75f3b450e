import { z } from 'zod';
import { irCorsSchema, irMirrorSchema, irRetrySchema } from './http-policy.ts';
import { objectRefSchema } from './key.ts';
import { irStringMatchSchema } from './string-match.ts';

/** `prefix` matches whole path segments: `/a` matches `/a` and `/a/b`, not `/ab`. A trailing slash is dropped, save for `/`. */
export const irPathMatchSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('exact'), value: z.string() }),
  z.strictObject({ type: z.literal('prefix'), value: z.string() }),
  z.strictObject({ type: z.literal('regex'), value: z.string() }),
]);
export type IrPathMatch = z.infer<typeof irPathMatchSchema>;

/** All parts must hold. Header names are lower case and unique; so are query names, which keep their case. */
export const irHttpMatchSchema = z.strictObject({
  path: irPathMatchSchema,
  /** Upper case; absent matches every method. */
  method: z.string().optional(),
  headers: z.array(z.strictObject({ name: z.string(), match: irStringMatchSchema })),
  query: z.array(z.strictObject({ name: z.string(), match: irStringMatchSchema })),
  /**
   * Of a match of gRPC calls: the lengths of what it says of the service and of the method, 0 where it says nothing. They
   * order matches instead of the length of the path, which is exact where both are, an expression where one is open,
   * and `/` as a prefix where both are.
   */
  call: z.strictObject({ service: z.int().nonnegative(), method: z.int().nonnegative() }).optional(),
});
export type IrHttpMatch = z.infer<typeof irHttpMatchSchema>;

/** Header changes, applied in the order set, add, remove. Names are lower case. Values are literal text, never a template. */
export const irHeaderEditSchema = z.strictObject({
  set: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  add: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  remove: z.array(z.string()),
});
export type IrHeaderEdit = z.infer<typeof irHeaderEditSchema>;

/** `full` replaces the whole path; `prefix` replaces the matched path prefix (only beside a prefix match). */
export const irPathRewriteSchema = z.strictObject({ type: z.enum(['full', 'prefix']), value: z.string() });
export type IrPathRewrite = z.infer<typeof irPathRewriteSchema>;

/** One weighted target of a forward action. */
export const irBackendSchema = z.strictObject({
  /** Key of a cluster; null where the reference is invalid: its share of requests is answered with `invalidBackendStatus`. */
  cluster: z.string().nullable(),
  /** 1–1,000,000; targets of weight 0 are left out of the IR. */
  weight: z.int().min(1).max(1_000_000),
  requestHeaders: irHeaderEditSchema.optional(),
  responseHeaders: irHeaderEditSchema.optional(),
});
export type IrBackend = z.infer<typeof irBackendSchema>;

export const irHttpActionSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('forward'),
    /** Never empty. */
    backends: z.array(irBackendSchema),
    hostRewrite: z.string().optional(),
    pathRewrite: irPathRewriteSchema.optional(),
    /** Whole request, milliseconds; 0 means no limit; absent means the data plane's default (15 s). */
    requestTimeoutMs: z.int().nonnegative().optional(),
    /** One try at a backend, milliseconds; 0 means no limit. */
    backendTimeoutMs: z.int().nonnegative().optional(),
    /** Absent: only what never reached a backend is tried again. */
    retry: irRetrySchema.optional(),
    /** Never empty where present. */
    mirrors: z.array(irMirrorSchema).optional(),
    /** Default 500; 503 is what a gRPC client takes for UNAVAILABLE. */
    invalidBackendStatus: z.literal(503).optional(),
  }),
  z.strictObject({
    type: z.literal('redirect'),
    scheme: z.enum(['http', 'https']).optional(),
    hostname: z.string().optional(),
    /**
     * Port of the Location. Absent beside a scheme: the one that the request's Host has. Absent without: the listener's, where it is
     * neither well known for its protocol nor moved; else that of Host (Gateway API v1.7 HTTPRequestRedirectFilter.port).
     */
    port: z.int().min(1).max(65535).optional(),
    path: irPathRewriteSchema.optional(),
    statusCode: z.union([z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)]),
  }),
  /** An answer by the data plane itself: 500 (gRPC: 503) where all references are invalid or all weights are 0. */
  z.strictObject({ type: z.literal('respond'), statusCode: z.int().min(200).max(599), reason: z.string() }),
]);
export type IrHttpAction = z.infer<typeof irHttpActionSchema>;

export const irHttpRuleSchema = z.strictObject({
  /** Position in the route, from 0: the last tie-break of precedence. */
  index: z.int().nonnegative(),
  name: z.string().optional(),
  /** Alternatives; never empty. The spec's default (prefix `/`) is filled in. */
  matches: z.array(irHttpMatchSchema),
  requestHeaders: irHeaderEditSchema.optional(),
  responseHeaders: irHeaderEditSchema.optional(),
  /** Only what is forwarded is answered by it. */
  cors: irCorsSchema.optional(),
  action: irHttpActionSchema,
});
export type IrHttpRule = z.infer<typeof irHttpRuleSchema>;

/**
 * Where a route is attached: a server of a listener, for these hostnames (already intersected, lower case, `*` for all;
 * sorted). It may name a listener or server that is not in the IR at the moment: the route is not served there.
 */
export const irAttachmentSchema = z.strictObject({
  listener: z.string(),
  server: z.string(),
  hostnames: z.array(z.string()),
});
export type IrAttachment = z.infer<typeof irAttachmentSchema>;

/**
 * One HTTPRoute or GRPCRoute, resolved, or what takes all requests to a Service: nothing in it needs another object to be
 * understood, save keys of clusters and listeners. Key: `<namespace>/<name>`, else see `httpRouteKey`, `serviceRouteKey`. A route with no attachment is not in the
 * IR. Matches of both kinds never stand under the same hostname of a server.
 */
export const irHttpRouteSchema = z.strictObject({
  kind: z.literal('http-route'),
  key: z.string(),
  source: objectRefSchema,
  generation: z.int().nonnegative(),
  /** RFC 3339 time of the object's creation for precedence; the empty string where the source has none (files), which sorts first. */
  createdAt: z.string(),
  /** Its matches are tried after those of all routes without it: a default for what nobody else takes. */
  fallback: z.literal(true).optional(),
  /** Sorted by listener, then server. */
  attachments: z.array(irAttachmentSchema),
  rules: z.array(irHttpRuleSchema),
});
export type IrHttpRoute = z.infer<typeof irHttpRouteSchema>;

/** The key of the route that takes every request to a port of the Service `<namespace>/<name>` itself. */
export function serviceRouteKey(service: string, port: number): string {
  return `service:${service}/${port}`;
}

/** The key of the route of an object with this kind and `<namespace>/<name>`. */
export function httpRouteKey(kind: 'HTTPRoute' | 'GRPCRoute', name: string): string {
  return kind === 'GRPCRoute' ? `grpc:${name}` : name;
}

/** The part of an Ingress that a route stands for. */
export type IngressRoutePart = 'rules' | 'redirect' | 'default' | 'default-redirect';

/**
 * The key of a route of the Ingress `<namespace>/<name>`: of its rules for a host (`*`: of those without one), of its default
 * backend, or of the redirects to HTTPS of either.
 */
export function ingressRouteKey(ingress: string, part: IngressRoutePart, host: string): string {
  const base = `ingress:${ingress}`;
  if (part === 'default' || part === 'default-redirect') return `${base}#${part}`;
  return part === 'rules' ? `${base}#${host}` : `${base}#redirect#${host}`;
}
