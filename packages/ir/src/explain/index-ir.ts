// The IR as explanations ask for it.
import type { IrEndpointGroup } from '../endpoint.ts';
import type { IrHttpRoute } from '../http-route.ts';
import { compareText } from '../key.ts';
import type { IrL4Route } from '../l4-route.ts';
import type { IrListener } from '../listener.ts';
import type { IrResource, IrResourceOf } from '../resource.ts';

/** A view of one state of the IR. Later changes of it do not show. */
export class IrIndex {
  /** Sorted by key. */
  readonly listeners: readonly IrListener[];
  readonly #routes: ReadonlyMap<string, readonly IrHttpRoute[]>;
  readonly #l4Routes: ReadonlyMap<string, readonly IrL4Route[]>;
  readonly #clusters: ReadonlyMap<string, IrResourceOf<'cluster'>>;
  readonly #groups: ReadonlyMap<string, readonly IrEndpointGroup[]>;

  constructor(resources: Iterable<IrResource>) {
    const all = [...resources];
    this.listeners = all
      .filter((resource) => resource.kind === 'listener')
      .sort((a, b) => compareText(a.key, b.key));
    this.#routes = groupBy(
      all.filter((resource) => resource.kind === 'http-route'),
      (route) => route.attachments.map(({ listener }) => listener),
    );
    this.#l4Routes = groupBy(
      all.filter((resource) => resource.kind === 'l4-route'),
      (route) => route.attachments.map(({ listener }) => listener),
    );
    this.#clusters = new Map(
      all.flatMap((resource) => (resource.kind === 'cluster' ? [[resource.key, resource]] : [])),
    );
    this.#groups = groupBy(
      all.filter((resource) => resource.kind === 'endpoint-group'),
      (group) => [group.service],
    );
  }

  /** Routes that are attached to a listener, each once. */
  routesOf(listener: string): readonly IrHttpRoute[] {
    return this.#routes.get(listener) ?? [];
  }

  /** L4-routes that are attached to a listener, each once. */
  l4RoutesOf(listener: string): readonly IrL4Route[] {
    return this.#l4Routes.get(listener) ?? [];
  }

  /** `address:port` of the endpoints of a cluster that take new requests: the ready ones, or else those that drain; sorted. */
  endpointsOf(clusterKey: string): readonly string[] {
    const cluster = this.#clusters.get(clusterKey);
    return cluster === undefined ? [] : this.endpointsOfService(cluster.endpoints);
  }

  /** The same of a Service port, as endpoint groups call it. */
  endpointsOfService(service: string): readonly string[] {
    const groups = this.#groups.get(service) ?? [];
    const all = groups.flatMap(({ endpoints }) => endpoints);
    const ready = all.filter(({ state }) => state === 'ready');
    const taking = (ready.length > 0 ? ready : all).map(({ address, port }) =>
      address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
    );
    return [...new Set(taking)].sort(compareText);
  }
}

function groupBy<T>(members: readonly T[], groupsOf: (member: T) => readonly string[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const member of members)
    for (const group of new Set(groupsOf(member))) {
      const list = groups.get(group);
      if (list === undefined) groups.set(group, [member]);
      else list.push(member);
    }
  return groups;
}
