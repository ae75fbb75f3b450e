import type { Keep } from './cells.ts';
import { type Collection, Dirty, type Host, Node } from './collection.ts';
import type { Equal } from './equal.ts';
import { type Fetch, Reads } from './reads.ts';
import type { Watcher } from './watchers.ts';

/** One value, or none, from each input and whatever it fetches, under the same key. */
export class MapNode<I, V> extends Node<V> implements Watcher {
  readonly #input: Node<I>;
  readonly #transform: (value: I, key: string, fetch: Fetch) => V | undefined;
  readonly #dirty = new Dirty<undefined>(this);
  readonly #reads = new Reads(this as Node<unknown> & Watcher);

  constructor(
    host: Host,
    of: {
      name: string;
      input: Node<I>;
      transform: (value: I, key: string, fetch: Fetch) => V | undefined;
      equal: Equal<V>;
      keep?: Keep | undefined;
    },
  ) {
    super(host, of);
    this.#input = of.input;
    this.#transform = of.transform;
    of.input.consume((key) => this.#dirty.mark(key, undefined));
  }

  invalidate(key: string): void {
    this.#dirty.mark(key, undefined);
  }

  run(): void {
    for (const [key] of this.#dirty.take()) {
      const value = this.#input.get(key);
      if (value === undefined) {
        this.#reads.forget(key);
        this.put(key, undefined);
      } else {
        this.host.count(this.name);
        const result = this.#reads.track(key, (fetch) => this.#transform(value, key, fetch));
        this.put(key, result);
      }
    }
  }

  /** What it has read has not changed since it ran, so it reads without a note of it. */
  protected override make(key: string): V | undefined {
    const value = this.#input.get(key);
    return value === undefined ? undefined : this.#transform(value, key, look);
  }
}

function look<T>(collection: Collection<T>, key: string): T | undefined {
  return collection.get(key);
}
