// The scopes of one listener: a path tree for each hostname.
import { type IrHttpRoute, type IrListener, matchOf } from '@sluice/ir';
import { LateResource } from './late-resource.ts';
import { PathTree } from './path-tree.ts';
import { candidatesOf, type RevisedCandidate, type RevisedRoute, routeId } from './route.ts';
import { isSharedScope, scopeHostname, scopeName } from './scope-key.ts';
import { compileScope, nameOfScope, type ScopeHost, type ScopeParts, usesOfScope } from './scope-resource.ts';
import { ServerIndex } from './server-index.ts';
import type { XdsChange } from './xds-resource.ts';

/** Follows the routes of a listener that itself does not change. */
export class ListenerScopes {
  readonly #listener: IrListener;
  readonly #limit: number;
  readonly #servers: ServerIndex;
  /** Hostname → its matches. */
  readonly #trees = new Map<string, PathTree>();
  /** Key hostname → the hostnames that share it. */
  readonly #shared = new Map<string, Set<string>>();
  readonly #dirty = new Set<string>();

  /** @param limit see `createScopedRouteLayout` */
  constructor(listener: IrListener, limit: number) {
    this.#listener = listener;
    this.#limit = limit;
    this.#servers = new ServerIndex(listener.servers);
    // Every server has at least its own hostname, so that a less specific server never answers for it.
    for (const hostname of this.#servers.hostnames()) this.#tree(hostname);
  }

  put(revised: RevisedRoute): void {
    this.#forEach(revised, (tree, candidate) => {
      tree.put(routeId(candidate), matchOf(candidate).path, candidate);
    });
  }

  remove(revised: RevisedRoute): void {
    this.#forEach(revised, (tree, candidate) => {
      tree.remove(routeId(candidate), matchOf(candidate).path);
    });
  }

  /** Makes again what changes since the last call can have touched, and tells what is gone. */
  compile(): XdsChange[] {
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    const shared = new Set(dirty.filter(isSharedScope).map(scopeHostname));
    return [
      ...dirty.filter((hostname) => !isSharedScope(hostname)).flatMap((each) => this.#compileHost(each)),
      ...[...shared].map((key) => this.#compileShared(key)),
    ];
  }

  #compileHost(hostname: string): XdsChange[] {
    const tree = this.#tree(hostname);
    const keep = this.#servers.has(hostname);
    const changes = tree.take(keep).map(({ path, scope }): XdsChange => {
      if (scope === undefined) return this.#removal(hostname, path);
      const hosts = [this.#host(hostname, scope.candidates)] as const;
      return lateScope({ listener: this.#listener, hosts, path, split: scope.split });
    });
    if (tree.size === 0 && !keep) this.#trees.delete(hostname);
    this.#dirty.delete(hostname);
    return changes;
  }

  /** Wildcards of many labels are rare: those of one key are made together, and never split. */
  #compileShared(key: string): XdsChange {
    const hostnames = this.#shared.get(key) ?? new Set();
    const hosts: ScopeHost[] = [];
    for (const hostname of [...hostnames]) {
      const tree = this.#trees.get(hostname);
      if (tree !== undefined && (tree.size > 0 || this.#servers.has(hostname)))
        hosts.push(this.#host(hostname, tree.all()));
      else {
        hostnames.delete(hostname);
        this.#trees.delete(hostname);
      }
    }
    const [first, ...rest] = hosts;
    if (first === undefined) return this.#removal(key, '');
    return lateScope({ listener: this.#listener, hosts: [first, ...rest], path: '', split: false });
  }

  #host(hostname: string, candidates: readonly RevisedCandidate[]): ScopeHost {
    return { hostname, server: this.#servers.find(hostname)?.name ?? '', candidates };
  }

  #removal(hostname: string, path: string): XdsChange {
    return { kind: 'scope', name: scopeName(this.#listener.key, scopeHostname(hostname), path) };
  }

  #forEach(revised: RevisedRoute, edit: (tree: PathTree, candidate: RevisedCandidate) => void): void {
    const candidates = candidatesOf(revised);
    for (const hostname of this.#hostnamesOf(revised.route)) {
      const tree = this.#tree(hostname);
      for (const candidate of candidates) edit(tree, candidate);
    }
  }

  /** The hostnames of a route that this listener serves it for, each once. */
  #hostnamesOf({ attachments }: IrHttpRoute): Set<string> {
    return new Set(
      attachments
        .filter(({ listener }) => listener === this.#listener.key)
        .flatMap(({ server, hostnames }) =>
          hostnames.filter((hostname) => this.#servers.find(hostname)?.name === server),
        ),
    );
  }

  #tree(hostname: string): PathTree {
    this.#dirty.add(hostname);
    let tree = this.#trees.get(hostname);
    if (tree === undefined) {
      tree = new PathTree(this.#limit);
      this.#trees.set(hostname, tree);
      if (isSharedScope(hostname)) this.#share(hostname);
    }
    return tree;
  }

  #share(hostname: string): void {
    const key = scopeHostname(hostname);
    const sharing = this.#shared.get(key);
    if (sharing === undefined) this.#shared.set(key, new Set([hostname]));
    else sharing.add(hostname);
  }
}

function lateScope(parts: ScopeParts): XdsChange {
  const name = nameOfScope(parts);
  const recipe = { make: () => compileScope(parts), uses: () => usesOfScope(parts) };
  return { kind: 'scope', name, resource: new LateResource('scope', name, recipe) };
}
