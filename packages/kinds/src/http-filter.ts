// Filters of an HTTPRoute, Gateway API v1.7.0 HTTPRouteFilter (with the experimental ExternalAuth).
import { z } from 'zod';
import { backendObjectRefSchema } from './backend-ref.ts';
import {
  group,
  headerName,
  kindName,
  listOf,
  objectName,
  plainText,
  portNumber,
  preciseHostname,
} from './text.ts';
import { repeated } from './unique.ts';

const headers = listOf(z.strictObject({ name: headerName, value: plainText(1, 4096) }), 16)
  .superRefine((list, context) => {
    for (const { index, first } of repeated(list, (h) => h.name))
      context.addIssue({
        code: 'custom',
        path: [index, 'name'],
        message: `is also the name of item ${first}`,
        params: { hint: 'join the two values with a comma' },
      });
  })
  .default([]);

export const headerFilter = z.strictObject({
  set: headers,
  add: headers,
  remove: listOf(headerName, 16).default([]),
});
export type HeaderFilter = z.infer<typeof headerFilter>;

/** A path alone: with a query or fragment in it, it would not mean what it says. */
const newPath = plainText(0, 1024).superRefine((path, context) => {
  const found = /[?#]/.exec(path)?.[0];
  if (found === undefined) return;
  const hint =
    found === '?'
      ? 'remove it and what follows: the query of the request stays as it was sent'
      : 'remove it and what follows: a fragment never reaches a server';
  context.addIssue({ code: 'custom', message: `must not contain "${found}"`, params: { hint } });
});

const pathModifier = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ReplaceFullPath'), replaceFullPath: newPath }),
  z.strictObject({ type: z.literal('ReplacePrefixMatch'), replacePrefixMatch: newPath }),
]);
export type PathModifier = z.infer<typeof pathModifier>;

const statusCode = z
  .union(
    [z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)],
    'must be 301, 302, 303, 307 or 308',
  )
  .default(302);

const requestRedirect = z.strictObject({
  scheme: z.enum(['http', 'https']).exactOptional(),
  hostname: preciseHostname.exactOptional(),
  path: pathModifier.exactOptional(),
  port: portNumber.exactOptional(),
  statusCode,
});

export const requestMirror = z
  .strictObject({
    backendRef: backendObjectRefSchema,
    percent: z.int().min(0).max(100).exactOptional(),
    fraction: z
      .strictObject({ numerator: z.int().min(0), denominator: z.int().min(1).default(100) })
      .exactOptional(),
  })
  .superRefine(({ percent, fraction }, context) => {
    if (percent !== undefined && fraction !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['fraction'],
        message: 'must not stand beside percent',
        params: { hint: 'remove one of the two' },
      });
    if (fraction !== undefined && fraction.numerator > fraction.denominator)
      context.addIssue({
        code: 'custom',
        path: ['fraction', 'numerator'],
        message: 'must not be more than the denominator',
      });
  });

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const;
export const httpMethodSchema = z.enum(methods);

const originPattern = /^(\*|https?:\/\/(\*|(\*\.)?([a-zA-Z0-9-]+\.)*[a-zA-Z0-9-]+)(:[0-9]{1,5})?)$/;
const corsOrigin = plainText(1, 253).refine((value) => originPattern.test(value), {
  error: 'must be "*" or an origin such as https://www.example.com or https://*.example.com',
  params: { hint: 'write scheme and host, and the port where it is not the usual one; no path' },
});
const aloneStar = (list: readonly string[]): boolean => !list.includes('*') || list.length === 1;

const cors = z.strictObject({
  allowOrigins: listOf(corsOrigin, 64).refine(aloneStar, '"*" must stand alone').default([]),
  allowCredentials: z.boolean().exactOptional(),
  allowMethods: listOf(z.enum([...methods, '*']), 9)
    .refine(aloneStar, '"*" must stand alone')
    .default([]),
  allowHeaders: listOf(headerName, 64).refine(aloneStar, '"*" must stand alone').default([]),
  exposeHeaders: listOf(headerName, 64).default([]),
  /** Seconds. */
  maxAge: z.int().min(1).default(5),
});

const externalAuth = z
  .strictObject({
    protocol: z.enum(['HTTP', 'GRPC']),
    backendRef: backendObjectRefSchema,
    grpc: z.strictObject({ allowedHeaders: listOf(headerName, 64).default([]) }).exactOptional(),
    http: z
      .strictObject({
        path: plainText(1, 1024).exactOptional(),
        allowedHeaders: listOf(headerName, 64).default([]),
        allowedResponseHeaders: listOf(headerName, 64).default([]),
      })
      .exactOptional(),
    forwardBody: z.strictObject({ maxSize: z.int().min(0).default(0) }).exactOptional(),
  })
  .superRefine((auth, context) => {
    const [wanted, other] =
      auth.protocol === 'GRPC' ? (['grpc', 'http'] as const) : (['http', 'grpc'] as const);
    if (auth[wanted] === undefined)
      context.addIssue({
        code: 'custom',
        path: [wanted],
        message: `is required for protocol ${auth.protocol}`,
      });
    if (auth[other] !== undefined)
      context.addIssue({
        code: 'custom',
        path: [other],
        message: `must not be set for protocol ${auth.protocol}`,
      });
  });

export const extensionRef = z.strictObject({ group, kind: kindName, name: objectName });

const httpFilterSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('RequestHeaderModifier'), requestHeaderModifier: headerFilter }),
  z.strictObject({ type: z.literal('ResponseHeaderModifier'), responseHeaderModifier: headerFilter }),
  z.strictObject({ type: z.literal('RequestRedirect'), requestRedirect }),
  z.strictObject({
    type: z.literal('URLRewrite'),
    urlRewrite: z.strictObject({
      hostname: preciseHostname.exactOptional(),
      path: pathModifier.exactOptional(),
    }),
  }),
  z.strictObject({ type: z.literal('RequestMirror'), requestMirror }),
  z.strictObject({ type: z.literal('CORS'), cors }),
  z.strictObject({ type: z.literal('ExternalAuth'), externalAuth }),
  z.strictObject({
    type: z.literal('ExtensionRef'),
    extensionRef,
  }),
]);
export type CorsFilter = z.infer<typeof cors>;
export type MirrorFilter = z.infer<typeof requestMirror>;
export type HttpFilter = z.infer<typeof httpFilterSchema>;

const mayRepeat: ReadonlySet<string> = new Set(['RequestMirror', 'ExtensionRef']);

/** Up to 16 filters: one of each type, save mirrors and extensions; never a redirect beside a rewrite. */
export const httpFiltersSchema = listOf(httpFilterSchema, 16)
  .superRefine((filters, context) => {
    for (const { index, first } of repeated(filters, (f) => (mayRepeat.has(f.type) ? undefined : f.type)))
      context.addIssue({
        code: 'custom',
        path: [index, 'type'],
        message: `repeats the type of filters[${first}]`,
        params: { hint: 'join the two filters into one' },
      });
    const redirect = filters.findIndex((f) => f.type === 'RequestRedirect');
    const rewrite = filters.findIndex((f) => f.type === 'URLRewrite');
    if (redirect >= 0 && rewrite >= 0)
      context.addIssue({
        code: 'custom',
        path: [Math.max(redirect, rewrite)],
        message: 'RequestRedirect and URLRewrite must not stand in one list of filters',
        params: { hint: 'a redirect sets its own hostname and path: remove URLRewrite' },
      });
  })
  .default([]);
