// Precedence of HTTP matches, Gateway API v1.6.3, HTTPRouteRule.matches: exact path, then the longest prefix, then
// the method, then the number of header matches, then of query matches; ties: the oldest route, then
// namespace/name, then the order in the route. Regular expressions are implementation-specific there; here they
// stand between exact and prefix, longer pattern first, which is also what Cilium does for Ingress.
// Of gRPC calls (GRPCRouteRule.matches): the longest service, then the longest method, then headers and ties as above; an exact
// service with an exact method goes before expressions, which are implementation-specific there, too.
// A route that is a fallback goes behind all that are none: the default backend of an Ingress.
import type { IrHttpMatch, IrHttpRoute } from './http-route.ts';
import { compareText } from './key.ts';

/** One match of one rule of one route, the unit that is ordered. */
export interface MatchCandidate {
  readonly route: IrHttpRoute;
  /** Index into `route.rules`. */
  readonly rule: number;
  /** Index into the rule's `matches`. */
  readonly match: number;
}

/** The step that decided between two matches. */
export type PrecedenceStep =
  | 'fallback'
  | 'route kind'
  | 'path type'
  | 'service length'
  | 'method length'
  | 'path length'
  | 'method'
  | 'header count'
  | 'query count'
  | 'route age'
  | 'route name'
  | 'rule order'
  | 'same';

const pathRank = { exact: 0, regex: 1, prefix: 2 } as const;

/** Orders two candidates: `order` is negative where `a` is tried before `b`. Total: 0 only for the same match of the same route. */
export function comparePrecedence(
  a: MatchCandidate,
  b: MatchCandidate,
): { order: number; step: PrecedenceStep } {
  const ma = matchOf(a);
  const mb = matchOf(b);
  const steps: readonly [PrecedenceStep, number][] = [
    ['fallback', Number(a.route.fallback ?? false) - Number(b.route.fallback ?? false)],
    ['route kind', Number(ma.call !== undefined) - Number(mb.call !== undefined)],
    ['path type', pathRank[ma.path.type] - pathRank[mb.path.type]],
    ...specificity(ma, mb),
    ['method', Number(mb.method !== undefined) - Number(ma.method !== undefined)],
    ['header count', mb.headers.length - ma.headers.length],
    ['query count', mb.query.length - ma.query.length],
    ['route age', compareText(a.route.createdAt, b.route.createdAt)],
    ['route name', compareText(a.route.key, b.route.key)],
    ['rule order', a.rule - b.rule || a.match - b.match],
  ];
  for (const [step, order] of steps) if (order !== 0) return { order, step };
  return { order: 0, step: 'same' };
}

function specificity(a: IrHttpMatch, b: IrHttpMatch): [PrecedenceStep, number][] {
  if (a.call === undefined || b.call === undefined)
    return [['path length', b.path.value.length - a.path.value.length]];
  return [
    ['service length', b.call.service - a.call.service],
    ['method length', b.call.method - a.call.method],
  ];
}

/** The match that a candidate names. @throws RangeError where there is none */
export function matchOf(candidate: MatchCandidate): IrHttpMatch {
  const match = candidate.route.rules[candidate.rule]?.matches[candidate.match];
  if (match === undefined)
    throw new RangeError(`no match ${candidate.rule}/${candidate.match} in ${candidate.route.key}`);
  return match;
}
