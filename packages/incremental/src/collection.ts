import { type Cells, cellsOf, type Keep } from './cells.ts';
import type { Equal } from './equal.ts';
import { type Watcher, Watchers } from './watchers.ts';

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
  /** False: what a key held before cannot be told. */
  readonly keeps: boolean;
  get(key: string): V | undefined;
  has(key: string): boolean;
  /** All keys in UTF-16 order. */
  keys(): string[];
  /** All pairs in the order of `keys`. */
  entries(): [string, V][];
}

/** What a node needs of its graph. */
export interface Host {
  /** Position of the next node in the order of evaluation. */
  enroll(node: Node<unknown>): number;
  /** The node of this position is to run, in the commit under way or else the next one. */
  due(rank: number): void;
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

/** Told each key that changes. `before` is what it held, where the consumer wants to know: else undefined. */
type Consumer<V> = (key: string, before: V | undefined) => void;

/** A collection inside a graph: holds values, and tells consumers and watchers which keys have changed. */
export abstract class Node<V> implements Collection<V> {
  readonly name: string;
  /** Place in the order of evaluation: a node reads only nodes of lower rank. */
  readonly rank: number;
  readonly keeps: boolean;
  protected readonly host: Host;
  readonly #cells: Cells<V>;
  readonly #consumers: Consumer<V>[] = [];
  readonly #watchers = new Watchers();
  #tellsBefore = false;

  constructor(host: Host, of: { name: string; equal: Equal<V>; keep?: Keep | undefined }) {
    const { name, equal, keep = 'value' } = of;
    this.host = host;
    this.name = name;
    this.keeps = keep !== 'nothing';
    this.#cells = cellsOf<V>({ keep, equal, make: (key) => this.make(key) });
    this.rank = host.enroll(this as Node<unknown>);
  }

  /** Takes in what was marked since the last run. */
  abstract run(): void;

  /** Something was marked: has it run. */
  due(): void {
    this.host.due(this.rank);
  }

  /** Whether the end of a commit is anything to it. */
  get settles(): boolean {
    return this.#cells.settles;
  }

  /** A commit has ended. */
  settle(): void {
    this.#cells.settle();
  }

  get size(): number {
    return this.#cells.size;
  }

  get(key: string): V | undefined {
    return this.#cells.get(key);
  }

  has(key: string): boolean {
    return this.#cells.has(key);
  }

  keys(): string[] {
    return [...this.#cells.keys()].sort(byCodeUnit);
  }

  entries(): [string, V][] {
    return this.keys().flatMap((key): [string, V][] => {
      const value = this.#cells.get(key);
      return value === undefined ? [] : [[key, value]];
    });
  }

  /** Calls `consumer` with each key that changes. */
  consume(consumer: (key: string) => void): void {
    this.#consumers.push(consumer);
  }

  /** Calls `consumer` with each key that changes and the value it had before. @throws TypeError where values are not kept */
  consumeWithBefore(consumer: Consumer<V>): void {
    if (!this.keeps) throw new TypeError(`${this.name} does not keep what it held before`);
    this.#tellsBefore = true;
    this.#consumers.push(consumer);
  }

  watch(key: string, watcher: Watcher, cell: string): void {
    this.#watchers.add(key, watcher, cell);
  }

  unwatch(key: string, watcher: Watcher, cell: string): void {
    this.#watchers.remove(key, watcher, cell);
  }

  /** Sets a value, or takes it out with `undefined`; an equal value changes nothing and is not told to anybody. */
  protected put(key: string, value: V | undefined): void {
    const before = this.#tellsBefore ? this.#cells.get(key) : undefined;
    if (!this.#cells.put(key, value)) return;
    for (const consumer of this.#consumers) consumer(key, before);
    this.#watchers.tell(key);
  }

  /** Makes a value that is there and not kept. */
  protected make(_key: string): V | undefined {
    return undefined;
  }
}

const nothing: readonly [string, undefined][] = [];

/** The keys of an input that have changed since the last run, each with the value it had then. */
export class Dirty<V> {
  readonly #of: Pick<Node<unknown>, 'due'>;
  readonly #before = new Map<string, V | undefined>();

  /** @param of the node that is to run where there are any */
  constructor(of: Pick<Node<unknown>, 'due'>) {
    this.#of = of;
  }

  mark(key: string, before: V | undefined): void {
    if (!this.#before.has(key)) this.#before.set(key, before);
    this.#of.due();
  }

  /** Empties it; in the order of keys. */
  take(): readonly [string, V | undefined][] {
    if (this.#before.size === 0) return nothing;
    const taken = [...this.#before].sort((a, b) => byCodeUnit(a[0], b[0]));
    this.#before.clear();
    return taken;
  }
}
