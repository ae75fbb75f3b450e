// The path of a request as Envoy compares and forwards it: normalised (RFC 3986 section 6.2.2 in the way of Chromium's
// URL library), slashes merged, escaped slashes refused. The query is left alone.

/** Path and query of a request target, or why it is refused. */
export type Target =
  | { readonly ok: true; readonly path: string; readonly query: string }
  | { readonly ok: false; readonly reason: string };

/** Reads a request target in origin form (`/path?query`). */
export function readTarget(target: string): Target {
  if (!target.startsWith('/')) return { ok: false, reason: 'the path does not start with a slash' };
  if (/[^!-~]/.test(target))
    return { ok: false, reason: 'the path holds a space, a control character or a character beyond ASCII' };
  if (target.includes('#')) return { ok: false, reason: 'the path holds a #' };
  const at = target.indexOf('?');
  const path = at < 0 ? target : target.slice(0, at);
  if (/%(?:2f|5c)/i.test(path)) return { ok: false, reason: 'the path holds an escaped slash or backslash' };
  if (path.includes('%00')) return { ok: false, reason: 'the path holds an escaped NUL' };
  return { ok: true, path: normalPath(path), query: at < 0 ? '' : target.slice(at) };
}

/** A path in normal form: without dot segments, empty segments and needless escapes; with those it needs. */
function normalPath(path: string): string {
  const plain = path.split('/').map(withoutDotParameters).join('/');
  const segments = plain.replaceAll('\\', '/').split('/').slice(1).map(unescapeSegment);
  const kept: string[] = [];
  segments.forEach((segment, i) => {
    const last = i === segments.length - 1;
    if (segment === '..') kept.pop();
    if (segment !== '.' && segment !== '..') kept.push(segment);
    else if (last) kept.push('');
  });
  return mergeSlashes(`/${kept.join('/')}`);
}

/** `..;x` counts as `..`: some servers behind a proxy take it so. Only as written, before anything is unescaped. */
function withoutDotParameters(segment: string): string {
  return segment.replace(/^(\.{1,2});.*$/, '$1');
}

function unescapeSegment(segment: string): string {
  return segment
    .replace(/%([0-9a-f]{2})/gi, (escaped, hex: string) => {
      const char = String.fromCharCode(Number.parseInt(hex, 16));
      return /[A-Za-z0-9._~-]/.test(char) ? char : escaped;
    })
    .replace(/["<>^`{|}]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Envoy keeps a path of slashes alone as two. */
function mergeSlashes(path: string): string {
  return /^\/{2,}$/.test(path) ? '//' : path.replace(/\/{2,}/g, '/');
}
