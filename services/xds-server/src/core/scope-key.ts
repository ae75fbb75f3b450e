// The key by which Envoy finds the scope of a request: the listener with a hostname, and a path. Envoy compares keys
// byte by byte, so both stand in private headers that are written before any scope is looked for and rewritten by
// scripts (see scope-scripts.ts) until a scope is found.

/** Names of the private headers: written over what a client sends, and taken off before a backend sees them. */
export const scopeHeaders = {
  /** `<listener>|<hostname>`; the host as it was sent until a script writes a hostname. */
  host: 'x-sluice-scope-host',
  /** `?` and the path of a node of the hostname's path tree; `?` alone is the root. No path of a request begins so. */
  path: 'x-sluice-scope-path',
  /** Name of the server that the connection came in by; HTTPS only. */
  server: 'x-sluice-scope-server',
} as const;

/** Wildcards are looked for by this many labels at most; see `scopeHostname`. */
export const maxWildcardLabels = 4;

/** Segments of a path by which a hostname with many matches is split, at most. */
export const maxPathDepth = 3;

/** The path part of the key of a root. */
export const rootPath = '?';

/** The hostname part of the key under which a hostname is found: a wildcard of more labels shares the scope of its last ones. */
export function scopeHostname(hostname: string): string {
  if (!hostname.startsWith('*.')) return hostname;
  return `*.${hostname.slice(2).split('.').slice(-maxWildcardLabels).join('.')}`;
}

/** True where hostnames share a scope: it is not split by path. */
export function isSharedScope(hostname: string): boolean {
  return hostname.startsWith('*.') && hostname.split('.').length > maxWildcardLabels;
}

/** The constant that keeps the scopes of listeners apart: all listeners of an Envoy share one set. */
export function listenerPart(listener: string): string {
  return `${listener}|`;
}

/** A node of a path tree as the key has it; `path` is empty for the root. */
export function pathPart(path: string): string {
  return `${rootPath}${path}`;
}

/** Name of the resource: unique, and it begins with the listener's key and `|`. */
export function scopeName(listener: string, hostname: string, path: string): string {
  return `${listenerPart(listener)}${hostname}${path}`;
}

/** Key of the listener that a scope belongs to; undefined where the name does not tell, as a name on the wire may. */
export function listenerOfScope(name: string): string | undefined {
  const end = name.indexOf('|');
  return end < 0 ? undefined : name.slice(0, end);
}
