import { Dirty, type Host, Node, type Watcher } from './collection.ts';
import type { Equal } from './equal.ts';
import { type Fetch, Reads } from './reads.ts';

type Pairs<V> = Iterable<readonly [string, V]>;

/** An output that an input gives. */
interface Claim<V> {
  readonly input: string;
  readonly value: V;
}

/** Any number of pairs from each input and whatever it fetches. */
export class FlatMapNode<I, V> extends Node<V> implements Watcher {
  readonly #input: Node<I>;
  readonly #transform: (value: I, key: string, fetch: Fetch) => Pairs<V>;
  readonly #dirty = new Dirty<I>();
  readonly #reads = new Reads(this as Node<unknown> & Watcher);
  readonly #outputs = new Map<string, readonly string[]>();
  /** Who gives a key, the smallest input first: that one is seen. */
  readonly #claims = new Map<string, readonly Claim<V>[]>();

  constructor(
    host: Host,
    of: {
      name: string;
      input: Node<I>;
      transform: (value: I, key: string, fetch: Fetch) => Pairs<V>;
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
    for (const [key] of this.#dirty.take()) this.#evaluate(key);
  }

  #evaluate(key: string): void {
    const value = this.#input.get(key);
    const fetch = this.#reads.begin(key);
    const made = new Map<string, V>();
    if (value !== undefined) {
      this.host.count(this.name);
      for (const [out, result] of this.#transform(value, key, fetch)) made.set(out, result);
    }
    const before = this.#outputs.get(key) ?? [];
    if (made.size === 0) this.#outputs.delete(key);
    else this.#outputs.set(key, [...made.keys()]);
    for (const out of before) if (!made.has(out)) this.#claim(out, key, undefined);
    for (const [out, result] of made) this.#claim(out, key, result);
  }

  #claim(out: string, input: string, value: V | undefined): void {
    const others = (this.#claims.get(out) ?? []).filter((claim) => claim.input !== input);
    const claims = value === undefined ? others : [...others, { input, value }];
    if (claims.length > 1) claims.sort((a, b) => (a.input < b.input ? -1 : 1));
    if (claims.length === 0) this.#claims.delete(out);
    else this.#claims.set(out, claims);
    this.put(out, claims[0]?.value);
  }
}
