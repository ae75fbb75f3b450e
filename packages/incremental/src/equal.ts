/** Tells whether two values of a collection are the same; a change to an equal value goes no further. */
export type Equal<V> = (a: V, b: V) => boolean;

/**
 * Equality by content, as canonical JSON would see it: plain objects without regard to the order of their keys, a key
 * with the value `undefined` counting as absent; arrays in order; everything else by `Object.is`.
 */
export function equalByContent(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && equalArrays(a, b);
  return equalObjects(a as Record<string, unknown>, b as Record<string, unknown>);
}

function equalArrays(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => equalByContent(item, b[i]));
}

function equalObjects(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  for (const key of Object.keys(a))
    if (!equalByContent(a[key], Object.hasOwn(b, key) ? b[key] : undefined)) return false;
  for (const key of Object.keys(b)) if (b[key] !== undefined && !Object.hasOwn(a, key)) return false;
  return true;
}
