// Lists of which nearly all have one item: the item itself stands for them.

/** One item, or several. An item must not be an array. */
export type Few<T> = T | readonly T[];

/** The items; none for undefined. */
export function itemsOf<T>(few: Few<T> | undefined): readonly T[] {
  if (few === undefined) return [];
  return Array.isArray(few) ? (few as readonly T[]) : [few as T];
}

/** The shortest form of a list; undefined for an empty one. */
export function fewOf<T>(items: readonly T[]): Few<T> | undefined {
  return items.length > 1 ? items : items[0];
}
