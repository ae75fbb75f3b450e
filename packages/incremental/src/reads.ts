import { type Collection, entryOf, type Node, type Watcher } from './collection.ts';

/**
 * Reads other collections from inside a transform and remembers what was read: the transform runs again when one of
 * those keys changes, also where the key was absent. Only collections made before the one that reads may be read.
 */
export type Fetch = <V>(collection: Collection<V>, key: string) => V | undefined;

/** What the cells of one node have read. */
export class Reads {
  readonly #reader: Node<unknown> & Watcher;
  readonly #byCell = new Map<string, Map<Node<unknown>, Set<string>>>();

  constructor(reader: Node<unknown> & Watcher) {
    this.#reader = reader;
  }

  /** Forgets what a cell has read, and gives it a fetch for its next run. */
  begin(cell: string): Fetch {
    this.forget(cell);
    return <T>(collection: Collection<T>, key: string): T | undefined => {
      const node = collection as Node<T>;
      if (node.rank >= this.#reader.rank)
        throw new RangeError(`${this.#reader.name} may not read ${node.name}, which is made after it`);
      this.#note(cell, node as Node<unknown>, key);
      return node.get(key);
    };
  }

  forget(cell: string): void {
    const reads = this.#byCell.get(cell);
    if (reads === undefined) return;
    for (const [node, keys] of reads) for (const key of keys) node.unwatch(key, this.#reader, cell);
    this.#byCell.delete(cell);
  }

  #note(cell: string, node: Node<unknown>, key: string): void {
    const reads = entryOf(this.#byCell, cell, () => new Map<Node<unknown>, Set<string>>());
    const keys = entryOf(reads, node, () => new Set<string>());
    if (keys.has(key)) return;
    keys.add(key);
    node.watch(key, this.#reader, cell);
  }
}
