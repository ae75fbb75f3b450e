// A match of the IR → Envoy RouteMatch. Paths are compared without the query and after normalisation; a prefix matches
// whole segments; an expression matches the whole value.
import { create } from '@bufbuild/protobuf';
import {
  type HeaderMatcher,
  HeaderMatcherSchema,
  QueryParameterMatcherSchema,
  type RouteMatch,
  RouteMatchSchema,
} from '@sluice/envoy-api/envoy/config/route/v3/route_components_pb.js';
import type { IrHttpMatch, IrPathMatch, IrStringMatch } from '@sluice/ir';
import { regexMatcher, stringMatcher } from './messages.ts';

/** The Envoy match of a match of the IR. */
export function compileMatch(match: IrHttpMatch): RouteMatch {
  const headers = match.headers.map((header) => headerMatcher(header.name, header.match));
  if (match.method !== undefined)
    headers.unshift(headerMatcher(':method', { type: 'exact', value: match.method }));
  return create(RouteMatchSchema, {
    pathSpecifier: pathSpecifier(match.path),
    headers,
    queryParameters: match.query.map((query) =>
      create(QueryParameterMatcherSchema, {
        name: query.name,
        queryParameterMatchSpecifier: { case: 'stringMatch', value: stringMatcher(query.match) },
      }),
    ),
  });
}

/** True where a match takes every request whose path is `path` or goes on below it; `path` is empty for every path. */
export function takesAllBelow(
  { path: { type, value }, method, headers, query }: IrHttpMatch,
  path: string,
): boolean {
  if (type !== 'prefix' || method !== undefined || headers.length > 0 || query.length > 0) return false;
  return value === '/' || path === value || path.startsWith(`${value}/`);
}

function headerMatcher(name: string, match: IrStringMatch): HeaderMatcher {
  return create(HeaderMatcherSchema, {
    name,
    headerMatchSpecifier: { case: 'stringMatch', value: stringMatcher(match) },
  });
}

function pathSpecifier(path: IrPathMatch): RouteMatch['pathSpecifier'] {
  switch (path.type) {
    case 'exact':
      return { case: 'path', value: path.value };
    case 'regex':
      return { case: 'safeRegex', value: regexMatcher(path.value) };
    case 'prefix':
      return path.value === '/'
        ? { case: 'prefix', value: '/' }
        : { case: 'pathSeparatedPrefix', value: path.value };
  }
}
