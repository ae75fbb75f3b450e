import type { ObjectRef } from '@sluice/ir';
import { gatewayGroup, type Kind, kinds } from '@sluice/kinds';
import type { Logger } from '@sluice/service-kit';
import { kindKey } from '../../core/keys.ts';
import { type ApiResource, resourcesOf } from '../../core/kubernetes/api-paths.ts';
import { referencedObjects } from '../../core/kubernetes/references.ts';
import type { RefusedObject, Source, SourcePart, SourceUpdate, Unavailable } from '../../core/source.ts';
import { Wakeup } from '../wakeup.ts';
import type { ApiClient } from './api-client.ts';
import { KindCache, type LiveObject, type PartChange } from './kind-cache.ts';
import { ReferencedWatches } from './referenced-watches.ts';
import { productionReflectorTimes, Reflector, type ReflectorTimes, type Trouble } from './reflector.ts';

/** What the source is told of, for metrics and health. */
export interface SourceObserver {
  trouble(kind: string, what: Trouble): void;
  /** Objects that were refused, as they are handed on: only where this replica leads. */
  refused(object: RefusedObject, uid: string): void;
  /** Kinds that cannot be read, by name, each with the reason. */
  unavailable(kinds: ReadonlyMap<string, string>): void;
}

export interface KubernetesSourceOptions {
  readonly api: ApiClient;
  /** Controllers whose Gateways are ours: what these refer to is read. */
  readonly controllers: ReadonlySet<string>;
  readonly logger: Logger;
  readonly observer: SourceObserver;
  readonly times?: ReflectorTimes;
}

interface Watched {
  readonly cache: KindCache;
  /** Undefined until the API server has spoken of the kind. */
  state: 'synced' | Unavailable | undefined;
  resource: ApiResource | undefined;
}

/** The longest time for which changes are gathered into one update, ms. */
const gatherMs = 2;

/** The Kubernetes API: every kind of the table is listed and watched, some kinds only where they are referred to. */
export class KubernetesSource implements Source {
  readonly #options: KubernetesSourceOptions;
  readonly #kinds: ReadonlyMap<string, Watched>;
  readonly #referenced: ReferencedWatches;
  readonly #wakeup = new Wakeup();
  readonly #listeners = new Set<(ref: ObjectRef) => void>();
  #pending = new Map<string, SourcePart | undefined>();
  #noticedMs = 0;
  #stateChanged = false;
  #refsDue = true;
  #running: Promise<unknown> | undefined;

  constructor(options: KubernetesSourceOptions) {
    this.#options = options;
    const all = kinds.filter(({ onlyReferenced }) => onlyReferenced !== true);
    this.#kinds = new Map(
      all.map((kind) => [
        kindKey(kind),
        { cache: new KindCache(kind), state: undefined, resource: undefined },
      ]),
    );
    this.#referenced = new ReferencedWatches({
      api: options.api,
      logger: options.logger,
      times: options.times ?? productionReflectorTimes,
      changed: (changes) => this.#changed(changes),
      trouble: (kind, what, detail) => this.#trouble(kind, what, detail),
    });
  }

  /** Begins to read, so that everything is at hand when `updates` is asked for. Once. */
  start(signal: AbortSignal): void {
    const { api, logger, times = productionReflectorTimes } = this.#options;
    this.#running = Promise.all(
      this.#kinds.values().map(async (watched) => {
        const { kind } = watched.cache;
        await new Reflector({
          api,
          logger,
          times,
          resources: resourcesOf(kind),
          ...(kind.kept === undefined ? {} : { kept: kind.kept }),
          sink: {
            replaced: (items) => this.#changed(watched.cache.replace(items), kind),
            put: (object) => this.#changed(watched.cache.put(object), kind),
            removed: ({ metadata }) =>
              this.#changed(watched.cache.remove(metadata.namespace, metadata.name), kind),
            state: (state) => {
              watched.state =
                state.kind === 'synced' ? 'synced' : { reason: state.reason, unread: state.unread };
              if (state.kind === 'synced') watched.resource = state.resource;
              this.#tellState();
            },
            trouble: (what, detail) => this.#trouble(kind, what, detail),
          },
        }).run(signal);
      }),
    );
    signal.addEventListener('abort', () => this.#wakeup.wake(), { once: true });
  }

  async *updates(signal: AbortSignal): AsyncGenerator<SourceUpdate> {
    let first = true;
    const wake = (): void => this.#wakeup.wake();
    signal.addEventListener('abort', wake);
    try {
      while (!signal.aborted) {
        this.#refer(signal);
        const due = first ? this.#complete : this.#pending.size > 0 || this.#stateChanged;
        if (due) {
          yield this.#update(first);
          first = false;
        } else await this.#wakeup.wait(60_000);
        await this.#wakeup.pause(gatherMs);
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
    await Promise.all([this.#running, this.#referenced.stopped()]);
  }

  /** What the API server holds of an object, as it was last seen. */
  live({ group, kind, namespace, name }: ObjectRef): LiveObject | undefined {
    return this.#kinds.get(kindKey({ group, kind }))?.cache.live(namespace, name);
  }

  /** The version in which a kind is read; undefined where it is not. */
  resource(of: { readonly group: string; readonly kind: string }): ApiResource | undefined {
    return this.#kinds.get(kindKey(of))?.resource;
  }

  /** Every object whose status may be written. */
  *withStatus(): Generator<ObjectRef> {
    for (const { cache } of this.#kinds.values()) if (hasStatus(cache.kind)) yield* cache.refs();
  }

  /** Calls `told` for each object with a status that changed. @returns stops it */
  onChange(told: (ref: ObjectRef) => void): () => void {
    this.#listeners.add(told);
    return () => this.#listeners.delete(told);
  }

  get #complete(): boolean {
    return this.#kinds.values().every(({ state }) => state !== undefined) && this.#referenced.complete;
  }

  /** The first update has everything; what came meanwhile is in it. */
  #update(first: boolean): SourceUpdate {
    const parts = first ? new Map<string, SourcePart | undefined>() : this.#pending;
    if (first) {
      for (const { cache } of this.#kinds.values())
        for (const [name, part] of cache.parts()) parts.set(name, part);
      for (const { name, part } of this.#referenced.parts()) parts.set(name, part);
      for (const [name, part] of this.#pending) if (part !== undefined) parts.set(name, part);
    }
    this.#pending = new Map();
    this.#stateChanged = false;
    const noticedMs = this.#noticedMs === 0 ? Date.now() : this.#noticedMs;
    this.#noticedMs = 0;
    for (const part of parts.values())
      for (const refused of part?.refused ?? [])
        this.#options.observer.refused(refused, this.live(refused.ref)?.uid ?? '');
    return { parts, unavailable: this.#unavailable(), noticedMs };
  }

  #unavailable(): Map<string, Unavailable> {
    return new Map(
      this.#kinds
        .entries()
        .flatMap(([key, { state }]) =>
          state === undefined || state === 'synced' ? [] : [[key, state] as const],
        ),
    );
  }

  /** Reads what is referred to now; only once every kind has been listed, since a grant may still be on its way. */
  #refer(signal: AbortSignal): void {
    if (!this.#refsDue || this.#kinds.values().some(({ state }) => state === undefined)) return;
    this.#refsDue = false;
    const objects = this.#kinds
      .values()
      .filter(({ cache }) => mayRefer(cache.kind))
      .flatMap(({ cache }) => cache.objects());
    this.#referenced.set(referencedObjects({ objects, controllers: this.#options.controllers }), signal);
  }

  #changed(changes: readonly PartChange[], kind?: Kind): void {
    if (changes.length === 0) return;
    const { logger } = this.#options;
    if (this.#noticedMs === 0) this.#noticedMs = Date.now();
    for (const { name, ref, part, ignored } of changes) {
      this.#pending.set(name, part);
      if (ignored.length > 0)
        logger.warn({ object: name, ignored }, 'fields that are not known are left out');
      if (kind !== undefined && hasStatus(kind)) for (const told of this.#listeners) told(ref);
    }
    if (kind !== undefined && mayRefer(kind)) this.#refsDue = true;
    this.#wakeup.wake();
  }

  #tellState(): void {
    this.#stateChanged = true;
    this.#refsDue = true;
    this.#options.observer.unavailable(
      new Map(
        this.#unavailable()
          .entries()
          .map(([key, { reason }]) => [key, reason]),
      ),
    );
    this.#wakeup.wake();
  }

  #trouble(kind: Kind, what: Trouble, detail: string): void {
    this.#options.observer.trouble(kind.kind, what);
    const lost = what === 'damaged-line' || what === 'list-failed';
    this.#options.logger[lost ? 'warn' : 'debug'](
      { kind: kind.kind, what, detail },
      'trouble with the API server',
    );
  }
}

/** Kinds of the Gateway API tell their state, save for grants, which have none. */
function hasStatus({ group, kind }: Kind): boolean {
  return group === gatewayGroup && kind !== 'ReferenceGrant';
}

/** Kinds that say which objects are read, or who may refer to them: few objects, unlike routes. */
function mayRefer({ group, kind }: Kind): boolean {
  return group === gatewayGroup && !kind.endsWith('Route');
}
