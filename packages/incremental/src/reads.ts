import type { Collection, Node } from './collection.ts';
import type { Watcher } from './watchers.ts';

/**
 * Reads other collections from inside a transform and remembers what was read: the transform runs again when one of
 * those keys changes, also where the key was absent. Only collections made before the one that reads may be read.
 */
export type Fetch = <V>(collection: Collection<V>, key: string) => V | undefined;

/** Node and key in turn. */
type Read = Node<unknown> | string;

/** A longer list is not searched for what it holds already: reading twice is remembered twice. */
const searched = 32;
/** So many lists are looked at for one that equals a new one: neighbours often read the same. */
const shared = 4;

const none: readonly Read[] = [];

/** What the cells of one node have read. */
export class Reads {
  readonly #reader: Node<unknown> & Watcher;
  readonly #byCell = new Map<string, readonly Read[]>();
  /** Nodes of which cells read their own key: their changes go to the cell of the same key, whoever has read what. */
  readonly #beside = new Set<Node<unknown>>();
  readonly #recent: (readonly Read[])[] = [];
  #turn = 0;
  #cell = '';
  #list: Read[] = [];

  constructor(reader: Node<unknown> & Watcher) {
    this.#reader = reader;
  }

  /** Runs a cell with a fetch that counts until `run` has returned, in place of what the cell has read before. */
  track<T>(cell: string, run: (fetch: Fetch) => T): T {
    this.#cell = cell;
    this.#list = [];
    const result = run(this.#fetch);
    this.#note(cell, this.#list);
    return result;
  }

  /** Forgets what a cell has read. */
  forget(cell: string): void {
    this.#note(cell, []);
  }

  readonly #fetch: Fetch = (collection, key) => {
    const node = collection as Node<unknown>;
    if (node.rank >= this.#reader.rank)
      throw new RangeError(`${this.#reader.name} may not read ${node.name}, which is made after it`);
    if (key === this.#cell) this.#readBeside(node);
    else if (!holds(this.#list, node, key)) this.#list.push(node, key);
    return collection.get(key);
  };

  #readBeside(node: Node<unknown>): void {
    if (this.#beside.has(node)) return;
    this.#beside.add(node);
    node.consume((key) => this.#reader.invalidate(key));
  }

  #note(cell: string, list: readonly Read[]): void {
    const before = this.#byCell.get(cell) ?? none;
    if (same(before, list)) return;
    for (let i = 0; i < before.length; i += 2)
      nodeAt(before, i).unwatch(keyAt(before, i), this.#reader, cell);
    for (let i = 0; i < list.length; i += 2) nodeAt(list, i).watch(keyAt(list, i), this.#reader, cell);
    if (list.length === 0) this.#byCell.delete(cell);
    else this.#byCell.set(cell, this.#share(list));
  }

  #share(list: readonly Read[]): readonly Read[] {
    for (const recent of this.#recent) if (same(recent, list)) return recent;
    const own = list.slice();
    this.#recent[this.#turn] = own;
    this.#turn = (this.#turn + 1) % shared;
    return own;
  }
}

function holds(list: readonly Read[], node: Node<unknown>, key: string): boolean {
  if (list.length > searched) return false;
  for (let i = 0; i < list.length; i += 2) if (list[i] === node && list[i + 1] === key) return true;
  return false;
}

function same(a: readonly Read[], b: readonly Read[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function nodeAt(list: readonly Read[], at: number): Node<unknown> {
  return list[at] as Node<unknown>;
}

function keyAt(list: readonly Read[], at: number): string {
  return list[at + 1] as string;
}
