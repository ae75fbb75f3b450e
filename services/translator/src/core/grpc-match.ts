// Matches of gRPC calls. What comes in: GRPCRouteMatch with defaults filled in (Gateway API v1.6.3); what goes out: matches
// of the IR, or what is wrong with them. A call is a POST to `/<service>/<method>` (gRPC over HTTP/2). What says both
// exactly is an exact path, what leaves one open an expression, and never a prefix: expressions and exact paths of a hostname are
// always weighed against one another, prefixes are not (ADR 0011).
import type { IrHttpMatch } from '@sluice/ir';
import type { GrpcMatch } from '@sluice/kinds';
import { type Matches, type Report, translateNamed } from './http-match.ts';
import { joinableFault } from './regex.ts';

type Method = NonNullable<GrpcMatch['method']>;

/** Translates the matches of a rule; one that cannot be served makes the whole rule unfit. */
export function translateCalls(matches: readonly GrpcMatch[]): Matches {
  const faults: string[] = [];
  const translated = (matches.length === 0 ? [{ headers: [] }] : matches).map((match, i) =>
    translateCall(match, (what, fault) => faults.push(`matches[${i}].${what} ${fault}`)),
  );
  return faults.length === 0 ? { ok: true, matches: translated } : { ok: false, faults };
}

function translateCall({ method, headers }: GrpcMatch, report: Report): IrHttpMatch {
  return {
    path: pathOf(method, report),
    headers: translateNamed(headers, { field: 'headers', fold: true, report }),
    query: [],
    call: { service: method?.service?.length ?? 0, method: method?.method?.length ?? 0 },
  };
}

function pathOf(of: Method | undefined, report: Report): IrHttpMatch['path'] {
  if (of === undefined) return { type: 'prefix', value: '/' };
  const { type, service, method } = of;
  if (type === 'Exact' && service !== undefined && method !== undefined)
    return { type: 'exact', value: `/${service}/${method}` };
  const part = (field: 'service' | 'method'): string => {
    const value = of[field];
    if (value === undefined) return anySegment;
    if (type === 'Exact') return value.replaceAll('.', '\\.');
    const fault = joinableFault(value);
    if (fault !== undefined) report(`method.${field}`, fault);
    return `(?:${value})`;
  };
  return { type: 'regex', value: `/${part('service')}/${part('method')}` };
}

const anySegment = '[^/]+';
