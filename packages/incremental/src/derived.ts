import { type Collection, Dirty, entryOf, type Host, Node, type Watcher } from './collection.ts';
import type { Equal } from './equal.ts';

/**
 * Reads other collections from inside a transform and remembers what was read: the transform runs again when one of
 * those keys changes, also where the key was absent. Only collections made before the one that reads may be read.
 */
export type Fetch = <V>(collection: Collection<V>, key: string) => V | undefined;

/** What a transform of a derived collection computes for one input: the pairs it gives. */
type Pairs<V> = Iterable<readonly [string, V]>;

/** Outputs of the same key from several inputs: the one of the smallest input key is seen. */
interface Claim<V> {
  readonly input: string;
  readonly value: V;
}

/** `map` and `flatMap`: pairs computed from one input value and whatever it fetches. */
export class Derived<I, V> extends Node<V> implements Watcher {
  readonly #input: Node<I>;
  readonly #transform: (value: I, key: string, fetch: Fetch) => Pairs<V>;
  readonly #dirty = new Dirty<I>();
  readonly #reads = new Map<string, Map<Node<unknown>, Set<string>>>();
  readonly #outputs = new Map<string, readonly string[]>();
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
    this.#forgetReads(key);
    const value = this.#input.get(key);
    const made = new Map<string, V>();
    if (value !== undefined) {
      this.host.count(this.name);
      for (const [out, result] of this.#transform(value, key, this.#fetchFor(key))) made.set(out, result);
    }
    const touched = new Set([...(this.#outputs.get(key) ?? []), ...made.keys()]);
    if (made.size === 0) this.#outputs.delete(key);
    else this.#outputs.set(key, [...made.keys()]);
    for (const out of touched) this.#claim(out, key, made.get(out));
  }

  #claim(out: string, input: string, value: V | undefined): void {
    const others = (this.#claims.get(out) ?? []).filter((claim) => claim.input !== input);
    const claims = value === undefined ? others : [...others, { input, value }];
    if (claims.length > 1) claims.sort((a, b) => (a.input < b.input ? -1 : 1));
    if (claims.length === 0) this.#claims.delete(out);
    else this.#claims.set(out, claims);
    this.put(out, claims[0]?.value);
  }

  #fetchFor(cell: string): Fetch {
    return <T>(collection: Collection<T>, key: string): T | undefined => {
      const node = collection as Node<T>;
      if (node.rank >= this.rank)
        throw new RangeError(`${this.name} may not read ${node.name}, which is made after it`);
      const reads = entryOf(this.#reads, cell, () => new Map<Node<unknown>, Set<string>>());
      const keys = entryOf(reads, node as Node<unknown>, () => new Set<string>());
      if (!keys.has(key)) {
        keys.add(key);
        node.watch(key, this, cell);
      }
      return node.get(key);
    };
  }

  #forgetReads(cell: string): void {
    for (const [node, keys] of this.#reads.get(cell) ?? [])
      for (const key of keys) node.unwatch(key, this, cell);
    this.#reads.delete(cell);
  }
}
