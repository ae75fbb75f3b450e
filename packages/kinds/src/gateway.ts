// Gateway, Gateway API v1.7.0 (with the experimental fields of that release, so that they are not "unknown").
import { z } from 'zod';
import { distinctListeners, listenerSchema, secretRefSchema } from './gateway-listener.ts';
import { labelSelectorSchema } from './label-selector.ts';
import { annotationsSchema, labelsSchema, namespacedMetadata } from './metadata.ts';
import {
  dnsLabel,
  dnsSubdomain,
  group,
  kindName,
  listOf,
  objectName,
  plainText,
  portNumber,
} from './text.ts';
import { repeated } from './unique.ts';
import { gatewayVersions } from './versions.ts';

const objectRef = z.strictObject({
  group,
  kind: kindName,
  name: objectName,
  namespace: dnsLabel.exactOptional(),
});

const frontendTls = z.strictObject({
  validation: z
    .strictObject({
      caCertificateRefs: listOf(objectRef, 8),
      mode: z.enum(['AllowValidOnly', 'AllowInsecureFallback']).default('AllowValidOnly'),
    })
    .exactOptional(),
});

const address = z.strictObject({
  /** `IPAddress`, `Hostname`, or a domain-prefixed type of an implementation. */
  type: plainText(1, 253).default('IPAddress'),
  /** Absent: any address of the type. */
  value: plainText(1, 253).exactOptional(),
});

const gatewaySpec = z
  .strictObject({
    gatewayClassName: objectName,
    listeners: listOf(listenerSchema, 64, 'split it into several Gateways')
      .min(1, 'must have at least one listener')
      .superRefine(distinctListeners),
    addresses: listOf(address, 16).default([]),
    infrastructure: z
      .strictObject({
        labels: labelsSchema.default({}),
        annotations: annotationsSchema.default({}),
        parametersRef: z.strictObject({ group, kind: kindName, name: objectName }).exactOptional(),
      })
      .exactOptional(),
    allowedListeners: z
      .strictObject({
        namespaces: z
          .strictObject({
            from: z.enum(['All', 'Selector', 'Same', 'None']).default('None'),
            selector: labelSelectorSchema.exactOptional(),
          })
          .prefault({}),
      })
      .exactOptional(),
    tls: z
      .strictObject({
        backend: z.strictObject({ clientCertificateRef: secretRefSchema.exactOptional() }).exactOptional(),
        frontend: z
          .strictObject({
            default: frontendTls,
            perPort: listOf(z.strictObject({ port: portNumber, tls: frontendTls }), 64).default([]),
          })
          .exactOptional(),
      })
      .exactOptional(),
    defaultScope: z.enum(['All', 'None']).exactOptional(),
  })
  .superRefine(({ addresses }, context) => {
    const fault = (path: (string | number)[], message: string, hint = ''): void =>
      context.addIssue({ code: 'custom', path, message, params: { hint } });
    for (const { index, first } of repeated(addresses, (a) =>
      a.value === undefined ? undefined : JSON.stringify([a.type, a.value]),
    ))
      fault(['addresses', index], `repeats addresses[${first}]`, 'remove one of the two');
  });

/** A Gateway: where it listens and which routes it takes. */
export const gatewaySchema = z.strictObject({
  apiVersion: gatewayVersions,
  kind: z.literal('Gateway'),
  metadata: namespacedMetadata(dnsSubdomain),
  spec: gatewaySpec,
});
export type Gateway = z.infer<typeof gatewaySchema>;
