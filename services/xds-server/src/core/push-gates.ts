// Make before break, for one Envoy: what may be sent when. A route table waits until the Envoy has acknowledged, which
// means warmed, the clusters that it names; a listener waits until its certificates are at hand; a cluster goes only
// when no route table that the Envoy may still use names it, and then some time later, for requests under way.
import type { Quarantine } from './quarantine.ts';
import { listenerOfScope } from './scope-key.ts';
import type { TypeChannel } from './type-channel.ts';
import type { XdsKind } from './type-urls.ts';
import type { XdsResource } from './xds-resource.ts';

/** The newest resources, as this server would have them. */
export interface XdsSource {
  get(kind: XdsKind, name: string): XdsResource | undefined;
  names(kind: XdsKind): Iterable<string>;
}

export interface GateOptions {
  readonly node: string;
  readonly source: XdsSource;
  readonly quarantine: Quarantine;
  readonly channels: Readonly<Record<XdsKind, TypeChannel>>;
  /** Between the last acknowledgement that a route table no longer names a cluster and the removal of that cluster. */
  readonly drainMs: number;
}

export class PushGates {
  readonly #options: GateOptions;
  /** Cluster → when it was first seen out of use. */
  readonly #unusedSince = new Map<string, number>();

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** True where all that `resource` leans on is in place. */
  isReady(resource: XdsResource): boolean {
    if (resource.kind === 'route' || resource.kind === 'scope')
      return resource.uses.every((use) => this.#clusterInPlace(use.name));
    if (resource.kind === 'cluster')
      return resource.uses.every((use) => this.#options.source.get(use.kind, use.name) !== undefined);
    if (resource.kind !== 'listener') return true;
    const comesNew = !this.#options.channels.listener.held.has(resource.name);
    if (comesNew && this.#awaitsScopes(resource.name)) return false;
    return resource.uses.every((use) => {
      if (use.kind === 'secret') return this.#options.source.get(use.kind, use.name) !== undefined;
      if (use.kind === 'cluster') return this.#clusterInPlace(use.name);
      return !comesNew || !this.#isStale(use.name);
    });
  }

  /**
   * True where scopes of a listener are still to come to an Envoy that has asked for scopes: a new listener would begin
   * without them. An Envoy without any listener asks for scopes with its first one, and waits for them.
   */
  #awaitsScopes(listener: string): boolean {
    const { scope } = this.#options.channels;
    if (!scope.opened || !scope.wildcard) return false;
    const isOurs = (name: string) => listenerOfScope(name) === listener;
    for (const name of scope.dirty)
      if (isOurs(name) && this.#options.source.get('scope', name) !== undefined) return true;
    return [...(scope.flight?.items.keys() ?? [])].some(isOurs);
  }

  /** True where the Envoy still has an older version of a route table, from a listener of the same name that drains: a new one would begin with it. */
  #isStale(table: string): boolean {
    const { source, channels } = this.#options;
    const held = channels.route.held.get(table);
    return (
      held !== undefined &&
      held.version !== source.get('route', table)?.version &&
      !this.isRefused('route', table)
    );
  }

  /** True where `name`, which is no longer wanted, may be removed from the Envoy. */
  isRemovable(kind: XdsKind, name: string, nowMs: number): boolean {
    // The scopes of a listener that goes are in use until it is gone; of one that an earlier server sent it is not known which that is.
    if (kind === 'scope') {
      const { held } = this.#options.channels.listener;
      const goes = (listener: string): boolean =>
        held.has(listener) && this.#options.source.get('listener', listener) === undefined;
      const listener = listenerOfScope(name);
      return listener === undefined ? ![...held.keys()].some(goes) : !goes(listener);
    }
    if (kind !== 'cluster') return true;
    if (this.#mayBeUsed(name)) {
      this.#unusedSince.delete(name);
      return false;
    }
    const since = this.#unusedSince.get(name) ?? nowMs;
    this.#unusedSince.set(name, since);
    return nowMs - since >= this.#options.drainMs;
  }

  /** Forgets the wait for a removal: it has happened, or the cluster is wanted again. */
  endWait(name: string): void {
    this.#unusedSince.delete(name);
  }

  /** When the next removal is due; undefined where none is waiting. */
  nextDueMs(): number | undefined {
    const starts = [...this.#unusedSince.values()];
    return starts.length === 0 ? undefined : Math.min(...starts) + this.#options.drainMs;
  }

  /** True where the newest version is refused by this Envoy. */
  isRefused(kind: XdsKind, name: string): boolean {
    const refusal = this.#options.quarantine.get(this.#options.node, kind, name);
    return refusal !== undefined && refusal.version === this.#options.source.get(kind, name)?.version;
  }

  /**
   * True where an acknowledgement of the resource is to be waited for: not of what is refused, nor of what the Envoy
   * will never ask for because its listener or cluster is refused.
   */
  counts(kind: XdsKind, name: string): boolean {
    if (this.isRefused(kind, name)) return false;
    if (kind === 'endpoint') return !this.#refusedAndAbsent('cluster', name) && !this.#isStoodInFor(name);
    if (kind === 'scope') return this.#expectsListeners();
    if (kind !== 'route' && kind !== 'secret') return true;
    for (const listener of this.#options.source.names('listener')) {
      const uses = this.#options.source.get('listener', listener)?.uses ?? [];
      if (
        uses.some((use) => use.kind === kind && use.name === name) &&
        !this.#refusedAndAbsent('listener', listener)
      )
        return true;
    }
    return false;
  }

  /** An Envoy asks for scopes once it has a listener. */
  #expectsListeners(): boolean {
    for (const listener of this.#options.source.names('listener'))
      if (!this.#refusedAndAbsent('listener', listener)) return true;
    return false;
  }

  /** True of a cluster in whose place the Envoy has one without endpoints. */
  #isStoodInFor(cluster: string): boolean {
    return (
      this.#options.source.get('cluster', cluster)?.standIn !== undefined &&
      this.isRefused('cluster', cluster)
    );
  }

  #refusedAndAbsent(kind: XdsKind, name: string): boolean {
    return this.isRefused(kind, name) && !this.#options.channels[kind].held.has(name);
  }

  /** A cluster that is not wanted at all, or refused, is not waited for: its share of requests fails, no other. */
  #clusterInPlace(name: string): boolean {
    const { source, channels } = this.#options;
    return (
      source.get('cluster', name) === undefined ||
      channels.cluster.holds(name) ||
      this.isRefused('cluster', name)
    );
  }

  #mayBeUsed(name: string): boolean {
    const { route, scope } = this.#options.channels;
    if (scope.held.mayUse(name)) return true;
    if (this.#heldListeners().some((each) => each === undefined || usesCluster(each, name))) return true;
    const tables = [...route.held]
      .filter(([table]) => this.#mayBeServed(table))
      .map(([, held]) => held.resource);
    for (const { flight } of [route, scope])
      for (const sent of flight?.items.values() ?? []) if (sent !== undefined) tables.push(sent);
    // A table that came along in an unknown version may name anything.
    return tables.some((table) => table === undefined || table.uses.some((use) => use.name === name));
  }

  /**
   * True where a listener that the Envoy has uses the route table. A removed listener drains for minutes and keeps its
   * table meanwhile: that alone does not keep clusters.
   */
  #mayBeServed(table: string): boolean {
    return this.#heldListeners().some(
      (each) => each === undefined || each.uses.some((use) => use.kind === 'route' && use.name === table),
    );
  }

  /** Listeners that the Envoy has or may have; undefined stands for one in a version that is not known here. */
  #heldListeners(): (XdsResource | undefined)[] {
    const { listener } = this.#options.channels;
    const sent = [...(listener.flight?.items.values() ?? [])];
    return [
      ...[...listener.held.values()].map((held) => held.resource),
      ...sent.filter((each) => each !== undefined),
    ];
  }
}

function usesCluster({ uses }: XdsResource, name: string): boolean {
  return uses.some((use) => use.kind === 'cluster' && use.name === name);
}
