// What sets the kinds of routes over HTTP apart: how their matches are read, and how they say that nothing can be reached.
// Gateway API v1.6.3 HTTPBackendRef (500), GRPCBackendRef (UNAVAILABLE, which is 503 to a gRPC client).
import type { GrpcRoute, GrpcRule, HttpRoute, HttpRule } from '@sluice/kinds';
import { translateCalls } from './grpc-match.ts';
import { type Matches, translateMatches } from './http-match.ts';

/** Kinds of routes that are translated as HTTP. */
export type HttpKind = 'HTTPRoute' | 'GRPCRoute';

/** A route of one of them. */
export type RouteOverHttp = HttpRoute | GrpcRoute;

/** A rule of any of them, save for its matches. */
export type RuleOverHttp = Omit<HttpRule, 'matches'>;

/** A rule with what its matches come to. */
export interface MatchedRule {
  readonly rule: RuleOverHttp;
  readonly matches: Matches;
}

/** The answer to requests whose backend cannot be reached as it is written. */
export const unreachableStatus = { HTTPRoute: 500, GRPCRoute: 503 } as const satisfies Record<
  HttpKind,
  number
>;

/** What becomes of traffic that cannot be served as it is written, for statuses. */
export interface Unserved {
  readonly traffic: string;
  readonly fate: string;
}

/** The answers in words. */
export const unservedBy: Readonly<Record<HttpKind, Unserved>> = {
  HTTPRoute: { traffic: 'requests', fate: 'answered 500' },
  GRPCRoute: { traffic: 'calls', fate: 'answered UNAVAILABLE' },
};

/** The rules of a route in order. */
export function rulesOf(route: RouteOverHttp): MatchedRule[] {
  if (route.kind === 'HTTPRoute')
    return route.spec.rules.map((rule) => ({ rule, matches: translateMatches(rule.matches) }));
  return route.spec.rules.map((rule: GrpcRule) => ({ rule, matches: translateCalls(rule.matches) }));
}
