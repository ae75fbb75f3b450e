import type { Keep } from './cells.ts';
import { type Host, Node } from './collection.ts';
import type { Equal } from './equal.ts';

/** A collection that is written from outside. Writes become visible at the next commit; the last write of a key counts. */
export class Source<V> extends Node<V> {
  readonly #pending = new Map<string, V | undefined>();

  constructor(
    host: Host,
    of: { name: string; equal: Equal<V>; keep?: Exclude<Keep, 'nothing'> | undefined },
  ) {
    super(host, of);
  }

  set(key: string, value: V): void {
    this.#pending.set(key, value);
  }

  delete(key: string): void {
    this.#pending.set(key, undefined);
  }

  run(): void {
    for (const key of [...this.#pending.keys()].sort()) this.put(key, this.#pending.get(key));
    this.#pending.clear();
  }
}
