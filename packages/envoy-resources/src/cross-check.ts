// Names that lead nowhere, judged by the object alone: what its resources and its services refer to has to stand in it.
import { closest, type EnvoyConfig, fault, type ObjectFault, redirectOf } from '@sluice/kinds';
import type { ConfigReading, ReadResource } from './read-config.ts';
import type { ResourceKind } from './resource-types.ts';

/** A name that leads nowhere. */
export interface DeadEnd {
  readonly reason: 'ClusterNotFound' | 'RouteNotFound' | 'ListenerNotFound' | 'ServiceNotListed';
  /** Index of the resource that cannot be served because of it; undefined where it can. */
  readonly stops: number | undefined;
  readonly fault: ObjectFault;
}

/** The dead ends of an object. Secrets and Services are not looked for: they are objects of their own. */
export function crossCheck(config: EnvoyConfig, reading: ConfigReading): DeadEnd[] {
  const names = namesByKind(config, reading);
  return [
    ...config.spec.services.flatMap((service, i) => {
      const { listener } = redirectOf(config, service);
      const steps = ['spec', 'services', i, ...(service.listener === undefined ? [] : ['listener'])];
      if (listener !== undefined && names.listener.has(listener)) return [];
      const what = listener === undefined ? 'there is no Listener among the resources' : undefined;
      return [deadEnd('ListenerNotFound', { steps, name: listener ?? '', known: names.listener, what })];
    }),
    ...reading.resources.flatMap((resource) => [
      ...resource.references.flatMap((ref) => {
        if (ref.kind === 'secret' || names[ref.kind].has(ref.name)) return [];
        const reason = ref.kind === 'cluster' ? 'ClusterNotFound' : 'RouteNotFound';
        // Envoy waits for a route table before anything else goes on; without a cluster it answers 503 itself.
        const stops = ref.kind === 'route' ? resource.index : undefined;
        return [{ ...deadEnd(reason, { steps: ref.steps, name: ref.name, known: names[ref.kind] }), stops }];
      }),
      ...unlistedService(config, resource),
    ]),
  ];
}

const nouns = {
  ClusterNotFound: 'Cluster',
  RouteNotFound: 'RouteConfiguration',
  ListenerNotFound: 'Listener',
} as const;

function deadEnd(
  reason: keyof typeof nouns,
  of: {
    steps: readonly (string | number)[];
    name: string;
    known: ReadonlySet<string>;
    what?: string | undefined;
  },
): DeadEnd {
  const noun = nouns[reason];
  const near = closest(of.name, of.known);
  const hint = near === undefined ? `add a ${noun} with this name to the resources` : `did you mean ${near}?`;
  const message = of.what ?? `no ${noun} of this object has this name`;
  return { reason, stops: undefined, fault: fault(of.steps, message, hint) };
}

/** Also names of what is set aside: that is told where it stands. */
function namesByKind(config: EnvoyConfig, reading: ConfigReading): Record<ResourceKind, Set<string>> {
  const names: Record<ResourceKind, Set<string>> = {
    listener: new Set(),
    route: new Set(),
    cluster: new Set(),
    endpoint: new Set(),
    secret: new Set(),
  };
  for (const { kind, name } of reading.resources) names[kind].add(name);
  for (const { index } of reading.setAside) {
    const resource = config.spec.resources[index];
    const type = String(resource?.['@type'] ?? '')
      .split('.')
      .at(-1);
    const name = resource?.name;
    if (type === 'Cluster' && typeof name === 'string') names.cluster.add(name);
  }
  return names;
}

function unlistedService(config: EnvoyConfig, { index, service }: ReadResource): DeadEnd[] {
  if (service === undefined) return [];
  const listed = listedServices(config);
  const [key = ''] = service.split(':');
  if (listed.has(key)) return [];
  const steps = ['spec', 'resources', index];
  const message = `is of type EDS, and ${quoted(service)} is no Service under services or backendServices`;
  const near = closest(key, listed);
  const hint =
    near === undefined
      ? 'name it <namespace>/<service> or <namespace>/<service>:<port>, and add that Service to backendServices'
      : `did you mean ${near}?`;
  return [{ reason: 'ServiceNotListed', stops: undefined, fault: fault(steps, message, hint) }];
}

/** `<namespace>/<name>` of every Service that the object names. */
export function listedServices({ metadata, spec }: EnvoyConfig): Set<string> {
  return new Set(
    [...spec.services, ...spec.backendServices].map((s) => `${s.namespace ?? metadata.namespace}/${s.name}`),
  );
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
