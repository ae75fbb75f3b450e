// One kind of resource on one ADS stream: what the Envoy wants, what it has accepted, what is on its way, and the
// search for the guilty in what it refused. At most one response is under way, so a slow Envoy gets the newest
// version of each resource when it is ready, and never a queue.
import { HeldResources } from './held-resources.ts';
import type { XdsKind } from './type-urls.ts';
import type { XdsRequest } from './xds-messages.ts';
import type { XdsResource } from './xds-resource.ts';

/** A response that waits for its answer: name → what was sent, undefined for a removal. */
export interface InFlight {
  readonly nonce: string;
  readonly items: ReadonlyMap<string, XdsResource | undefined>;
  readonly sentAtMs: number;
}

/** What a request said of the response under way. */
export type Answer =
  | { readonly type: 'none' }
  | { readonly type: 'accepted'; readonly flight: InFlight }
  | { readonly type: 'refused'; readonly flight: InFlight; readonly message: string };

/** Envoy asks for clusters, listeners and scopes as a whole, and for the rest by name. */
const wholeKinds: ReadonlySet<XdsKind> = new Set(['cluster', 'listener', 'scope']);

export class TypeChannel {
  readonly kind: XdsKind;
  /** What the Envoy has accepted. */
  readonly held = new HeldResources();
  /** Names that may have to be sent. */
  readonly dirty = new Set<string>();
  #opened = false;
  #greet = false;
  #wildcard: boolean;
  readonly #names = new Set<string>();
  readonly #forced = new Set<string>();
  #flight: InFlight | undefined;
  /** Parts of refused responses, each to be tried by itself. */
  #parts: string[][] = [];

  constructor(kind: XdsKind) {
    this.kind = kind;
    this.#wildcard = wholeKinds.has(kind);
  }

  /** True once the Envoy has asked for this kind: before that it drops what is sent. */
  get opened(): boolean {
    return this.#opened;
  }

  /** True where a response is due even if it is empty. */
  get expectsAnswer(): boolean {
    return this.#greet;
  }

  /** True where the Envoy takes all resources of the kind. */
  get wildcard(): boolean {
    return this.#wildcard;
  }

  get flight(): InFlight | undefined {
    return this.#flight;
  }

  wants(name: string): boolean {
    return this.#wildcard || this.#names.has(name);
  }

  /** True where `name` has to go out even in the version that the Envoy has. */
  isForced(name: string): boolean {
    return this.#forced.has(name);
  }

  /** Sends `name` again whatever the Envoy has. */
  force(name: string): void {
    this.#forced.add(name);
    this.dirty.add(name);
  }

  /** Takes a request in: answer first, then what is wanted. `find` gives the newest version of a name. */
  receive(request: XdsRequest, find: (name: string) => XdsResource | undefined): Answer {
    const first = !this.#opened;
    this.#opened = true;
    if (first) this.#resume(request, find);
    // An Envoy without anything goes on with its start only once it has heard that there is nothing.
    if (first && this.#wildcard && request.initialVersions.size === 0) this.#greet = true;
    for (const name of request.subscribe) this.#subscribe(name, first);
    for (const name of request.unsubscribe) this.#unsubscribe(name);
    return this.#settle(request);
  }

  /** Marks a response as sent. */
  sent(flight: InFlight): void {
    this.#flight = flight;
    this.#greet = false;
    for (const name of flight.items.keys()) {
      this.dirty.delete(name);
      this.#forced.delete(name);
    }
  }

  /** Takes the next part of a refused response, to be tried by itself; undefined where there is none. */
  takePart(): readonly string[] | undefined {
    return this.#parts.shift();
  }

  /** Drops a name that needs nothing. */
  clean(name: string): void {
    this.dirty.delete(name);
    this.#forced.delete(name);
  }

  /** True where the Envoy has accepted the resource, and no removal of it is under way. */
  holds(name: string): boolean {
    const flight = this.#flight?.items;
    return this.held.has(name) && !(flight?.has(name) === true && flight.get(name) === undefined);
  }

  #resume(request: XdsRequest, find: (name: string) => XdsResource | undefined): void {
    for (const [name, version] of request.initialVersions) {
      const resource = find(name);
      this.held.set(name, { version, resource: resource?.version === version ? resource : undefined });
      this.dirty.add(name);
    }
  }

  #subscribe(name: string, first: boolean): void {
    if (name === '*') {
      // Asked for anew on a running stream: the Envoy has nothing of it, and waits for an answer.
      if (!first && !this.#wildcard) this.#greet = true;
      this.#wildcard = true;
      return;
    }
    this.#names.add(name);
    this.dirty.add(name);
    // Asked for by name on a running stream: the Envoy may have forgotten what it had.
    if (!first) this.#forced.add(name);
  }

  #unsubscribe(name: string): void {
    if (name === '*') {
      this.#wildcard = false;
      if (this.#names.size === 0) this.held.clear();
    }
    this.#names.delete(name);
    if (this.#wildcard) return;
    this.held.delete(name);
    this.clean(name);
  }

  #settle(request: XdsRequest): Answer {
    const flight = this.#flight;
    if (flight === undefined || request.nonce !== flight.nonce) return { type: 'none' };
    this.#flight = undefined;
    if (request.error === undefined) {
      for (const [name, resource] of flight.items) this.#accept(name, resource);
      return { type: 'accepted', flight };
    }
    for (const name of flight.items.keys()) this.dirty.add(name);
    this.#split([...flight.items.keys()]);
    return { type: 'refused', flight, message: request.error };
  }

  #accept(name: string, resource: XdsResource | undefined): void {
    if (resource === undefined) this.held.delete(name);
    else if (this.wants(name)) this.held.set(name, { version: resource.version, resource });
  }

  /** Halves a refused response. One that held a single resource has found the guilty: nothing to split. */
  #split(names: readonly string[]): void {
    if (names.length < 2) return;
    const middle = Math.ceil(names.length / 2);
    this.#parts = [names.slice(0, middle), names.slice(middle), ...this.#parts];
  }
}
