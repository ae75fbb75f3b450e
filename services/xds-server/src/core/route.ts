// One match of one rule of an HTTPRoute → one Envoy route, marked with who it is and since which revision.
import { create } from '@bufbuild/protobuf';
import { type Route, RouteSchema } from '@sluice/envoy-api/envoy/config/route/v3/route_components_pb.js';
import { formatRevision, type Revision } from '@sluice/events';
import type { IrHttpRoute, MatchCandidate } from '@sluice/ir';
import { corsFilterName, corsPolicy } from './cors.ts';
import { headerOptions } from './header-edit.ts';
import { compileAction, editsPerBackend, type RoutePlace } from './route-action.ts';
import { compileMatch } from './route-match.ts';

/** Namespace of our metadata in Envoy: `route` and `revision` of each route, read by the access log. */
export const metadataNamespace = 'sluice';

/** A route of the IR with the revision that last changed it. */
export interface RevisedRoute {
  readonly route: IrHttpRoute;
  readonly revision: Revision;
}

/** A candidate with the revision of its route. */
export interface RevisedCandidate extends MatchCandidate {
  readonly revision: Revision;
}

/** The id of a match in logs: `<namespace>/<name>/<rule>/<match>`. */
export function routeId(candidate: MatchCandidate): string {
  const rule = candidate.route.rules[candidate.rule];
  // Joined: it is kept as a key, and a text that was added up would keep its parts.
  return [candidate.route.key, rule?.index ?? candidate.rule, candidate.match].join('/');
}

/** All matches of a route, in its own order. */
export function candidatesOf({ route, revision }: RevisedRoute): RevisedCandidate[] {
  return route.rules.flatMap((rule, at) =>
    rule.matches.map((_, match) => ({ route, revision, rule: at, match })),
  );
}

/** The Envoy route of a candidate at its place. Throws RangeError when the candidate does not exist. */
export function compileRoute(candidate: RevisedCandidate, place: RoutePlace): Route {
  const rule = candidate.route.rules[candidate.rule];
  const match = rule?.matches[candidate.match];
  if (rule === undefined || match === undefined) throw new RangeError(`no match ${routeId(candidate)}`);
  const id = routeId(candidate);
  const message = create(RouteSchema, {
    name: id,
    match: compileMatch(match),
    action: compileAction(rule, match, place),
    metadata: {
      filterMetadata: { [metadataNamespace]: { revision: formatRevision(candidate.revision), route: id } },
    },
  });
  if (rule.cors !== undefined) message.typedPerFilterConfig = { [corsFilterName]: corsPolicy(rule.cors) };
  if (editsPerBackend(rule.action)) return message;
  const request = headerOptions(rule.requestHeaders);
  const response = headerOptions(rule.responseHeaders);
  message.requestHeadersToAdd = request.add;
  message.requestHeadersToRemove = request.remove;
  message.responseHeadersToAdd = response.add;
  message.responseHeadersToRemove = response.remove;
  return message;
}
