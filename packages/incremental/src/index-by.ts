import { byCodeUnit, Dirty, entryOf, type Host, Node } from './collection.ts';

/** The members of a group. Adding or taking out one costs the same however many there are. */
export interface Group {
  readonly size: number;
  has(member: string): boolean;
  /** Keys of the members in UTF-16 order; made on the first call after a change, at the cost of the group's size. */
  members(): readonly string[];
}

class MutableGroup implements Group {
  readonly #members = new Set<string>();
  #sorted: readonly string[] | undefined;

  get size(): number {
    return this.#members.size;
  }

  has(member: string): boolean {
    return this.#members.has(member);
  }

  members(): readonly string[] {
    this.#sorted ??= [...this.#members].sort(byCodeUnit);
    return this.#sorted;
  }

  add(member: string): void {
    this.#members.add(member);
    this.#sorted = undefined;
  }

  remove(member: string): void {
    this.#members.delete(member);
    this.#sorted = undefined;
  }
}

/**
 * Groups by the keys that `keysOf` gives a value. A group counts as changed when a member joins or leaves, not when
 * a member's value changes. A group without members is absent.
 */
export class IndexBy<I> extends Node<Group> {
  readonly #input: Node<I>;
  readonly #keysOf: (value: I, key: string) => readonly string[];
  readonly #dirty = new Dirty<I>(this);
  readonly #groups = new Map<string, MutableGroup>();

  constructor(
    host: Host,
    of: { name: string; input: Node<I>; keysOf: (value: I, key: string) => readonly string[] },
  ) {
    super(host, { name: of.name, equal: () => false });
    this.#input = of.input;
    this.#keysOf = of.keysOf;
    of.input.consumeWithBefore((key, before) => this.#dirty.mark(key, before));
  }

  run(): void {
    const dirty = this.#dirty.take();
    if (dirty.length === 0) return;
    const touched = new Set<string>();
    for (const [key, before] of dirty) {
      this.host.count(this.name);
      const after = this.#input.get(key);
      const left = new Set(before === undefined ? [] : this.#keysOf(before, key));
      const joined = new Set(after === undefined ? [] : this.#keysOf(after, key));
      for (const group of left) if (!joined.has(group)) this.#leave(group, key, touched);
      for (const group of joined) if (!left.has(group)) this.#join(group, key, touched);
    }
    for (const group of [...touched].sort(byCodeUnit)) this.put(group, this.#groups.get(group));
  }

  #leave(name: string, member: string, touched: Set<string>): void {
    const group = this.#groups.get(name);
    if (group === undefined) return;
    group.remove(member);
    if (group.size === 0) this.#groups.delete(name);
    touched.add(name);
  }

  #join(name: string, member: string, touched: Set<string>): void {
    entryOf(this.#groups, name, () => new MutableGroup()).add(member);
    touched.add(name);
  }
}
