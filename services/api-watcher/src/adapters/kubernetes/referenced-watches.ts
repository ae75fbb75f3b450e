import type { ObjectRef } from '@sluice/ir';
import { type Kind, kinds } from '@sluice/kinds';
import type { Logger } from '@sluice/service-kit';
import { keyOf } from '../../core/keys.ts';
import { resourcesOf } from '../../core/kubernetes/api-paths.ts';
import { unreadPart } from '../../core/kubernetes/read-api-object.ts';
import type { ApiClient } from './api-client.ts';
import { KindCache, type PartChange } from './kind-cache.ts';
import { Reflector, type ReflectorTimes, type Trouble } from './reflector.ts';

export interface ReferencedWatchesOptions {
  readonly api: ApiClient;
  readonly logger: Logger;
  readonly times: ReflectorTimes;
  /** Told of every change of one of the objects. */
  changed(changes: readonly PartChange[]): void;
  trouble(kind: Kind, what: Trouble, detail: string): void;
}

interface Watched {
  readonly kind: Kind;
  readonly ref: ObjectRef;
  readonly cache: KindCache;
  readonly ends: AbortController;
  /** Whether the API server has said anything of it yet. */
  looked: boolean;
}

/** Reads single objects, each by its name: those to which something refers, and no others. */
export class ReferencedWatches {
  readonly #options: ReferencedWatchesOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #running = new Set<Promise<void>>();

  constructor(options: ReferencedWatchesOptions) {
    this.#options = options;
  }

  /** Whether the API server has spoken of each of them. */
  get complete(): boolean {
    return this.#watched.values().every(({ looked }) => looked);
  }

  /** Every part that they make. */
  *parts(): Generator<PartChange> {
    for (const { cache, kind } of this.#watched.values())
      for (const [name, part] of cache.parts()) {
        const [ref] = cache.refs();
        if (ref !== undefined) yield { name, part, ref: { ...ref, kind: kind.kind }, ignored: [] };
      }
  }

  /** Reads exactly these from now on. */
  set(refs: readonly ObjectRef[], signal: AbortSignal): void {
    const wanted = new Set<string>();
    for (const ref of refs) {
      const kind = kinds.find(
        (k) => k.onlyReferenced === true && k.group === ref.group && k.kind === ref.kind,
      );
      if (kind === undefined) continue;
      wanted.add(keyOf(ref));
      if (!this.#watched.has(keyOf(ref))) this.#start(kind, ref, signal);
    }
    for (const [key, watched] of this.#watched) {
      if (wanted.has(key)) continue;
      watched.ends.abort();
      this.#watched.delete(key);
      this.#options.changed(watched.cache.remove(watched.ref.namespace, watched.ref.name));
    }
  }

  /** Resolves when nothing is read any more; for after the signal. */
  async stopped(): Promise<void> {
    await Promise.all(this.#running);
  }

  #start(kind: Kind, ref: ObjectRef, signal: AbortSignal): void {
    const { api, logger, times } = this.#options;
    const watched: Watched = {
      kind,
      ref,
      cache: new KindCache(kind),
      ends: new AbortController(),
      looked: false,
    };
    this.#watched.set(keyOf(ref), watched);
    const tell = (changes: readonly PartChange[]): void => {
      if (!watched.ends.signal.aborted) this.#options.changed(changes);
    };
    const reflector = new Reflector({
      api,
      logger,
      times,
      resources: resourcesOf(kind),
      only: ref,
      sink: {
        replaced: (items) => {
          watched.looked = true;
          tell(watched.cache.replace(items));
        },
        put: (object) => tell(watched.cache.put(object)),
        removed: () => tell(watched.cache.remove(ref.namespace, ref.name)),
        state: (state) => {
          watched.looked = true;
          if (state.kind === 'synced' || !state.unread) return;
          const part = unreadPart(kind, ref, state.reason);
          const [fault] = part.refused;
          tell([{ name: fault?.origin.file ?? '', ref, part, ignored: [] }]);
        },
        trouble: (what, detail) => this.#options.trouble(kind, what, detail),
      },
    });
    const running = reflector.run(AbortSignal.any([signal, watched.ends.signal]));
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }
}
