// Which part of the IR can decide about a request. In: the IR; out: for a request the few resources that explaining it
// needs, so that the cost follows the routes of its host and first path segment, not all routes.

import type { IrHttpRoute, IrHttpRule, IrListener, IrResource } from '@sluice/ir';
import { type ExplainRequest, readRequest } from '@sluice/ir/explain';

/** Matches whose path says nothing of its first segment. */
const anySegment = '';

interface HostRoutes {
  /** One route for each server: they keep the hostname known where no other is chosen. */
  readonly keepers: Map<string, IrHttpRoute>;
  readonly bySegment: Map<string, Set<IrHttpRoute>>;
}

/** One state of the IR, ready to be asked about many requests. */
export class RequestRouter {
  readonly #listeners: readonly IrListener[];
  /** By listener, then hostname. */
  readonly #hosts = new Map<string, Map<string, HostRoutes>>();
  readonly #clusters = new Map<string, IrResource>();
  readonly #groups = new Map<string, IrResource[]>();
  readonly #endpointsOf = new Map<string, string>();

  constructor(resources: Iterable<IrResource>) {
    const listeners: IrListener[] = [];
    for (const resource of resources) {
      if (resource.kind === 'listener') listeners.push(resource);
      else if (resource.kind === 'http-route') this.#addRoute(resource);
      else if (resource.kind === 'cluster') {
        this.#clusters.set(resource.key, resource);
        this.#endpointsOf.set(resource.key, resource.endpoints);
      } else if (resource.kind === 'endpoint-group')
        this.#groups.set(resource.service, [...(this.#groups.get(resource.service) ?? []), resource]);
    }
    this.#listeners = listeners;
  }

  #addRoute(route: IrHttpRoute): void {
    const segments = new Set(
      route.rules.flatMap(({ matches }) => matches.map(({ path }) => firstSegment(path))),
    );
    for (const { listener, server, hostnames } of route.attachments)
      for (const hostname of hostnames) {
        const of = this.#hostRoutes(listener, hostname);
        if (!of.keepers.has(server)) of.keepers.set(server, route);
        for (const segment of segments) {
          const routes = of.bySegment.get(segment);
          if (routes === undefined) of.bySegment.set(segment, new Set([route]));
          else routes.add(route);
        }
      }
  }

  #hostRoutes(listener: string, hostname: string): HostRoutes {
    const hosts = this.#hosts.get(listener) ?? new Map<string, HostRoutes>();
    this.#hosts.set(listener, hosts);
    const known = hosts.get(hostname) ?? { keepers: new Map(), bySegment: new Map() };
    hosts.set(hostname, known);
    return known;
  }

  /** The listener that a place is bound by; undefined where there is none. */
  listenerAt(address: string, port: number): IrListener | undefined {
    return this.#listeners.find(
      ({ addresses, bindPort }) => bindPort === port && addresses.includes(address),
    );
  }

  /** What can decide about the request: its listener, routes, and their backends. In a fixed order. */
  relevant(listener: IrListener | undefined, request: ExplainRequest): IrResource[] {
    if (listener === undefined) return [];
    const read = readRequest(request);
    if (!read.ok) return [listener];
    const { host, path } = read.request;
    const routes = new Set<IrHttpRoute>();
    const hosts = this.#hosts.get(listener.key);
    for (const hostname of hostnamesOf(host)) {
      const found = hosts?.get(hostname);
      for (const route of found?.keepers.values() ?? []) routes.add(route);
      for (const segment of [segmentOf(path), anySegment])
        for (const route of found?.bySegment.get(segment) ?? []) routes.add(route);
    }
    return [listener, ...routes, ...this.#backendsOf(routes)];
  }

  #backendsOf(routes: Iterable<IrHttpRoute>): IrResource[] {
    const keys = new Set<string>();
    for (const { rules } of routes) collectClusters(rules, keys);
    return [...keys].flatMap((key) => {
      const cluster = this.#clusters.get(key);
      return cluster === undefined
        ? []
        : [cluster, ...(this.#groups.get(this.#endpointsOf.get(key) ?? '') ?? [])];
    });
  }
}

/** The rule that a candidate stands for. */
export function ruleOf(
  relevant: readonly IrResource[],
  of: { readonly route: string; readonly rule: number },
): IrHttpRule | undefined {
  const route = relevant.find(({ kind, key }) => kind === 'http-route' && key === of.route);
  return route?.kind === 'http-route' ? route.rules.find(({ index }) => index === of.rule) : undefined;
}

/** The host itself, every wildcard above it, and `*`. */
function hostnamesOf(host: string): string[] {
  const labels = host.split('.');
  return [host, ...labels.slice(1).map((_, i) => `*.${labels.slice(i + 1).join('.')}`), '*'];
}

function firstSegment({ type, value }: IrHttpRule['matches'][number]['path']): string {
  return type === 'regex' || value === '/' ? anySegment : segmentOf(value);
}

/** `/a/b` → `/a`. Never empty. */
function segmentOf(path: string): string {
  const end = path.indexOf('/', 1);
  return end < 0 ? path : path.slice(0, end);
}

/** Keys of clusters anywhere in a value: what a rule sends to may stand in its action or in a filter. */
function collectClusters(value: unknown, into: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (name === 'cluster' && typeof member === 'string') into.add(member);
    else collectClusters(member, into);
  }
}
