// Changes of the IR → changes of Envoy resources. Only what a change can touch is made again: an endpoint group its
// load assignments, a cluster itself, a certificate its secret, a route the tables it is attached to. What comes out
// equal is no change.
import {
  canonicalJson,
  type IrCertificate,
  type IrListener,
  type IrRawResource,
  rawResourceKey,
} from '@sluice/ir';
import { compileCluster } from './cluster.ts';
import { type IrChange, IrState } from './ir-state.ts';
import { compileL4Assignment, compileL4Cluster } from './l4-cluster.ts';
import type { RevisedL4Route } from './l4-route.ts';
import { LateResource } from './late-resource.ts';
import { compileListener, isHttp, type ListenerContext } from './listener.ts';
import { compileLoadAssignment } from './load-assignment.ts';
import { compileRaw } from './raw-resource.ts';
import type { RevisedRoute } from './route.ts';
import type { RouteTables } from './route-layout.ts';
import { compileSecret, type KeyPair, secretVersion } from './secret.ts';
import { type XdsKind, xdsKinds } from './type-urls.ts';
import type { XdsChange, XdsResource } from './xds-resource.ts';

/** So many changes at once are not all made before the first can be sent. */
const manyAtOnce = 1_000;

/** Finds the opened key pair of a certificate: undefined while what is there is not of this digest. */
export type FindKeyPair = (certificate: IrCertificate) => KeyPair | undefined;

/** How many resources were made, by kind: what a test of cost counts. */
export type CompileCounts = Record<XdsKind, number>;

/** Compiles the IR incrementally. Deterministic: the same IR gives the same resources, whatever changes led to it. */
export class XdsCompiler {
  readonly #ir = new IrState();
  readonly #context: ListenerContext;
  readonly #findKeyPair: FindKeyPair;
  readonly #tables: RouteTables;
  readonly #made = forEachKind(() => new Map<string, XdsResource>());
  readonly counts: CompileCounts = forEachKind(() => 0);

  constructor(options: ListenerContext & { readonly findKeyPair: FindKeyPair }) {
    this.#context = options;
    this.#findKeyPair = options.findKeyPair;
    this.#tables = options.layout.tables({
      listener: (key) => ofHttp(this.#ir.listeners.get(key)),
      routesOf: (listener) => this.#ir.routesByListener.get(listener),
    });
  }

  /** The resources as they are now, by name. */
  resources(kind: XdsKind): ReadonlyMap<string, XdsResource> {
    return this.#made[kind];
  }

  /** Folds changes in, all at once, and tells what they change. */
  apply(changes: Iterable<IrChange>): XdsChange[] {
    const dirty = new Dirty();
    for (const change of changes) this.#fold(change, dirty);
    return this.#compile(dirty);
  }

  /**
   * As `apply`, for changes that may have to be taken back, which `undo` does while nothing was folded in since. Undefined where that
   * cannot be done: which secret goes out depends on what was there before.
   */
  applyAhead(changes: readonly IrChange[]): { made: XdsChange[]; undo: () => void } | undefined {
    if (changes.some(({ kind }) => kind === 'certificate' || kind === 'raw-resource')) return undefined;
    const back = changes.map((change) => this.#ir.inverse(change));
    return { made: this.apply(changes), undo: () => void this.apply(back) };
  }

  /** Makes the secrets of these certificates again: their key pairs may have come or changed. */
  keyPairsChanged(certificates: Iterable<string>): XdsChange[] {
    const dirty = new Dirty();
    for (const key of certificates) dirty.secrets.add(key);
    return this.#compile(dirty);
  }

  #fold({ kind, key, resource, revision }: IrChange, dirty: Dirty): void {
    switch (kind) {
      case 'gateway':
        this.#ir.putGateway(key, resource?.kind === kind ? resource : undefined);
        for (const listener of this.#ir.listenersByGateway.get(key)) dirty.listeners.add(listener.key);
        return;
      case 'listener':
        this.#foldListener(key, resource?.kind === kind ? resource : undefined, dirty);
        return;
      case 'http-route':
        this.#foldRoute(key, resource?.kind === kind ? { route: resource, revision } : undefined);
        return;
      case 'l4-route':
        this.#foldL4Route(key, resource?.kind === kind ? { route: resource, revision } : undefined, dirty);
        return;
      case 'cluster':
        this.#ir.putCluster(key, resource?.kind === kind ? resource : undefined);
        dirty.clusters.add(key);
        dirty.assignments.add(key);
        return;
      case 'endpoint-group': {
        const { before, after } = this.#ir.putGroup(key, resource?.kind === kind ? resource : undefined);
        for (const group of [before, after])
          if (group !== undefined) {
            for (const cluster of this.#ir.clustersByService.get(group.service))
              dirty.assignments.add(cluster.key);
            for (const { name } of this.#ir.rawsByService.get(group.service)) dirty.assignments.add(name);
            for (const { route } of this.#ir.l4RoutesByService.get(group.service))
              dirty.assignments.add(route.key);
          }
        return;
      }
      case 'certificate':
        this.#ir.putCertificate(key, resource?.kind === kind ? resource : undefined);
        dirty.secrets.add(key);
        return;
      case 'l4-service':
        // The datapath's alone.
        return;
      case 'raw-resource':
        this.#foldRaw(key, resource?.kind === kind ? resource : undefined, dirty);
        return;
    }
  }

  #foldRaw(key: string, resource: IrRawResource | undefined, dirty: Dirty): void {
    const { before, after } = this.#ir.putRaw(key, resource);
    for (const raw of [before, after]) if (raw !== undefined) markRaw(raw, dirty);
  }

  #foldListener(key: string, resource: IrListener | undefined, dirty: Dirty): void {
    dirty.listeners.add(key);
    const { before, after } = this.#ir.putListener(key, resource);
    this.#tables.listenerChanged({ before: ofHttp(before), after: ofHttp(after) });
  }

  #foldRoute(key: string, revised: RevisedRoute | undefined): void {
    this.#tables.routeChanged(this.#ir.putRoute(key, revised));
  }

  /** A listener holds the hostnames of routes and which one wins; all else is in the route's own cluster. */
  #foldL4Route(key: string, revised: RevisedL4Route | undefined, dirty: Dirty): void {
    const { before, after } = this.#ir.putL4Route(key, revised);
    dirty.clusters.add(key);
    dirty.assignments.add(key);
    const [old, now] = [before?.route, after?.route];
    if (
      old?.createdAt === now?.createdAt &&
      canonicalJson(old?.attachments ?? []) === canonicalJson(now?.attachments ?? [])
    )
      return;
    for (const { listener } of [...(old?.attachments ?? []), ...(now?.attachments ?? [])])
      dirty.listeners.add(listener);
  }

  #compile(dirty: Dirty): XdsChange[] {
    const out: XdsChange[] = [];
    const emit = (kind: XdsKind, name: string, make: () => XdsResource | undefined) => {
      this.counts[kind] += 1;
      const resource = make();
      const before = this.#made[kind].get(name);
      // The version of one that is new would have it made.
      if (resource === before || (resource && before && resource.version === before.version)) return;
      if (resource === undefined) {
        this.#made[kind].delete(name);
        out.push({ kind, name });
      } else {
        this.#made[kind].set(name, resource);
        out.push({ kind, name, resource });
      }
    };
    for (const key of dirty.clusters) emit('cluster', key, () => this.#cluster(key));
    for (const key of dirty.assignments) emit('endpoint', key, () => this.#assignment(key));
    for (const key of dirty.secrets) emit('secret', key, () => this.#secret(key));
    for (const key of dirty.listeners) emit('listener', key, () => this.#listener(key));
    for (const name of dirty.rawRoutes) emit('route', name, () => this.#raw('route', name));
    for (const { kind, name, resource } of this.#tables.compile()) emit(kind, name, () => resource);
    if (out.length < manyAtOnce)
      for (const { resource } of out) if (resource instanceof LateResource) resource.made();
    return out;
  }

  #raw(type: IrRawResource['type'], name: string): XdsResource | undefined {
    const raw = this.#ir.raws.get(rawResourceKey(type, name));
    return raw && compileRaw(raw);
  }

  #cluster(key: string): XdsResource | undefined {
    const raw = this.#raw('cluster', key);
    if (raw !== undefined) return raw;
    const l4Route = this.#ir.l4Routes.get(key);
    if (l4Route !== undefined) return compileL4Cluster(l4Route.route);
    const cluster = this.#ir.clusters.get(key);
    return cluster && compileCluster(cluster);
  }

  #assignment(key: string): XdsResource | undefined {
    const raw = this.#ir.raws.get(rawResourceKey('cluster', key));
    if (raw?.endpoints === undefined) {
      const own = this.#raw('endpoint', key);
      if (own !== undefined) return own;
    } else return compileLoadAssignment({ ...raw, key }, this.#ir.groupsByService.get(raw.endpoints));
    const l4Route = this.#ir.l4Routes.get(key);
    if (l4Route !== undefined)
      return compileL4Assignment(l4Route, (service) => this.#ir.groupsByService.get(service));
    const cluster = this.#ir.clusters.get(key);
    if (cluster === undefined) return undefined;
    const groups = cluster.tls?.type === 'refused' ? [] : this.#ir.groupsByService.get(cluster.endpoints);
    return compileLoadAssignment(cluster, groups);
  }

  /** Where the key pair of this digest is not there yet, the old secret stays. */
  #secret(key: string): XdsResource | undefined {
    const raw = this.#raw('secret', key);
    if (raw !== undefined) return raw;
    const certificate = this.#ir.certificates.get(key);
    if (certificate === undefined) return undefined;
    const made = this.#made.secret.get(key);
    if (made?.version === secretVersion(certificate)) return made;
    const pair = this.#findKeyPair(certificate);
    return pair === undefined ? made : compileSecret(certificate, pair);
  }

  #listener(key: string): XdsResource | undefined {
    const listener = this.#ir.listeners.get(key);
    if (listener === undefined) return this.#raw('listener', key);
    const gateway = this.#ir.gateways.get(listener.gateway)?.source;
    const l4Routes = this.#ir.l4RoutesByListener.get(key);
    return compileListener(listener, { gateway, l4Routes }, this.#context);
  }
}

/** The listener where it has routes of HTTP: route tables know of no other. */
function ofHttp(listener: IrListener | undefined): IrListener | undefined {
  return listener !== undefined && isHttp(listener) ? listener : undefined;
}

/** What has to be made again, each once. */
class Dirty {
  readonly clusters = new Set<string>();
  readonly assignments = new Set<string>();
  readonly secrets = new Set<string>();
  readonly listeners = new Set<string>();
  readonly rawRoutes = new Set<string>();
}

function markRaw({ type, name }: IrRawResource, dirty: Dirty): void {
  switch (type) {
    case 'listener':
      dirty.listeners.add(name);
      return;
    case 'route':
      dirty.rawRoutes.add(name);
      return;
    case 'cluster':
      dirty.clusters.add(name);
      dirty.assignments.add(name);
      return;
    case 'endpoint':
      dirty.assignments.add(name);
      return;
    case 'secret':
      dirty.secrets.add(name);
      return;
  }
}

function forEachKind<T>(make: () => T): Record<XdsKind, T> {
  return Object.fromEntries(xdsKinds.map((kind) => [kind, make()])) as Record<XdsKind, T>;
}
