// Which of the logged requests would be routed otherwise. In: two states of the IR and the access log, newest first; out:
// the requests whose route or effect differs, each once with its count. Headers and query are not logged: a request is
// judged as if it had none, and where a match on them could decide otherwise on one side only, it is said so.
import { isDeepStrictEqual } from 'node:util';
import type { IrResource } from '@sluice/ir';
import { type Candidate, type ExplainRequest, type Explanation, explainRequest } from '@sluice/ir/explain';
import type { AccessRecord, RequestRecord } from './access-record.ts';
import { RequestRouter, ruleOf } from './request-router.ts';

/** What became of a request on one side. */
export interface Routing {
  /** Key of the route; null where none takes it. */
  readonly route: string | null;
  readonly rule: number | null;
  readonly outcome: Explanation['outcome'];
}

/** A request that differs. Requests of one method, host, path and place are one. */
export interface RequestChange {
  /** `differs`: as it stands; `may-differ`: by headers or query that are not logged. */
  readonly verdict: 'differs' | 'may-differ';
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** `address:port` that it came to. */
  readonly local: string;
  readonly count: number;
  /** RFC 3339, of the newest. */
  readonly lastSeen: string;
  /** Ids of the route matches that took it when it was logged. */
  readonly takenBy: readonly string[];
  readonly before: Routing;
  readonly after: Routing;
}

/** What was found in the access log. */
export interface RequestComparison {
  /** Records of requests read. */
  readonly read: number;
  /** Different ones among them. */
  readonly distinct: number;
  /** Records of requests that were not valid, and so are not judged. */
  readonly unreadable: number;
  /** RFC 3339, of the oldest read; undefined where there is none. */
  readonly since: string | undefined;
  /** True where older records were left unread. */
  readonly cut: boolean;
  /** Those that differ before those that may, each by falling count. */
  readonly changes: readonly RequestChange[];
}

interface Seen {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly local: string;
  readonly lastSeen: string;
  count: number;
  readonly takenBy: Set<string>;
}

/** Compares at most `limit` newest records. */
export async function compareRequests(of: {
  readonly before: Iterable<IrResource>;
  readonly after: Iterable<IrResource>;
  readonly log: AsyncIterable<AccessRecord>;
  readonly limit: number;
}): Promise<RequestComparison> {
  const { distinct, ...counts } = await readDistinct(of.log, of.limit);
  const sides = { before: new RequestRouter(of.before), after: new RequestRouter(of.after) };
  const changes = [...distinct.values()].flatMap((seen) => judge(seen, sides) ?? []);
  return { ...counts, distinct: distinct.size, changes: changes.sort(byWeight) };
}

async function readDistinct(log: AsyncIterable<AccessRecord>, limit: number) {
  const distinct = new Map<string, Seen>();
  let read = 0;
  let unreadable = 0;
  let cut = false;
  let since: string | undefined;
  for await (const record of log) {
    if (record.kind !== 'request') continue;
    if (read >= limit) {
      cut = true;
      break;
    }
    read++;
    since = record.time;
    if (!count(record, distinct)) unreadable++;
  }
  return { distinct, read, unreadable, cut, since };
}

function count(record: RequestRecord, distinct: Map<string, Seen>): boolean {
  const { method, host, path, local, time: lastSeen, route } = record;
  if (method === null || host === null || path === null || local === null) return false;
  const key = JSON.stringify([method, host, path, local]);
  const seen = distinct.get(key) ?? { method, host, path, local, lastSeen, count: 0, takenBy: new Set() };
  distinct.set(key, seen);
  seen.count++;
  if (route !== null) seen.takenBy.add(route);
  return true;
}

function judge(
  seen: Seen,
  { before, after }: { readonly before: RequestRouter; readonly after: RequestRouter },
): RequestChange | undefined {
  const place = placeOf(seen.local);
  if (place === undefined) return undefined;
  const listeners = [before, after].map((side) => side.listenerAt(place.address, place.port));
  const secure = (listeners[0] ?? listeners[1])?.protocol === 'HTTPS';
  const request = requestOf(seen, { ...place, secure });
  const [a, b] = [before.relevant(listeners[0], request), after.relevant(listeners[1], request)];
  if (isDeepStrictEqual(a, b)) return undefined;
  const [was, is] = [explainRequest(a, request), explainRequest(b, request)];
  const differs = !isDeepStrictEqual(effectOf(was), effectOf(is));
  if (!differs && isDeepStrictEqual(conditional(was, a), conditional(is, b))) return undefined;
  return {
    verdict: differs ? 'differs' : 'may-differ',
    ...seen,
    takenBy: [...seen.takenBy].sort(),
    before: routingOf(was),
    after: routingOf(is),
  };
}

function placeOf(local: string): { address: string; port: number } | undefined {
  const [, address, port] = /^\[?([^\]]+)\]?:(\d+)$/.exec(local) ?? [];
  return address === undefined || port === undefined ? undefined : { address, port: Number(port) };
}

/** Over TLS the SNI is not in the record: it is taken to be the host, as clients have it. */
function requestOf(
  { method, host, path }: Seen,
  { address, port, secure }: { readonly address: string; readonly port: number; readonly secure: boolean },
): ExplainRequest {
  const sni = host.replace(/:\d+$/, '');
  return {
    address,
    port,
    ...(secure ? { tls: { sni } } : {}),
    host,
    method,
    path,
    headers: [],
  };
}

function winnerOf({ candidates }: Explanation): Candidate | undefined {
  return candidates.find(({ verdict }) => verdict.type === 'won');
}

/** What a client or a backend could notice, and the route. Endpoints come and go and are no other route. */
function effectOf(explanation: Explanation): unknown {
  const route = winnerOf(explanation)?.route;
  const { outcome } = explanation;
  if (outcome.type === 'refused') return { cause: outcome.cause, status: outcome.status };
  if (outcome.type !== 'forward') return { route, outcome };
  const targets = outcome.targets.map(({ endpoints: _, ...target }) => target);
  return { route, outcome: { ...outcome, targets } };
}

/** The matches before the winner that only headers or query keep from taking the request, with what they would do. */
function conditional(explanation: Explanation, relevant: readonly IrResource[]): unknown {
  const { candidates } = explanation;
  const end = candidates.findIndex(({ verdict }) => verdict.type === 'won');
  return candidates.slice(0, end < 0 ? undefined : end).flatMap((candidate) => {
    const { verdict, match, route } = candidate;
    if (verdict.type !== 'not-matched') return [];
    if (verdict.parts.some(({ part }) => part === 'path' || part === 'method')) return [];
    const { matches: _matches, index: _index, name: _name, ...effect } = ruleOf(relevant, candidate) ?? {};
    return [{ route, match, effect }];
  });
}

function routingOf(explanation: Explanation): Routing {
  const winner = winnerOf(explanation);
  return { route: winner?.route ?? null, rule: winner?.rule ?? null, outcome: explanation.outcome };
}

function byWeight(a: RequestChange, b: RequestChange): number {
  return a.verdict.localeCompare(b.verdict) || b.count - a.count || (a.path < b.path ? -1 : 1);
}
