// HTTPRoute, Gateway API v1.7.0 (retry is standard there; sessionPersistence and useDefaultGateways experimental).
import { z } from 'zod';
import { backendRefFields, portNeeded } from './backend-ref.ts';
import { durationMs, durationSchema, isDuration } from './duration.ts';
import { type HttpFilter, httpFiltersSchema } from './http-filter.ts';
import { httpMatchSchema } from './http-match.ts';
import { namespacedMetadata } from './metadata.ts';
import { parentRefsSchema } from './parent-ref.ts';
import { checkRules } from './route-rules.ts';
import { dnsSubdomain, hostname, listOf, plainText, sectionName } from './text.ts';
import { gatewayVersions } from './versions.ts';

const httpBackendRefSchema = z
  .strictObject({
    ...backendRefFields,
    weight: z
      .int()
      .min(0, 'must be from 0 to 1000000')
      .max(1_000_000, 'must be from 0 to 1000000')
      .default(1),
    filters: httpFiltersSchema,
  })
  .superRefine(portNeeded);
export type HttpBackendRef = z.infer<typeof httpBackendRefSchema>;

const timeouts = z
  .strictObject({ request: durationSchema.exactOptional(), backendRequest: durationSchema.exactOptional() })
  .superRefine(({ request, backendRequest }, context) => {
    if (request === undefined || backendRequest === undefined) return;
    // A text that is no duration is a fault by itself, and comes here all the same.
    if (!isDuration(request) || !isDuration(backendRequest)) return;
    const limit = durationMs(request);
    if (limit === 0 || durationMs(backendRequest) <= limit) return;
    context.addIssue({
      code: 'custom',
      path: ['backendRequest'],
      message: `must not be longer than request (${request})`,
    });
  });

const sessionPersistence = z.strictObject({
  sessionName: plainText(1, 128).exactOptional(),
  absoluteTimeout: durationSchema.exactOptional(),
  idleTimeout: durationSchema.exactOptional(),
  type: z.enum(['Cookie', 'Header']).default('Cookie'),
  cookieConfig: z
    .strictObject({ lifetimeType: z.enum(['Permanent', 'Session']).default('Session') })
    .exactOptional(),
});

const prefixRewrite = (filter: HttpFilter): boolean =>
  (filter.type === 'URLRewrite' && filter.urlRewrite.path?.type === 'ReplacePrefixMatch') ||
  (filter.type === 'RequestRedirect' && filter.requestRedirect.path?.type === 'ReplacePrefixMatch');

const httpRuleSchema = z
  .strictObject({
    name: sectionName.exactOptional(),
    /** Alternatives. */
    matches: listOf(httpMatchSchema, 64)
      .transform((list) => (list.length === 0 ? [httpMatchSchema.parse({})] : list))
      .prefault([]),
    filters: httpFiltersSchema,
    backendRefs: listOf(httpBackendRefSchema, 16).default([]),
    timeouts: timeouts.exactOptional(),
    retry: z
      .strictObject({
        codes: listOf(
          z.int().min(400, 'must be from 400 to 599').max(599, 'must be from 400 to 599'),
          200,
        ).default([]),
        /** Tries after the first. */
        attempts: z.int().min(1, 'must be 1 or more').exactOptional(),
        backoff: durationSchema.exactOptional(),
      })
      .exactOptional(),
    sessionPersistence: sessionPersistence.exactOptional(),
  })
  .superRefine((rule, context) => {
    const fault = (path: (string | number)[], message: string, hint: string): void =>
      context.addIssue({ code: 'custom', path, message, params: { hint } });
    const redirect = rule.filters.findIndex((f) => f.type === 'RequestRedirect');
    if (redirect >= 0 && rule.backendRefs.length > 0)
      fault(
        ['filters', redirect],
        'RequestRedirect must not stand beside backendRefs',
        'a redirected request reaches no backend: remove one of the two',
      );
    const [match, ...more] = rule.matches;
    if (match?.path.type === 'PathPrefix' && more.length === 0) return;
    const needs = 'ReplacePrefixMatch needs exactly one match in the rule, and that of type PathPrefix';
    rule.filters.forEach((f, i) => {
      if (prefixRewrite(f)) fault(['filters', i], needs, 'give each prefix a rule of its own');
    });
    rule.backendRefs.forEach((b, i) => {
      b.filters.forEach((f, j) => {
        if (prefixRewrite(f))
          fault(['backendRefs', i, 'filters', j], needs, 'give each prefix a rule of its own');
      });
    });
  });
export type HttpRule = z.infer<typeof httpRuleSchema>;

const rulesSchema = listOf(
  httpRuleSchema,
  16,
  'split it into several HTTPRoutes with the same parents and hostnames',
)
  .min(1, 'must have at least one rule, or be left out')
  .superRefine(checkRules)
  .prefault([{}]);

/** A route of HTTP requests. */
export const httpRouteSchema = z.strictObject({
  apiVersion: gatewayVersions,
  kind: z.literal('HTTPRoute'),
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
export type HttpRoute = z.infer<typeof httpRouteSchema>;
