// A one-to-many index that follows changes of its members.
import { SmallMap } from './small-map.ts';

/** Group → members by their own key. */
export class Multimap<T> {
  readonly #groups = new Map<string, SmallMap<T>>();

  /** The members of a group; empty for an unknown one. */
  get(group: string): Iterable<T> {
    return this.#groups.get(group)?.values() ?? [];
  }

  /** Moves the member `key` from the groups of what it was to the groups of what it is. */
  replace(
    key: string,
    change: { readonly before: T | undefined; readonly after: T | undefined },
    groupsOf: (member: T) => readonly string[],
  ): void {
    if (change.before !== undefined) for (const group of groupsOf(change.before)) this.#remove(group, key);
    if (change.after !== undefined)
      for (const group of groupsOf(change.after)) this.#add(group, key, change.after);
  }

  #add(group: string, key: string, member: T): void {
    const members = this.#groups.get(group);
    if (members !== undefined) members.set(key, member);
    else {
      const first = new SmallMap<T>();
      first.set(key, member);
      this.#groups.set(group, first);
    }
  }

  #remove(group: string, key: string): void {
    const members = this.#groups.get(group);
    if (members?.delete(key) === true && members.size === 0) this.#groups.delete(group);
  }
}
