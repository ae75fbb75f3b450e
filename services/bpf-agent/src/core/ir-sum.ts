// The hash of the whole IR, kept up by what changes of it: resources by the subjects that they have on the log.
import { SetHash } from '@sluice/ir';

/** Comes to what `RevisionCommitted` says of the same resources. */
export class IrSum {
  readonly #members = new Map<string, string>();
  readonly #sum = new SetHash();

  /** Puts a resource, or another version of it. @param hash its `irHash` */
  put(subject: string, hash: string): void {
    this.remove(subject);
    this.#members.set(subject, hash);
    this.#sum.add(hash);
  }

  /** Takes a resource out; one that is not there is no fault. */
  remove(subject: string): void {
    const before = this.#members.get(subject);
    if (before === undefined) return;
    this.#members.delete(subject);
    this.#sum.remove(before);
  }

  /** 64 hex digits. */
  toString(): string {
    return this.#sum.toString();
  }
}
