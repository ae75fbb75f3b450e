import type { Keep } from './cells.ts';
import { byCodeUnit, type Host, Node } from './collection.ts';
import type { Equal } from './equal.ts';

/** So many writes are carried through at once: what they make on the way is gone before the next ones are. */
const portion = 256;

/** A collection that is written from outside. Writes become visible at the next commit; the last write of a key counts. */
export class Source<V> extends Node<V> {
  readonly #pending = new Map<string, V | undefined>();
  /** Keys of `#pending` in order, while a commit takes them. */
  #queue: string[] = [];

  constructor(
    host: Host,
    of: { name: string; equal: Equal<V>; keep?: Exclude<Keep, 'nothing'> | undefined },
  ) {
    super(host, of);
  }

  set(key: string, value: V): void {
    this.#write(key, value);
  }

  delete(key: string): void {
    this.#write(key, undefined);
  }

  /** A function that puts back what stands under `key` since the last commit. */
  restorer(key: string): () => void {
    const value = this.get(key);
    return () => this.#write(key, value);
  }

  run(): void {
    if (this.#queue.length === 0) this.#queue = [...this.#pending.keys()].sort(byCodeUnit);
    for (const key of this.#queue.splice(0, portion)) {
      const value = this.#pending.get(key);
      this.#pending.delete(key);
      this.put(key, value);
    }
    if (this.#pending.size > 0) this.due();
  }

  #write(key: string, value: V | undefined): void {
    this.#pending.set(key, value);
    this.due();
  }
}
