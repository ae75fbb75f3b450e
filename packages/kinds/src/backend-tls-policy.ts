// BackendTLSPolicy, Gateway API v1.6.3.
import { z } from 'zod';
import { namespacedMetadata } from './metadata.ts';
import {
  dnsSubdomain,
  group,
  hostname,
  kindName,
  listOf,
  objectName,
  plainText,
  preciseHostname,
  qualifiedName,
  sectionName,
} from './text.ts';
import { repeated } from './unique.ts';
import { apiVersions } from './versions.ts';

const targetRef = z.strictObject({
  group,
  kind: kindName,
  name: objectName,
  /** Name of one port of a Service; absent: all its ports. */
  sectionName: sectionName.exactOptional(),
});
export type PolicyTarget = z.infer<typeof targetRef>;

const targetRefs = listOf(targetRef, 16)
  .min(1, 'must name at least one Service')
  .superRefine((refs, context) => {
    const fault = (index: number, message: string, hint: string): void =>
      context.addIssue({ code: 'custom', path: [index], message, params: { hint } });
    const target = (r: PolicyTarget): string => JSON.stringify([r.group, r.kind, r.name]);
    const place = (r: PolicyTarget): string => JSON.stringify([target(r), r.sectionName ?? null]);
    for (const { index, first } of repeated(refs, place))
      fault(index, `repeats targetRefs[${first}]`, 'remove one of the two, or give each its own sectionName');
    for (const { index, first } of repeated(refs, target)) {
      const bare = [first, index].filter((i) => refs[i]?.sectionName === undefined);
      if (bare.length === 1)
        fault(
          bare[0] ?? index,
          `must set sectionName, since targetRefs[${first}] and targetRefs[${index}] name the same target`,
          'give each reference the name of a port of the Service as sectionName',
        );
    }
  });

const uri = plainText(1, 253).refine(
  (value) => /^[^:/?#\s]+:\S+$/.test(value),
  'must be a whole URI such as spiffe://example.com/ns/shop/sa/api',
);

const subjectAltName = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('Hostname'), hostname }),
  z.strictObject({ type: z.literal('URI'), uri }),
]);
export type SubjectAltName = z.infer<typeof subjectAltName>;

const validation = z
  .strictObject({
    /** PEM under the key `ca.crt`; of the policy's namespace. */
    caCertificateRefs: listOf(z.strictObject({ group, kind: kindName, name: objectName }), 8).default([]),
    wellKnownCACertificates: plainText(1, 253)
      .refine(
        (value) => value === 'System' || /^[a-z0-9.-]+\/[A-Za-z0-9._-]+$/.test(value),
        'must be System, or a name with a domain before it',
      )
      .exactOptional(),
    /** The SNI, and the name that the backend's certificate must hold where subjectAltNames is empty. */
    hostname: preciseHostname,
    subjectAltNames: listOf(subjectAltName, 5).default([]),
  })
  .superRefine(({ caCertificateRefs, wellKnownCACertificates }, context) => {
    const fault = (path: string, message: string, hint: string): void =>
      context.addIssue({ code: 'custom', path: [path], message, params: { hint } });
    if (caCertificateRefs.length > 0 && wellKnownCACertificates !== undefined)
      fault('wellKnownCACertificates', 'must not stand beside caCertificateRefs', 'remove one of the two');
    if (caCertificateRefs.length === 0 && wellKnownCACertificates === undefined)
      fault(
        'caCertificateRefs',
        'must name who signs the certificate of the backend',
        'name a ConfigMap with the key ca.crt, or set wellKnownCACertificates: System',
      );
  });

/** How connections to the endpoints of a Service are secured. */
export const backendTlsPolicySchema = z.strictObject({
  apiVersion: apiVersions('gateway.networking.k8s.io/v1', []),
  kind: z.literal('BackendTLSPolicy'),
  metadata: namespacedMetadata(dnsSubdomain),
  spec: z.strictObject({
    targetRefs,
    validation,
    options: z.record(qualifiedName, plainText(0, 4096)).default({}),
  }),
});
export type BackendTlsPolicy = z.infer<typeof backendTlsPolicySchema>;
