// The hash of a whole IR, kept up by what changes of it.
import { SetHash } from './hash.ts';

/** Resources by whatever names them, and the `SetHash` over them, as `RevisionCommitted` says it. */
export class IrSum<K extends string> {
  readonly #members = new Map<K, string>();
  readonly #sum = new SetHash();

  /** Puts a resource, or another version of it. @param hash its `irHash` */
  put(name: K, hash: string): void {
    this.remove(name);
    this.#members.set(name, hash);
    this.#sum.add(hash);
  }

  /** Takes a resource out; one that is not there is no fault. */
  remove(name: K): void {
    const before = this.#members.get(name);
    if (before === undefined) return;
    this.#members.delete(name);
    this.#sum.remove(before);
  }

  /** How many resources. */
  get size(): number {
    return this.#members.size;
  }

  /** What names them. */
  keys(): MapIterator<K> {
    return this.#members.keys();
  }

  /** 64 hex digits. */
  toString(): string {
    return this.#sum.toString();
  }
}
