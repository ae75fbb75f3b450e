import { byCodeUnit, Dirty, type Host, Node } from './collection.ts';
import type { Equal } from './equal.ts';

/** How a group's value follows its members. `remove` undoes `add`, in any order; neither changes its arguments. */
export interface Reducer<I, A> {
  /** The groups of a value, each counted once. */
  readonly keysOf: (value: I, key: string) => readonly string[];
  readonly zero: A;
  readonly add: (sum: A, value: I, key: string) => A;
  readonly remove: (sum: A, value: I, key: string) => A;
}

interface Sum<A> {
  readonly members: number;
  readonly value: A;
}

/** One value per group, kept by adding and taking away: a changed member costs the same however large its group is. */
export class ReduceBy<I, A> extends Node<A> {
  readonly #input: Node<I>;
  readonly #reducer: Reducer<I, A>;
  readonly #dirty = new Dirty<I>(this);
  readonly #sums = new Map<string, Sum<A>>();

  constructor(host: Host, of: { name: string; input: Node<I>; reducer: Reducer<I, A>; equal: Equal<A> }) {
    super(host, of);
    this.#input = of.input;
    this.#reducer = of.reducer;
    of.input.consumeWithBefore((key, before) => this.#dirty.mark(key, before));
  }

  run(): void {
    const dirty = this.#dirty.take();
    if (dirty.length === 0) return;
    const touched = new Set<string>();
    const { keysOf, add, remove } = this.#reducer;
    for (const [key, before] of dirty) {
      this.host.count(this.name);
      const after = this.#input.get(key);
      if (before !== undefined)
        for (const group of new Set(keysOf(before, key)))
          this.#step(group, -1, (sum) => remove(sum, before, key), touched);
      if (after !== undefined)
        for (const group of new Set(keysOf(after, key)))
          this.#step(group, 1, (sum) => add(sum, after, key), touched);
    }
    for (const group of [...touched].sort(byCodeUnit)) {
      const sum = this.#sums.get(group);
      if (sum !== undefined && sum.members === 0) this.#sums.delete(group);
      this.put(group, sum === undefined || sum.members === 0 ? undefined : sum.value);
    }
  }

  #step(group: string, members: number, change: (sum: A) => A, touched: Set<string>): void {
    const sum = this.#sums.get(group) ?? { members: 0, value: this.#reducer.zero };
    this.#sums.set(group, { members: sum.members + members, value: change(sum.value) });
    touched.add(group);
  }
}
