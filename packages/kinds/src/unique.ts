/** Items whose key stood before: their index and the index of the first holder. An undefined key is never a repetition. */
export function repeated<T>(
  items: readonly T[],
  key: (item: T) => string | undefined,
): { index: number; first: number }[] {
  if (items.length < 2) return [];
  const seen = new Map<string, number>();
  const found: { index: number; first: number }[] = [];
  items.forEach((item, index) => {
    const k = key(item);
    if (k === undefined) return;
    const first = seen.get(k);
    if (first === undefined) seen.set(k, index);
    else found.push({ index, first });
  });
  return found;
}
