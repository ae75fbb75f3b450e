// What a route of Envoy (envoy.config.route.v3.Route) does with the request that it takes.
import { compareText, type IrRawResource } from '@sluice/ir';
import { RE2JS } from 're2js';
import { isObject, type JsonObject } from '../json.ts';
import { isTrue, messageIn, messagesIn, numberIn, optionalIn, textIn } from './fields.ts';
import type { RawOutcome, RawTarget } from './raw-explanation.ts';
import type { RawRequest } from './route-holds.ts';
import { withoutPort } from './virtual-host.ts';

/** Resources that routes name. */
export interface RawWorld {
  find(type: IrRawResource['type'], name: string): IrRawResource | undefined;
  /** `address:port` of a Service port's endpoints that take new requests. */
  endpointsOf(service: string): readonly string[];
}

/** The outcome of a route. */
export function outcomeOf(route: JsonObject, request: RawRequest, world: RawWorld): RawOutcome {
  const answer = optionalIn(route, 'direct_response');
  if (answer !== undefined) {
    const reason = 'answered by the listener itself (direct_response)';
    return { type: 'respond', status: numberIn(answer, 'status', 200), reason };
  }
  const redirect = optionalIn(route, 'redirect');
  if (redirect !== undefined) return redirectOf(redirect, messageIn(route, 'match'), request);
  const action = optionalIn(route, 'route');
  if (action === undefined) return { type: 'undecided', reason: 'a filter answers, not the router' };
  const targets = targetsOf(action, world);
  if (targets === undefined) return { type: 'undecided', reason: 'the request chooses the cluster' };
  const path = rewritten(action, messageIn(route, 'match'), request.path);
  return { type: 'forward', path: `${path}${request.query}`, host: hostOf(action, request), targets };
}

/** Clusters of an action or of a tcp_proxy, with their shares; undefined where something else chooses. */
export function targetsOf(action: JsonObject, world: RawWorld): RawTarget[] | undefined {
  const weighted = optionalIn(action, 'weighted_clusters');
  if (weighted === undefined) {
    const cluster = textIn(action, 'cluster');
    return cluster === '' ? undefined : [targetOf(cluster, 1, world)];
  }
  const clusters = messagesIn(weighted, 'clusters').map((each) => ({
    name: textIn(each, 'name'),
    weight: numberIn(each, 'weight', 0),
  }));
  const total = clusters.reduce((sum, { weight }) => sum + weight, 0);
  return clusters
    .filter(({ weight }) => weight > 0)
    .map(({ name, weight }) => targetOf(name, weight / total, world));
}

function targetOf(cluster: string, share: number, world: RawWorld): RawTarget {
  const found = world.find('cluster', cluster);
  if (found === undefined) return { cluster, share, service: '', endpoints: [] };
  const service = found.endpoints ?? '';
  const endpoints = service === '' ? ownEndpoints(found, world) : world.endpointsOf(service);
  return { cluster, share, service, endpoints };
}

/** Of a load assignment of the object's own, or inside of the cluster. */
function ownEndpoints({ name, message }: IrRawResource, world: RawWorld): string[] {
  const cluster = message as JsonObject;
  const eds = textIn(messageIn(cluster, 'eds_cluster_config'), 'service_name') || name;
  const assignment =
    optionalIn(cluster, 'load_assignment') ??
    (world.find('endpoint', eds)?.message as JsonObject | undefined);
  if (!isObject(assignment)) return [];
  return messagesIn(assignment, 'endpoints')
    .flatMap((locality) => messagesIn(locality, 'lb_endpoints'))
    .flatMap((each) => {
      const socket = optionalIn(messageIn(messageIn(each, 'endpoint'), 'address'), 'socket_address');
      return socket === undefined
        ? []
        : [`${textIn(socket, 'address')}:${numberIn(socket, 'port_value', 0)}`];
    })
    .sort(compareText);
}

/** The path after `prefix_rewrite`, `regex_rewrite`. */
function rewritten(action: JsonObject, match: JsonObject, path: string): string {
  const regex = optionalIn(action, 'regex_rewrite');
  if (regex !== undefined) return replaced(regex, path);
  const prefix = textIn(action, 'prefix_rewrite');
  return prefix === '' ? path : `${prefix}${path.slice(matchedLength(match, path))}`;
}

/** A prefix alone is replaced; of the other matches the whole path. */
function matchedLength(match: JsonObject, path: string): number {
  const prefix = match.prefix ?? match.path_separated_prefix;
  return typeof prefix === 'string' ? prefix.length : path.length;
}

/** RE2's global replacement, with `\1` for a group. */
function replaced(rewrite: JsonObject, path: string): string {
  const regex = textIn(messageIn(rewrite, 'pattern'), 'regex');
  const matcher = RE2JS.compile(regex).matcher(path);
  const substitution = textIn(rewrite, 'substitution');
  let out = '';
  let from = 0;
  while (matcher.find()) {
    const groups = substitution.replace(/\\(\\|\d)/g, (_all, what: string) =>
      what === '\\' ? '\\' : (matcher.group(Number(what)) ?? ''),
    );
    out += path.slice(from, matcher.start()) + groups;
    from = matcher.end();
  }
  return out + path.slice(from);
}

/** Fields of an action that write the Host header from what no request shows. */
const hostFields = ['auto_host_rewrite', 'host_rewrite_header', 'host_rewrite_path_regex'] as const;

function hostOf(action: JsonObject, { authority }: RawRequest): string {
  const literal = textIn(action, 'host_rewrite_literal');
  if (literal !== '') return literal;
  return hostFields.some((field) => action[field] !== undefined) ? '' : authority;
}

const codes: Readonly<Record<string, number>> = {
  MOVED_PERMANENTLY: 301,
  FOUND: 302,
  SEE_OTHER: 303,
  TEMPORARY_REDIRECT: 307,
  PERMANENT_REDIRECT: 308,
};

function redirectOf(redirect: JsonObject, match: JsonObject, request: RawRequest): RawOutcome {
  const named = textIn(redirect, 'scheme_redirect');
  const scheme = isTrue(redirect, 'https_redirect') ? 'https' : named || request.scheme;
  const port = numberIn(redirect, 'port_redirect', 0);
  const host = textIn(redirect, 'host_redirect') || keptHost(request, { scheme, port });
  const where = port === 0 ? host : `${host}:${port}`;
  const path = redirectPath(redirect, match, request);
  const location = `${scheme}://${where}${path}`;
  return { type: 'redirect', status: codes[textIn(redirect, 'response_code')] ?? 301, location };
}

/** The host of the request; its port goes where another is given, or where it was the scheme's own and the scheme changes. */
function keptHost(
  { authority, scheme: from }: RawRequest,
  to: { readonly scheme: string; readonly port: number },
): string {
  const own = from === 'http' ? ':80' : ':443';
  const drops = to.port !== 0 || (to.scheme !== from && authority.endsWith(own));
  return drops ? withoutPort(authority) : authority;
}

function redirectPath(redirect: JsonObject, match: JsonObject, { path, query }: RawRequest): string {
  const kept = isTrue(redirect, 'strip_query') ? '' : query;
  const given = textIn(redirect, 'path_redirect');
  if (given !== '') return given.includes('?') ? given : `${given}${kept}`;
  return `${rewritten(redirect, match, path)}${kept}`;
}
