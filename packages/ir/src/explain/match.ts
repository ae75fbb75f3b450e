// Does a match of the IR hold for a request, and if not, which parts of it do not? Gateway API v1.7.0 HTTPRouteMatch.
// What the spec leaves open is as Envoy does it: of a repeated header any value may match, of a repeated query
// parameter the first counts, and query parameters are compared as they are sent, without decoding.
import { RE2JS, RE2JSException } from 're2js';
import type { IrHttpMatch, IrPathMatch } from '../http-route.ts';
import type { IrStringMatch } from '../string-match.ts';
import type { ReadRequest } from './request.ts';

/** A part of a match that does not hold. */
export interface Mismatch {
  readonly part: 'path' | 'method' | 'header' | 'query';
  /** Name of the header or query parameter; the empty string for the others. */
  readonly name: string;
  /** What the match asks for, in words. */
  readonly wanted: string;
  /** What the request has; undefined where it has none. */
  readonly got: string | undefined;
}

/** The parts that do not hold, in the order path, method, headers, query; none: the match holds. */
export function mismatches(match: IrHttpMatch, request: ReadRequest): Mismatch[] {
  const found: Mismatch[] = [];
  const check = (holds: boolean, mismatch: Mismatch): void => {
    if (!holds) found.push(mismatch);
  };
  const { path, method, headers, query } = match;
  check(pathMatches(path, request), { part: 'path', name: '', wanted: textOf(path), got: request.path });
  if (method !== undefined)
    check(request.method === method, { part: 'method', name: '', wanted: method, got: request.method });
  for (const { name, match: wanted } of headers) {
    const values = request.headers.get(name) ?? [];
    const got = values.length === 0 ? undefined : values.join(', ');
    const holds = values.some((value) => stringMatches(wanted, value));
    check(holds, { part: 'header', name, wanted: textOf(wanted), got });
  }
  for (const { name, match: wanted } of query) {
    const got = queryParameter(request.query, name);
    const holds = got !== undefined && stringMatches(wanted, got);
    check(holds, { part: 'query', name, wanted: textOf(wanted), got });
  }
  return found;
}

/** A path or string match in words. */
export function textOf({ type, value }: IrPathMatch | IrStringMatch): string {
  return type === 'exact' ? value : `${type} ${value}`;
}

/** CONNECT has no path, so nothing matches it. */
function pathMatches(match: IrPathMatch, { path, method }: ReadRequest): boolean {
  if (method === 'CONNECT') return false;
  if (match.type === 'exact') return path === match.value;
  if (match.type === 'regex') return regexMatches(match.value, path);
  return match.value === '/' || path === match.value || path.startsWith(`${match.value}/`);
}

/** Whether a value is what a match asks for. */
export function stringMatches(match: IrStringMatch, value: string): boolean {
  return match.type === 'exact' ? value === match.value : regexMatches(match.value, value);
}

/** The whole value must match. What is no RE2 expression matches nothing: it never gets into the IR. */
function regexMatches(pattern: string, value: string): boolean {
  try {
    return RE2JS.matches(pattern, value);
  } catch (error) {
    if (error instanceof RE2JSException) return false;
    throw error;
  }
}

/** The first value of a parameter; `a` alone has the empty value. */
function queryParameter(query: string, name: string): string | undefined {
  for (const part of query.slice(1).split('&')) {
    const at = part.indexOf('=');
    if ((at < 0 ? part : part.slice(0, at)) === name) return at < 0 ? '' : part.slice(at + 1);
  }
  return undefined;
}
