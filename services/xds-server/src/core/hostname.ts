// Which server of a listener answers for a hostname (Gateway API v1.7.0, Listener.hostname): the most specific one,
// and only that one, whatever routes it has. A wildcard stands for one or more labels.

/** True where every host that `inner` names is also named by `outer`. Both may be `*`, `*.suffix` or a name. */
export function covers(outer: string, inner: string): boolean {
  if (outer === '*' || outer === inner) return true;
  if (!outer.startsWith('*.')) return false;
  const suffix = outer.slice(1);
  return inner.startsWith('*.')
    ? inner.slice(1).endsWith(suffix)
    : inner !== '*' && inner.endsWith(suffix) && inner.length > suffix.length;
}

/** Orders hostnames that cover one host, most specific first: a name, then the longest wildcard, then `*`. */
function specificity(hostname: string): number {
  return hostname === '*' ? 0 : hostname.startsWith('*.') ? hostname.length : Number.MAX_SAFE_INTEGER;
}

/** The server that answers for `hostname`; undefined where none does. */
export function serverFor<S extends { readonly hostname: string }>(
  servers: readonly S[],
  hostname: string,
): S | undefined {
  let best: S | undefined;
  for (const server of servers)
    if (
      covers(server.hostname, hostname) &&
      (best === undefined || specificity(server.hostname) > specificity(best.hostname))
    )
      best = server;
  return best;
}
