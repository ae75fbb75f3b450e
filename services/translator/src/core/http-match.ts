// Matches of a rule. What comes in: HTTPRouteMatch with defaults filled in (Gateway API v1.7.0); what goes out:
// matches of the IR in normal form, or what is wrong with them.
import type { IrHttpMatch, IrPathMatch, IrStringMatch } from '@sluice/ir';
import type { HttpMatch } from '@sluice/kinds';
import { regexFault } from './regex.ts';

/** The matches of a rule, or their faults in words. */
export type Matches =
  | { readonly ok: true; readonly matches: IrHttpMatch[] }
  | { readonly ok: false; readonly faults: readonly string[] };

/** Translates the matches of a rule; one that cannot be served makes the whole rule unfit. */
export function translateMatches(matches: readonly HttpMatch[]): Matches {
  const faults: string[] = [];
  const translated = (matches.length === 0 ? [everything] : matches).map((match, i) =>
    translateMatch(match, (what, fault) => faults.push(`matches[${i}].${what} ${fault}`)),
  );
  return faults.length === 0 ? { ok: true, matches: translated } : { ok: false, faults };
}

/** A path prefix in normal form: without trailing slashes, save for `/` itself. */
export function normalPrefix(value: string): string {
  let end = value.length;
  while (end > 0 && value[end - 1] === '/') end -= 1;
  return end === 0 ? '/' : value.slice(0, end);
}

const everything: HttpMatch = { path: { type: 'PathPrefix', value: '/' }, headers: [], queryParams: [] };

/** Takes what is wrong with a field of a match. */
export type Report = (what: string, fault: string) => void;

function translateMatch(match: HttpMatch, report: Report): IrHttpMatch {
  return {
    path: translatePath(match.path, report),
    ...(match.method === undefined ? {} : { method: match.method }),
    headers: translateNamed(match.headers, { field: 'headers', fold: true, report }),
    query: translateNamed(match.queryParams, { field: 'queryParams', fold: false, report }),
  };
}

function translatePath({ type, value }: HttpMatch['path'], report: Report): IrPathMatch {
  if (type === 'RegularExpression') {
    const fault = regexFault(value);
    if (fault !== undefined) report('path.value', fault);
    return { type: 'regex', value };
  }
  if (!value.startsWith('/')) report('path.value', 'must start with "/"');
  return type === 'Exact' ? { type: 'exact', value } : { type: 'prefix', value: normalPrefix(value) };
}

/** Of several entries with one name the first counts, as the spec demands. */
export function translateNamed(
  list: HttpMatch['headers'],
  { field, fold, report }: { field: string; fold: boolean; report: Report },
): IrHttpMatch['headers'] {
  const found = new Map<string, IrStringMatch>();
  list.forEach(({ name: given, type, value }, i) => {
    const name = fold ? given.toLowerCase() : given;
    if (found.has(name)) return;
    const fault = type === 'RegularExpression' ? regexFault(value) : undefined;
    if (fault !== undefined) report(`${field}[${i}].value`, fault);
    found.set(name, { type: type === 'RegularExpression' ? 'regex' : 'exact', value });
  });
  return [...found].map(([name, match]) => ({ name, match }));
}
