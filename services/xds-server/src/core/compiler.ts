// Changes of the IR → changes of Envoy resources. Only what a change can touch is made again: an endpoint group its
// load assignments, a cluster itself, a certificate its secret, a route the tables it is attached to. What comes out
// equal is no change.
import type { IrCertificate, IrListener } from '@sluice/ir';
import { compileCluster } from './cluster.ts';
import { type IrChange, IrState } from './ir-state.ts';
import { compileListener, type ListenerContext } from './listener.ts';
import { compileLoadAssignment } from './load-assignment.ts';
import type { RevisedRoute } from './route.ts';
import type { RouteUnit } from './route-layout.ts';
import { compileSecret, type KeyPair, secretVersion } from './secret.ts';
import type { XdsKind } from './type-urls.ts';
import type { XdsChange, XdsResource } from './xds-resource.ts';

/** Finds the opened key pair of a certificate: undefined while what is there is not of this digest. */
export type FindKeyPair = (certificate: IrCertificate) => KeyPair | undefined;

/** How many resources were made, by kind: what a test of cost counts. */
export type CompileCounts = Record<XdsKind, number>;

/** Compiles the IR incrementally. Deterministic: the same IR gives the same resources, whatever changes led to it. */
export class XdsCompiler {
  readonly #ir = new IrState();
  readonly #context: ListenerContext;
  readonly #findKeyPair: FindKeyPair;
  readonly #made: Record<XdsKind, Map<string, XdsResource>> = {
    cluster: new Map(),
    endpoint: new Map(),
    secret: new Map(),
    listener: new Map(),
    route: new Map(),
  };
  readonly counts: CompileCounts = { cluster: 0, endpoint: 0, secret: 0, listener: 0, route: 0 };

  constructor(options: ListenerContext & { readonly findKeyPair: FindKeyPair }) {
    this.#context = options;
    this.#findKeyPair = options.findKeyPair;
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
        this.#foldRoute(key, resource?.kind === kind ? { route: resource, revision } : undefined, dirty);
        return;
      case 'cluster':
        this.#ir.putCluster(key, resource?.kind === kind ? resource : undefined);
        dirty.clusters.add(key);
        dirty.assignments.add(key);
        return;
      case 'endpoint-group': {
        const { before, after } = this.#ir.putGroup(key, resource?.kind === kind ? resource : undefined);
        for (const group of [before, after])
          if (group !== undefined)
            for (const cluster of this.#ir.clustersByService.get(group.service))
              dirty.assignments.add(cluster.key);
        return;
      }
      case 'certificate':
        this.#ir.putCertificate(key, resource?.kind === kind ? resource : undefined);
        dirty.secrets.add(key);
        return;
    }
  }

  #foldListener(key: string, resource: IrListener | undefined, dirty: Dirty): void {
    const { before, after } = this.#ir.putListener(key, resource);
    dirty.listeners.add(key);
    for (const listener of [before, after]) {
      if (listener === undefined) continue;
      for (const unit of this.#context.layout.unitsOfListener(listener)) dirty.unit(unit);
      for (const { route } of this.#ir.routesByListener.get(key))
        for (const attachment of route.attachments)
          if (attachment.listener === key)
            for (const unit of this.#context.layout.unitsOfAttachment(listener, attachment)) dirty.unit(unit);
    }
  }

  #foldRoute(key: string, revised: RevisedRoute | undefined, dirty: Dirty): void {
    const { before, after } = this.#ir.putRoute(key, revised);
    for (const side of [before, after])
      for (const attachment of side?.route.attachments ?? []) {
        const listener = this.#ir.listeners.get(attachment.listener);
        if (listener === undefined) continue;
        for (const unit of this.#context.layout.unitsOfAttachment(listener, attachment)) dirty.unit(unit);
      }
  }

  #compile(dirty: Dirty): XdsChange[] {
    const out: XdsChange[] = [];
    const emit = (kind: XdsKind, name: string, make: () => XdsResource | undefined) => {
      this.counts[kind] += 1;
      const resource = make();
      if (resource?.version === this.#made[kind].get(name)?.version) return;
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
    for (const unit of dirty.units.values()) emit(unit.kind, unit.name, () => this.#unit(unit));
    return out;
  }

  #cluster(key: string): XdsResource | undefined {
    const cluster = this.#ir.clusters.get(key);
    return cluster && compileCluster(cluster);
  }

  #assignment(key: string): XdsResource | undefined {
    const cluster = this.#ir.clusters.get(key);
    return cluster && compileLoadAssignment(cluster, this.#ir.groupsByService.get(cluster.endpoints));
  }

  /** Where the key pair of this digest is not there yet, the old secret stays. */
  #secret(key: string): XdsResource | undefined {
    const certificate = this.#ir.certificates.get(key);
    if (certificate === undefined) return undefined;
    const made = this.#made.secret.get(key);
    if (made?.version === secretVersion(certificate)) return made;
    const pair = this.#findKeyPair(certificate);
    return pair === undefined ? made : compileSecret(certificate, pair);
  }

  #listener(key: string): XdsResource | undefined {
    const listener = this.#ir.listeners.get(key);
    return (
      listener && compileListener(listener, this.#ir.gateways.get(listener.gateway)?.source, this.#context)
    );
  }

  #unit(unit: RouteUnit): XdsResource | undefined {
    const listener = this.#ir.listeners.get(unit.listener);
    return (
      listener && this.#context.layout.compile(unit, listener, this.#ir.routesByListener.get(unit.listener))
    );
  }
}

/** What has to be made again, each once. */
class Dirty {
  readonly clusters = new Set<string>();
  readonly assignments = new Set<string>();
  readonly secrets = new Set<string>();
  readonly listeners = new Set<string>();
  readonly units = new Map<string, RouteUnit>();

  unit(unit: RouteUnit): void {
    this.units.set(`${unit.kind} ${unit.name}`, unit);
  }
}
