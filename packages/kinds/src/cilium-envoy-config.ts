// CiliumEnvoyConfig and CiliumClusterwideEnvoyConfig, cilium.io/v2 of Cilium 1.20 (and v2alpha1, which has the same fields).
// What stands in `resources` is not looked into here: @sluice/envoy-resources knows Envoy's types.
import { z } from 'zod';
import { labelSelectorSchema } from './label-selector.ts';
import { clusterMetadata, namespacedMetadata } from './metadata.ts';
import { dnsLabel, dnsSubdomain, listOf, plainText, portNumber } from './text.ts';
import { repeated } from './unique.ts';
import { apiVersions } from './versions.ts';

/** Services of one object, at most: each may take an address. */
const maxServices = 64;

const redirectedService = z.strictObject({
  name: dnsLabel,
  /** Default: that of the object; a CiliumClusterwideEnvoyConfig must say it. */
  namespace: dnsLabel.exactOptional(),
  /** Ports of the Service whose traffic is meant; empty: all TCP ports. */
  ports: listOf(portNumber, 64).default([]),
  /** Name of a Listener among `resources`; absent: the first one. */
  listener: plainText(1, 253).exactOptional(),
});
export type RedirectedService = z.infer<typeof redirectedService>;

const backendService = z.strictObject({
  name: dnsLabel,
  /** Default: that of the object; a CiliumClusterwideEnvoyConfig must say it. */
  namespace: dnsLabel.exactOptional(),
  /** Ports by number or name; empty: all. */
  number: listOf(
    z
      .union([portNumber.transform(String), plainText(1, 63)], 'must be a port number or the name of a port')
      .pipe(z.string()),
    64,
  ).default([]),
});

const resource = z.looseObject({
  '@type': plainText(1, 253),
});
/** One Envoy resource as JSON, with `@type`. */
export type EnvoyResource = z.infer<typeof resource>;

const services = listOf(redirectedService, maxServices, 'split the object').superRefine((list, context) => {
  const of = (s: RedirectedService): string => JSON.stringify([s.namespace ?? null, s.name]);
  const ports = (s: RedirectedService): string[] =>
    s.ports.length === 0 ? [of(s)] : s.ports.map((port) => `${of(s)}${port}`);
  const flat = list.flatMap((s, index) => ports(s).map((port) => ({ index, port })));
  for (const { index, first } of repeated(flat, ({ port }) => port))
    context.addIssue({
      code: 'custom',
      path: [flat[index]?.index ?? 0, 'name'],
      message: `repeats the Service of services[${flat[first]?.index ?? 0}]`,
      params: { hint: 'remove one of the two, or give each its own ports' },
    });
});

const spec = {
  services: services.default([]),
  backendServices: listOf(backendService, 256).default([]),
  resources: listOf(resource, 512, 'split the object').min(1, 'must hold at least one Envoy resource'),
  nodeSelector: labelSelectorSchema.exactOptional(),
};

const versions = apiVersions('cilium.io/v2', ['cilium.io/v2alpha1']);

/** Raw Envoy resources, and the Services whose traffic goes to one of their listeners. */
export const ciliumEnvoyConfigSchema = z.strictObject({
  apiVersion: versions,
  kind: z.literal('CiliumEnvoyConfig'),
  metadata: namespacedMetadata(dnsSubdomain),
  spec: z.strictObject(spec),
});
export type CiliumEnvoyConfig = z.infer<typeof ciliumEnvoyConfigSchema>;

/** The same for the whole cluster: its Services may be of any namespace. */
export const ciliumClusterwideEnvoyConfigSchema = z.strictObject({
  apiVersion: versions,
  kind: z.literal('CiliumClusterwideEnvoyConfig'),
  metadata: clusterMetadata(dnsSubdomain),
  spec: z.strictObject(spec).superRefine(({ services: redirected, backendServices }, context) => {
    const lists = { services: redirected, backendServices };
    for (const [field, list] of Object.entries(lists))
      list.forEach(({ namespace }, i) => {
        if (namespace === undefined)
          context.addIssue({
            code: 'custom',
            path: [field, i, 'namespace'],
            message: 'is required',
            params: { hint: 'a CiliumClusterwideEnvoyConfig has no namespace of its own' },
          });
      });
  }),
});
export type CiliumClusterwideEnvoyConfig = z.infer<typeof ciliumClusterwideEnvoyConfigSchema>;

/** An object of either kind. */
export type EnvoyConfig = CiliumEnvoyConfig | CiliumClusterwideEnvoyConfig;

/** The controller in whose name these kinds are served: beside a living Cilium they are Cilium's. */
export const ciliumController = 'io.cilium/gateway-controller';

/** Whether an object is of one of the two kinds. */
export function isEnvoyConfig(object: { readonly kind: string }): object is EnvoyConfig {
  return object.kind === 'CiliumEnvoyConfig' || object.kind === 'CiliumClusterwideEnvoyConfig';
}

/** `@type` of a Listener. */
export const listenerTypeUrl = 'type.googleapis.com/envoy.config.listener.v3.Listener';

/** Names of the Listeners of an object, in order; what has no name, or repeats one, is left out. */
export function listenerNames({ spec: { resources } }: EnvoyConfig): string[] {
  const named = resources.flatMap((r) =>
    r['@type'] === listenerTypeUrl && typeof r.name === 'string' && r.name !== '' ? [r.name] : [],
  );
  return [...new Set(named)];
}

/** `<namespace>/<name>` and the listener that the traffic of a Service goes to; undefined where there is none. */
export function redirectOf(
  config: EnvoyConfig,
  service: RedirectedService,
): { readonly service: string; readonly listener: string | undefined } {
  const namespace = service.namespace ?? config.metadata.namespace;
  return {
    service: `${namespace}/${service.name}`,
    listener: service.listener ?? listenerNames(config)[0],
  };
}

const firstPort = 10_000;
const portCount = 22_768;

/**
 * Listeners to which no Service leads, each with a port of its own at the address of the object. It follows from the
 * name, so that neither another listener nor a restart moves it; 10000 to 32767.
 */
export function freeListeners(config: EnvoyConfig): ReadonlyMap<string, number> {
  const led = new Set(config.spec.services.map((service) => redirectOf(config, service).listener));
  const free = listenerNames(config)
    .filter((name) => !led.has(name))
    .sort();
  const taken = new Set<number>();
  return new Map(
    free.map((name) => {
      let port = firstPort + (hash(name) % portCount);
      while (taken.has(port)) port = firstPort + ((port - firstPort + 1) % portCount);
      taken.add(port);
      return [name, port];
    }),
  );
}

/** FNV-1a over UTF-16 code units, 32 bits. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return h;
}
