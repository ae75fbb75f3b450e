// Listeners of a Gateway, Gateway API v1.7.0.
import { z } from 'zod';
import { labelSelectorSchema } from './label-selector.ts';
import {
  dnsLabel,
  group,
  hostname,
  kindName,
  listOf,
  objectName,
  plainText,
  portNumber,
  qualifiedName,
  sectionName,
} from './text.ts';
import { repeated } from './unique.ts';
import { gatewayGroup } from './versions.ts';

/** A reference to a Secret (or another holder of a certificate). */
export const secretRefSchema = z.strictObject({
  group: group.default(''),
  kind: kindName.default('Secret'),
  name: objectName,
  /** Absent: the namespace of the referring object. */
  namespace: dnsLabel.exactOptional(),
});
export type SecretRef = z.infer<typeof secretRefSchema>;

const listenerTls = z
  .strictObject({
    mode: z.enum(['Terminate', 'Passthrough']).default('Terminate'),
    certificateRefs: listOf(secretRefSchema, 64).default([]),
    options: z.record(qualifiedName, plainText(0, 4096)).default({}),
  })
  .superRefine((tls, context) => {
    if (tls.mode !== 'Terminate' || tls.certificateRefs.length > 0 || Object.keys(tls.options).length > 0)
      return;
    context.addIssue({
      code: 'custom',
      path: ['certificateRefs'],
      message: 'must name a certificate when mode is Terminate',
      params: { hint: 'add certificateRefs with the name of a Secret of type kubernetes.io/tls' },
    });
  });

const selectedNamespaces = z
  .strictObject({
    from: z.enum(['All', 'Selector', 'Same', 'None']).default('Same'),
    selector: labelSelectorSchema.exactOptional(),
  })
  .superRefine(({ from, selector }, context) => {
    if (from !== 'Selector' || selector !== undefined) return;
    context.addIssue({ code: 'custom', path: ['selector'], message: 'is required when from is Selector' });
  });

const protocolPattern =
  /^([a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9]+)$/;
const coreProtocols: ReadonlySet<string> = new Set(['HTTP', 'HTTPS', 'TLS', 'TCP', 'UDP']);

/** Core protocols in upper case (they are compared without case), others as written. Whether it is served is not judged here. */
const protocol = z
  .string()
  .max(255)
  .refine((value) => protocolPattern.test(value), 'must be a protocol such as HTTP or HTTPS')
  .transform((value) => (coreProtocols.has(value.toUpperCase()) ? value.toUpperCase() : value));

export const listenerSchema = z
  .strictObject({
    name: sectionName,
    /** Absent: every hostname. */
    hostname: hostname.exactOptional(),
    port: portNumber,
    protocol,
    tls: listenerTls.exactOptional(),
    allowedRoutes: z
      .strictObject({
        namespaces: selectedNamespaces.prefault({}),
        /** Empty: what fits the protocol. */
        kinds: listOf(z.strictObject({ group: group.default(gatewayGroup), kind: kindName }), 8).default([]),
      })
      .prefault({}),
  })
  .superRefine((listener, context) => {
    const fault = (path: string, message: string, hint = ''): void =>
      context.addIssue({ code: 'custom', path: [path], message, params: { hint } });
    const { protocol: is, tls } = listener;
    if (tls !== undefined && ['HTTP', 'TCP', 'UDP'].includes(is))
      fault('tls', `must not be set for protocol ${is}`, 'remove tls, or set protocol: HTTPS');
    if (is === 'HTTPS' && tls?.mode === 'Passthrough')
      fault(
        'tls',
        'mode must be Terminate for protocol HTTPS',
        'use protocol: TLS to pass connections through',
      );
    if (listener.hostname !== undefined && ['TCP', 'UDP'].includes(is))
      fault('hostname', `must not be set for protocol ${is}`, 'remove hostname');
  });
export type Listener = z.infer<typeof listenerSchema>;

/** Says which listeners of one object have a name, or a port, protocol and hostname, that another one has. */
export function distinctListeners(listeners: readonly Listener[], context: z.RefinementCtx): void {
  for (const { index, first } of repeated(listeners, (l) => l.name))
    context.addIssue({
      code: 'custom',
      path: [index, 'name'],
      message: `is also the name of listeners[${first}]`,
      params: { hint: 'give each listener a name of its own' },
    });
  for (const { index, first } of repeated(listeners, (l) =>
    JSON.stringify([l.port, l.protocol, l.hostname ?? null]),
  ))
    context.addIssue({
      code: 'custom',
      path: [index],
      message: `has the port, protocol and hostname of listeners[${first}]`,
      params: { hint: 'make one of the three differ, or remove one of the two' },
    });
}
