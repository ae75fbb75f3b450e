import { Dirty, type Host, Node, type Watcher } from './collection.ts';
import type { Equal } from './equal.ts';
import { type Fetch, Reads } from './reads.ts';

/** One value, or none, from each input and whatever it fetches, under the same key. */
export class MapNode<I, V> extends Node<V> implements Watcher {
  readonly #input: Node<I>;
  readonly #transform: (value: I, key: string, fetch: Fetch) => V | undefined;
  readonly #dirty = new Dirty<I>();
  readonly #reads = new Reads(this as Node<unknown> & Watcher);

  constructor(
    host: Host,
    of: {
      name: string;
      input: Node<I>;
      transform: (value: I, key: string, fetch: Fetch) => V | undefined;
      equal: Equal<V>;
    },
  ) {
    super(host, of.name, of.equal);
    this.#input = of.input;
    this.#transform = of.transform;
    of.input.consume((key, before) => this.#dirty.mark(key, before));
  }

  invalidate(key: string): void {
    this.#dirty.mark(key, undefined);
  }

  run(): void {
    for (const [key] of this.#dirty.take()) {
      const value = this.#input.get(key);
      const fetch = this.#reads.begin(key);
      if (value !== undefined) this.host.count(this.name);
      this.put(key, value === undefined ? undefined : this.#transform(value, key, fetch));
    }
  }
}
