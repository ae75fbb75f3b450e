import { Dirty, type Host, Node } from './collection.ts';
import type { Equal } from './equal.ts';
import { type Fetch, Reads } from './reads.ts';
import type { Watcher } from './watchers.ts';

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
  readonly #dirty = new Dirty<undefined>(this);
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
    super(host, of);
    this.#input = of.input;
    this.#transform = of.transform;
    of.input.consume((key) => this.#dirty.mark(key, undefined));
  }

  invalidate(key: string): void {
    this.#dirty.mark(key, undefined);
  }

  run(): void {
    for (const [key] of this.#dirty.take()) this.#evaluate(key);
  }

  #evaluate(key: string): void {
    const value = this.#input.get(key);
    const made = value === undefined ? this.#forget(key) : this.#make(value, key);
    const before = this.#outputs.get(key) ?? [];
    if (made.size === 0) this.#outputs.delete(key);
    else this.#outputs.set(key, [...made.keys()]);
    for (const out of before) if (!made.has(out)) this.#claim(out, key, undefined);
    for (const [out, result] of made) this.#claim(out, key, result);
  }

  #make(value: I, key: string): ReadonlyMap<string, V> {
    this.host.count(this.name);
    return this.#reads.track(key, (fetch) => new Map(this.#transform(value, key, fetch)));
  }

  #forget(key: string): ReadonlyMap<string, V> {
    this.#reads.forget(key);
    return new Map();
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
