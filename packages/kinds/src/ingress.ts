// Ingress, networking.k8s.io/v1 of Kubernetes 1.35. What its API server takes is taken: a path that cannot be served is
// told by a condition, and its neighbours are served.
import { z } from 'zod';
import { namespacedMetadata } from './metadata.ts';
import {
  dnsLabel,
  dnsSubdomain,
  group,
  hostname,
  kindName,
  objectName,
  plainText,
  portNumber,
} from './text.ts';
import { apiVersions } from './versions.ts';

/** API group of Ingress and IngressClass. */
export const ingressGroup = 'networking.k8s.io';

/** The annotation that named the class before `spec.ingressClassName` did. */
export const legacyClassAnnotation = 'kubernetes.io/ingress.class';

const oneOf = (
  value: Readonly<Record<string, unknown>>,
  [first, second]: readonly [string, string],
  context: z.RefinementCtx,
): void => {
  const both = value[first] !== undefined && value[second] !== undefined;
  const none = value[first] === undefined && value[second] === undefined;
  if (both)
    context.addIssue({
      code: 'custom',
      path: [second],
      message: `must not stand beside ${first}`,
      params: { hint: 'remove one of the two' },
    });
  if (none)
    context.addIssue({
      code: 'custom',
      path: [],
      message: `must have ${first} or ${second}`,
      params: { hint: `add ${first}` },
    });
};

const backendSchema = z
  .strictObject({
    service: z
      .strictObject({
        name: dnsLabel,
        /** A port of the Service, by its number or by its name. */
        port: z
          .strictObject({ name: plainText(1, 63).exactOptional(), number: portNumber.exactOptional() })
          .superRefine((port, context) => oneOf(port, ['number', 'name'], context)),
      })
      .exactOptional(),
    /** An object of the namespace that is no Service. */
    resource: z
      .strictObject({ apiGroup: group.default(''), kind: kindName, name: objectName })
      .exactOptional(),
  })
  .superRefine((backend, context) => oneOf(backend, ['service', 'resource'], context));
export type IngressBackend = z.infer<typeof backendSchema>;

const forbidden: readonly (readonly [test: (path: string) => boolean, message: string])[] = [
  [(p) => p.includes('//'), 'must not contain "//"'],
  [(p) => p.includes('/./') || p.endsWith('/.'), 'must not contain a segment "."'],
  [(p) => p.includes('/../') || p.endsWith('/..'), 'must not contain a segment ".."'],
  [(p) => /%2f/i.test(p), 'must not contain an escaped slash (%2f)'],
];

const pathSchema = z
  .strictObject({
    /** Empty only for ImplementationSpecific, where it means every path. */
    path: plainText(0, 4096).default(''),
    /** ImplementationSpecific: a regular expression (RE2) for the whole path. */
    pathType: z.enum(['Exact', 'Prefix', 'ImplementationSpecific']),
    backend: backendSchema,
  })
  .superRefine(({ path, pathType }, context) => {
    const fault = (message: string, hint = ''): void =>
      context.addIssue({ code: 'custom', path: ['path'], message, params: { hint } });
    if (pathType === 'ImplementationSpecific' && path === '') return;
    if (!path.startsWith('/')) return fault('must start with "/"', path === '' ? '' : `write "/${path}"`);
    if (pathType === 'ImplementationSpecific') return;
    const found = forbidden.find(([test]) => test(path));
    if (found !== undefined) fault(found[1]);
  });
export type IngressPath = z.infer<typeof pathSchema>;

const ruleSchema = z.strictObject({
  /** Empty: every host. A wildcard is one label: `*.example.com`. */
  host: z.union([z.literal(''), hostname]).default(''),
  /** Absent: requests for the host go to the default backend. */
  http: z.strictObject({ paths: z.array(pathSchema).min(1, 'must have at least one path') }).exactOptional(),
});
export type IngressRule = z.infer<typeof ruleSchema>;

const specSchema = z
  .strictObject({
    /** Absent: the default class, if there is one. */
    ingressClassName: dnsSubdomain.exactOptional(),
    /** Gets what no rule takes. */
    defaultBackend: backendSchema.exactOptional(),
    tls: z
      .array(
        z.strictObject({
          /** Empty: every host. */
          hosts: z.array(hostname).default([]),
          /** A Secret of type kubernetes.io/tls in the namespace of the Ingress. */
          secretName: objectName.exactOptional(),
        }),
      )
      .default([]),
    rules: z.array(ruleSchema).default([]),
  })
  .superRefine(({ defaultBackend, rules }, context) => {
    if (defaultBackend !== undefined || rules.length > 0) return;
    context.addIssue({
      code: 'custom',
      path: ['rules'],
      message: 'must have at least one rule, unless there is a defaultBackend',
      params: { hint: 'add a rule with http.paths' },
    });
  });

/** Routes HTTP requests by host and path to Services of its namespace. */
export const ingressSchema = z.strictObject({
  apiVersion: apiVersions('networking.k8s.io/v1', []),
  kind: z.literal('Ingress'),
  metadata: namespacedMetadata(dnsSubdomain),
  spec: specSchema,
});
export type Ingress = z.infer<typeof ingressSchema>;
