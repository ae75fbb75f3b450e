// Hostnames (Gateway API v1.7.0, Hostname): a name, `*.suffix` for one or more labels before the suffix, or `*`. The
// most specific one that covers a host decides alone.

/** Why a Host header is refused; undefined for a good one. */
export function authorityFault(authority: string): string | undefined {
  return /^[A-Za-z0-9!$%&'()*+,\-.:;=@[\]_~]*$/.test(authority)
    ? undefined
    : 'the Host header holds a character that no host may have';
}

/** The host of a Host header: lower case, without port. Brackets of an IPv6 address and a trailing dot stay. */
export function hostOf(authority: string): string {
  return withoutPort(authority).toLowerCase();
}

/** A Host header without its port. */
export function withoutPort(authority: string): string {
  const colon = authority.lastIndexOf(':');
  return colon < 0 || authority.indexOf(']', colon) >= 0 ? authority : authority.slice(0, colon);
}

/** True where a host, or every host that a wildcard names, is named by `outer`. `oneLabel`: `*.suffix` is one label before it. */
export function covers(outer: string, inner: string, oneLabel = false): boolean {
  if (outer === '*' || outer === inner) return true;
  if (!outer.startsWith('*.') || inner === '*') return false;
  const suffix = outer.slice(1);
  if (oneLabel) {
    const dot = inner.indexOf('.');
    return dot > 0 && !inner.startsWith('*.') && inner.slice(dot) === suffix;
  }
  const name = inner.startsWith('*.') ? inner.slice(1) : inner;
  return name.endsWith(suffix) && (inner.startsWith('*.') || name.length > suffix.length);
}

/** Orders hostnames that cover one host, the most specific first: a name, then the longest wildcard, then `*`. */
export function compareSpecificity(a: string, b: string): number {
  return specificity(b) - specificity(a);
}

function specificity(hostname: string): number {
  return hostname === '*' ? 0 : hostname.startsWith('*.') ? hostname.length : Number.MAX_SAFE_INTEGER;
}

/** The one that answers for a host; undefined where none covers it. */
export function mostSpecific<T extends { readonly hostname: string }>(
  choices: readonly T[],
  host: string,
): T | undefined {
  return choices
    .filter(({ hostname }) => covers(hostname, host))
    .sort((a, b) => compareSpecificity(a.hostname, b.hostname))[0];
}
