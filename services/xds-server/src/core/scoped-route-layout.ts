// Scoped routes (Envoy's SRDS): one scope for each hostname of a listener, and one for each leading path segment of a
// hostname with many matches, each with its routes inline. A change costs Envoy, the wire and this process what its own
// scope costs, whatever stands beside it. See docs/adr/0011 for how a request finds its scope.
import type { IrListener } from '@sluice/ir';
import { compileForerunner } from './forerunner.ts';
import type { Replaced } from './ir-state.ts';
import { ListenerScopes } from './listener-scopes.ts';
import type { RevisedRoute } from './route.ts';
import type { RouteLayout, RouteSource, RouteTables } from './route-layout.ts';
import { scopeFinder, scopeSpecifier } from './scope-finder.ts';
import { scopeHostname, scopeName } from './scope-key.ts';
import type { XdsChange } from './xds-resource.ts';

/** Changing so many routes of one scope costs Envoy little more than changing one. */
const maxMatchesPerScope = 32;

/** @param limit a hostname, or a path of it, with more matches is split by the next path segment; 1 or more */
export function createScopedRouteLayout(limit: number): RouteLayout {
  return {
    finder: scopeFinder,
    forerunner: () => compileForerunner(scopeSpecifier()),
    resourcesOf(listener) {
      const keys = new Set(listener.servers.map(({ hostname }) => scopeHostname(hostname)));
      return [...keys].map((hostname) => ({ kind: 'scope', name: scopeName(listener.key, hostname, '') }));
    },
    tables(source) {
      return new ScopedRouteTables(source, limit);
    },
  };
}

/** The layout of scoped routes. */
export const scopedRouteLayout: RouteLayout = createScopedRouteLayout(maxMatchesPerScope);

class ScopedRouteTables implements RouteTables {
  readonly #source: RouteSource;
  readonly #limit: number;
  readonly #listeners = new Map<string, ListenerScopes>();
  /** Listener → the names of its scopes. */
  readonly #names = new Map<string, Set<string>>();
  /** Listeners with changed routes. */
  readonly #touched = new Set<string>();
  /** Listeners that changed themselves: all of theirs is made anew. */
  readonly #changed = new Set<string>();

  constructor(source: RouteSource, limit: number) {
    this.#source = source;
    this.#limit = limit;
  }

  listenerChanged({ before, after }: Replaced<IrListener>): void {
    for (const listener of [before, after]) if (listener !== undefined) this.#changed.add(listener.key);
  }

  routeChanged({ before, after }: Replaced<RevisedRoute>): void {
    if (before !== undefined) this.#forEachListener(before, (scopes) => scopes.remove(before));
    if (after !== undefined) this.#forEachListener(after, (scopes) => scopes.put(after));
  }

  compile(): XdsChange[] {
    const changes: XdsChange[] = [];
    for (const key of this.#touched) if (!this.#changed.has(key)) changes.push(...this.#compileRoutes(key));
    for (const key of this.#changed) changes.push(...this.#remake(key));
    this.#touched.clear();
    this.#changed.clear();
    return changes;
  }

  #compileRoutes(key: string): XdsChange[] {
    const changes = this.#listeners.get(key)?.compile() ?? [];
    const names = this.#names.get(key);
    for (const { name, resource } of changes)
      if (resource === undefined) names?.delete(name);
      else names?.add(name);
    return changes;
  }

  #forEachListener({ route }: RevisedRoute, edit: (scopes: ListenerScopes) => void): void {
    for (const key of new Set(route.attachments.map(({ listener }) => listener))) {
      const scopes = this.#changed.has(key) ? undefined : this.#listeners.get(key);
      if (scopes === undefined) continue;
      edit(scopes);
      this.#touched.add(key);
    }
  }

  #remake(key: string): XdsChange[] {
    const listener = this.#source.listener(key);
    const before = this.#names.get(key) ?? new Set();
    this.#listeners.delete(key);
    this.#names.delete(key);
    const made = listener === undefined ? [] : this.#make(listener);
    const names = new Set(made.map(({ name }) => name));
    const gone = [...before].filter((name) => !names.has(name));
    return [...made, ...gone.map((name): XdsChange => ({ kind: 'scope', name }))];
  }

  #make(listener: IrListener): XdsChange[] {
    const scopes = new ListenerScopes(listener, this.#limit);
    for (const route of this.#source.routesOf(listener.key)) scopes.put(route);
    const made = scopes.compile();
    this.#listeners.set(listener.key, scopes);
    this.#names.set(listener.key, new Set(made.map(({ name }) => name)));
    return made;
  }
}
