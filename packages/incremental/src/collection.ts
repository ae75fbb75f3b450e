import type { Equal } from './equal.ts';

/** What a collection says about one key after a commit. `undefined` stands for absent. */
export interface Change<V> {
  readonly key: string;
  readonly before: V | undefined;
  readonly after: V | undefined;
}

/** Values by key. Reading is allowed at any time; between commits it shows the state of the last one. */
export interface Collection<V> {
  readonly name: string;
  readonly size: number;
  get(key: string): V | undefined;
  has(key: string): boolean;
  /** All keys in UTF-16 order. */
  keys(): string[];
  /** All pairs in the order of `keys`. */
  entries(): [string, V][];
}

/** A cell of a derived collection that read another collection and must run again when what it read changes. */
export interface Watcher {
  invalidate(key: string): void;
}

/** What a node needs of its graph. */
export interface Host {
  /** Position of the next node in the order of evaluation. */
  enroll(node: Node<unknown>): number;
  /** Counts one run of a user's function. */
  count(name: string): void;
}

/** Orders strings by UTF-16 code unit, the same on every machine. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The value of a key, made where it is absent. */
export function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** A collection inside a graph: holds values, and tells consumers and watchers which keys have changed. */
export abstract class Node<V> implements Collection<V> {
  readonly name: string;
  /** Place in the order of evaluation: a node reads only nodes of lower rank. */
  readonly rank: number;
  protected readonly host: Host;
  readonly #equal: Equal<V>;
  readonly #values = new Map<string, V>();
  readonly #consumers: ((key: string, before: V | undefined) => void)[] = [];
  readonly #watchers = new Map<string, Map<Watcher, Set<string>>>();

  constructor(host: Host, name: string, equal: Equal<V>) {
    this.host = host;
    this.name = name;
    this.#equal = equal;
    this.rank = host.enroll(this as Node<unknown>);
  }

  /** Takes in what was marked since the last run. */
  abstract run(): void;

  get size(): number {
    return this.#values.size;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  keys(): string[] {
    return [...this.#values.keys()].sort(byCodeUnit);
  }

  entries(): [string, V][] {
    return [...this.#values].sort(([a], [b]) => byCodeUnit(a, b));
  }

  /** Calls `consumer` with each key that changes and the value it had before. */
  consume(consumer: (key: string, before: V | undefined) => void): void {
    this.#consumers.push(consumer);
  }

  watch(key: string, watcher: Watcher, cell: string): void {
    entryOf(
      entryOf(this.#watchers, key, () => new Map<Watcher, Set<string>>()),
      watcher,
      () => new Set<string>(),
    ).add(cell);
  }

  unwatch(key: string, watcher: Watcher, cell: string): void {
    const cells = this.#watchers.get(key);
    const known = cells?.get(watcher);
    if (cells === undefined || known === undefined) return;
    known.delete(cell);
    if (known.size === 0) cells.delete(watcher);
    if (cells.size === 0) this.#watchers.delete(key);
  }

  /** Sets a value, or takes it out with `undefined`; an equal value changes nothing and is not told to anybody. */
  protected put(key: string, value: V | undefined): void {
    const before = this.#values.get(key);
    if (before === undefined ? value === undefined : value !== undefined && this.#equal(before, value))
      return;
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, value);
    for (const consumer of this.#consumers) consumer(key, before);
    for (const [watcher, cells] of this.#watchers.get(key) ?? [])
      for (const cell of cells) watcher.invalidate(cell);
  }

  /** For values that are changed in place: tells everybody without comparing. */
  protected replace(key: string, value: V | undefined, before: V | undefined): void {
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, value);
    for (const consumer of this.#consumers) consumer(key, before);
    for (const [watcher, cells] of this.#watchers.get(key) ?? [])
      for (const cell of cells) watcher.invalidate(cell);
  }
}

/** The keys of an input that have changed since the last run, each with the value it had then. */
export class Dirty<V> {
  readonly #before = new Map<string, V | undefined>();

  mark(key: string, before: V | undefined): void {
    if (!this.#before.has(key)) this.#before.set(key, before);
  }

  /** Empties it; in the order of keys. */
  take(): [string, V | undefined][] {
    const taken = [...this.#before].sort(([a], [b]) => byCodeUnit(a, b));
    this.#before.clear();
    return taken;
  }
}
