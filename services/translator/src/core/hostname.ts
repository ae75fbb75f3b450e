// Hostnames of listeners and routes, Gateway API v1.7.0 HTTPRouteSpec.hostnames: `*.x` matches one or more labels
// before `.x`, never `x` itself; the empty or absent hostname, written `*` here, matches all.

/** Every hostname. */
export const anyHostname = '*';

/** Whether every host that `narrow` matches is also matched by `wide`. */
export function covers(wide: string, narrow: string): boolean {
  if (wide === anyHostname || wide === narrow) return true;
  if (!wide.startsWith('*.')) return false;
  const suffix = wide.slice(1);
  return narrow.startsWith('*.')
    ? narrow.slice(1).endsWith(suffix)
    : narrow.endsWith(suffix) && narrow !== suffix;
}

/** The narrower one of two hostnames where one covers the other; undefined where no host matches both. */
export function intersect(a: string, b: string): string | undefined {
  if (covers(a, b)) return b;
  return covers(b, a) ? a : undefined;
}

/** The hostnames of a route that a listener serves, sorted; no hostnames of the route means all of the listener's. */
export function intersectAll(listener: string, route: readonly string[]): string[] {
  const wanted = route.length === 0 ? [anyHostname] : route;
  const found = wanted.map((hostname) => intersect(listener, hostname.toLowerCase()));
  return [...new Set(found.filter((hostname) => hostname !== undefined))].sort();
}
