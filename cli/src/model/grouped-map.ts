/** A Map whose values are also at hand by a group, at the cost of what changes. */
export class GroupedMap<K, V> extends Map<K, V> {
  readonly #groups = new Map<string, Map<K, V>>();
  readonly #groupOf: (value: V) => string;

  constructor(groupOf: (value: V) => string) {
    super();
    this.#groupOf = groupOf;
  }

  /** The members of a group, in the order in which they were set first. Not to be changed. */
  group(name: string): ReadonlyMap<K, V> {
    return this.#groups.get(name) ?? new Map();
  }

  override set(key: K, value: V): this {
    const before = this.get(key);
    const name = this.#groupOf(value);
    if (before !== undefined && this.#groupOf(before) !== name) this.#leave(key, before);
    const group = this.#groups.get(name);
    if (group === undefined) this.#groups.set(name, new Map([[key, value]]));
    else group.set(key, value);
    return super.set(key, value);
  }

  override delete(key: K): boolean {
    const before = this.get(key);
    if (before !== undefined) this.#leave(key, before);
    return super.delete(key);
  }

  override clear(): void {
    this.#groups.clear();
    super.clear();
  }

  #leave(key: K, value: V): void {
    const name = this.#groupOf(value);
    const group = this.#groups.get(name);
    group?.delete(key);
    if (group?.size === 0) this.#groups.delete(name);
  }
}
