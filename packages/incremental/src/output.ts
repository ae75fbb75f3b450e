import { byCodeUnit, type Change, type Node } from './collection.ts';
import type { Equal } from './equal.ts';

/** The changes of a collection since they were last taken. */
export class Output<V> {
  readonly #equal: Equal<V>;
  readonly #keeps: boolean;
  readonly #changes = new Map<string, Change<V>>();

  constructor(of: Node<V>, equal: Equal<V>) {
    this.#equal = equal;
    this.#keeps = of.keeps;
    const note = (key: string, before: V | undefined): void => this.#note(key, before, of.get(key));
    if (of.keeps) of.consumeWithBefore(note);
    else of.consume((key) => note(key, undefined));
  }

  /**
   * Net changes in the order of keys: what was changed and changed back is not among them. Of a collection that keeps
   * nothing all that ran, with `before` undefined.
   */
  drain(): Change<V>[] {
    if (this.#changes.size === 0) return [];
    const changes = [...this.#changes.values()].sort((a, b) => byCodeUnit(a.key, b.key));
    this.#changes.clear();
    return this.#keeps ? changes.filter((change) => this.#differs(change)) : changes;
  }

  #note(key: string, before: V | undefined, after: V | undefined): void {
    const known = this.#changes.get(key);
    this.#changes.set(key, { key, before: known === undefined ? before : known.before, after });
  }

  #differs({ before, after }: Change<V>): boolean {
    return before === undefined || after === undefined ? before !== after : !this.#equal(before, after);
  }
}
