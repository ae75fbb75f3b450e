// GRPCRoute, Gateway API v1.6.3 (useDefaultGateways is experimental there).
import { z } from 'zod';
import { backendRefFields, portNeeded } from './backend-ref.ts';
import { extensionRef, headerFilter, requestMirror } from './http-filter.ts';
import { matchType, named } from './http-match.ts';
import { namespacedMetadata } from './metadata.ts';
import { parentRefsSchema } from './parent-ref.ts';
import { checkRules } from './route-rules.ts';
import { dnsSubdomain, headerName, hostname, listOf, plainText, sectionName } from './text.ts';
import { repeated } from './unique.ts';
import { gatewayVersions } from './versions.ts';

const grpcFilterSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('RequestHeaderModifier'), requestHeaderModifier: headerFilter }),
  z.strictObject({ type: z.literal('ResponseHeaderModifier'), responseHeaderModifier: headerFilter }),
  z.strictObject({ type: z.literal('RequestMirror'), requestMirror }),
  z.strictObject({ type: z.literal('ExtensionRef'), extensionRef }),
]);
export type GrpcFilter = z.infer<typeof grpcFilterSchema>;

const mayRepeat: ReadonlySet<string> = new Set(['RequestMirror', 'ExtensionRef']);

const grpcFiltersSchema = listOf(grpcFilterSchema, 16)
  .superRefine((filters, context) => {
    for (const { index, first } of repeated(filters, (f) => (mayRepeat.has(f.type) ? undefined : f.type)))
      context.addIssue({
        code: 'custom',
        path: [index, 'type'],
        message: `repeats the type of filters[${first}]`,
        params: { hint: 'join the two filters into one' },
      });
  })
  .default([]);

/** Names of protobuf; an expression is judged where it is translated. */
const methodMatch = z
  .strictObject({
    type: matchType,
    service: plainText(1, 1024).exactOptional(),
    method: plainText(1, 1024).exactOptional(),
  })
  .superRefine(({ type, service, method }, context) => {
    const fault = (path: string[], message: string, hint: string): void =>
      context.addIssue({ code: 'custom', path, message, params: { hint } });
    if (service === undefined && method === undefined)
      fault([], 'must name a service, a method or both', 'leave it out to match every call');
    if (type !== 'Exact') return;
    if (service !== undefined && !/^\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$/i.test(service))
      fault(['service'], 'must be a protobuf service such as shop.v1.Orders', 'write package and service');
    if (method !== undefined && !/^[A-Za-z_][A-Za-z_0-9]*$/.test(method))
      fault(['method'], 'must be a protobuf method such as GetOrder', 'write the name alone, without "/"');
  });

/** All parts must hold; without parts it matches every call. */
const grpcMatchSchema = z.strictObject({
  method: methodMatch.exactOptional(),
  headers: named(z.strictObject({ type: matchType, name: headerName, value: plainText(1, 4096) })),
});
export type GrpcMatch = z.infer<typeof grpcMatchSchema>;

const grpcBackendRefSchema = z
  .strictObject({
    ...backendRefFields,
    weight: z
      .int()
      .min(0, 'must be from 0 to 1000000')
      .max(1_000_000, 'must be from 0 to 1000000')
      .default(1),
    filters: grpcFiltersSchema,
  })
  .superRefine(portNeeded);

const grpcRuleSchema = z.strictObject({
  name: sectionName.exactOptional(),
  /** Alternatives; none means every call. */
  matches: listOf(grpcMatchSchema, 64).default([]),
  filters: grpcFiltersSchema,
  backendRefs: listOf(grpcBackendRefSchema, 16).default([]),
});
export type GrpcRule = z.infer<typeof grpcRuleSchema>;

const rulesSchema = listOf(
  grpcRuleSchema,
  16,
  'split it into several GRPCRoutes with the same parents and hostnames',
)
  .superRefine(checkRules)
  .default([]);

/** A route of gRPC calls. */
export const grpcRouteSchema = z.strictObject({
  apiVersion: gatewayVersions,
  kind: z.literal('GRPCRoute'),
  metadata: namespacedMetadata(dnsSubdomain),
  spec: z
    .strictObject({
      parentRefs: parentRefsSchema,
      useDefaultGateways: z.enum(['All', 'None']).exactOptional(),
      /** Empty: every hostname of the parents. */
      hostnames: listOf(hostname, 16).default([]),
      rules: rulesSchema,
    })
    .prefault({}),
});
export type GrpcRoute = z.infer<typeof grpcRouteSchema>;
