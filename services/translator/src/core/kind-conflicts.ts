// HTTPRoutes and GRPCRoutes that want the same hosts of one listener. What comes in: where routes of both kinds attach; what
// goes out: the same without the losers. Of two routes of different kinds whose hostnames meet, the older one is taken,
// else the first by namespace/name (Gateway API v1.6.3 GRPCRouteSpec.hostnames). A route that lost stands in no other's way.
import type { Collection, Fetch, Graph, Group } from '@sluice/incremental';
import { compareText } from '@sluice/ir';
import { anyHostname } from './hostname.ts';
import type { HttpKind, RouteOverHttp } from './http-route-kind.ts';
import { sectionKey } from './keys.ts';
import type { AttachedListener, ParentResult } from './route-parents.ts';

type Parents = Collection<readonly ParentResult[]>;

/** Routes of one kind and where they would attach if they were alone. */
export interface Contender {
  readonly routes: Collection<RouteOverHttp>;
  readonly parents: Parents;
}

type Contenders = Readonly<Record<HttpKind, Contender>>;

/** Where routes attach. Only routes that meet one of the other kind cost more than a look. */
export function settleKinds(graph: Graph, of: Contenders): Readonly<Record<HttpKind, Parents>> {
  const contests = contestsOf(graph, of);
  const bySection = graph.indexBy(contests, 'contested sections', (rivals) => Object.keys(rivals));
  const contested = graph.map(bySection, 'sections in contest', () => true as const);
  const winners = graph.flatMap(bySection, 'settled sections', (group, section, fetch) =>
    settle({ section, group, contests, of }, fetch),
  );
  const settled = (kind: HttpKind): Parents =>
    graph.map(
      of[kind].parents,
      `settled parents of ${kind}s`,
      (parents, key, fetch) =>
        parents.map((parent) =>
          withoutLost(parent, (section) =>
            fetch(contested, section) === undefined ? undefined : fetch(winners, lossKey(section, kind, key)),
          ),
        ),
      { keep: 'nothing' },
    );
  return { HTTPRoute: settled('HTTPRoute'), GRPCRoute: settled('GRPCRoute') };
}

/** GRPCRoutes that meet an HTTPRoute, by section. */
type Rivals = Readonly<Record<string, readonly string[]>>;

/** HTTPRoutes that meet a GRPCRoute somewhere. */
function contestsOf(graph: Graph, of: Contenders): Collection<Rivals> {
  const { parents } = of.GRPCRoute;
  const claims = (keysOf: (l: AttachedListener) => readonly string[]) => (all: readonly ParentResult[]) =>
    all.flatMap(({ listeners }) => listeners.flatMap((l) => keysOf(l).map((key) => `${sectionOf(l)}${key}`)));
  const count = graph.countBy(
    parents,
    'GRPCRoutes of sections',
    claims(() => ['']),
  );
  const present = graph.map(count, 'sections with GRPCRoutes', () => true as const);
  const at = graph.indexBy(
    parents,
    'GRPCRoutes by hostname',
    claims((l) => l.hostnames.map(hostKey)),
  );
  const below = graph.indexBy(
    parents,
    'GRPCRoutes by wildcard above',
    claims((l) => l.hostnames.flatMap((hostname) => wildcardsAbove(hostname).map(hostKey))),
  );
  return graph.map(of.HTTPRoute.parents, 'contested HTTPRoutes', (all, _key, fetch) => {
    const found: Record<string, string[]> = {};
    for (const listener of all.flatMap(({ listeners }) => listeners)) {
      const section = sectionOf(listener);
      if (fetch(present, section) === undefined) continue;
      const rivals = new Set(found[section]);
      for (const hostname of listener.hostnames) {
        const groups = [hostname, ...wildcardsAbove(hostname)].map((h) => fetch(at, section + hostKey(h)));
        if (hostname.startsWith('*')) groups.push(fetch(below, section + hostKey(hostname)));
        for (const group of groups) for (const rival of group?.members() ?? []) rivals.add(rival);
      }
      if (rivals.size > 0) found[section] = [...rivals].sort(compareText);
    }
    return Object.keys(found).length === 0 ? undefined : found;
  });
}

interface Entrant {
  readonly kind: HttpKind;
  readonly key: string;
  readonly createdAt: string;
  /** Those of the other kind that it meets. */
  readonly rivals: string[];
}

/** Who loses a section, each with the route it lost to. */
function settle(
  {
    section,
    group,
    contests,
    of,
  }: { section: string; group: Group; contests: Collection<Rivals>; of: Contenders },
  fetch: Fetch,
): [string, string][] {
  const entrants = new Map<string, Entrant>();
  const enter = (kind: HttpKind, key: string): Entrant => {
    const createdAt = fetch(of[kind].routes, key)?.metadata.creationTimestamp ?? '';
    const entrant = entrants.get(nameOf(kind, key)) ?? { kind, key, createdAt, rivals: [] };
    entrants.set(nameOf(kind, key), entrant);
    return entrant;
  };
  for (const http of group.members())
    for (const grpc of fetch(contests, http)?.[section] ?? []) {
      enter('HTTPRoute', http).rivals.push(nameOf('GRPCRoute', grpc));
      enter('GRPCRoute', grpc).rivals.push(nameOf('HTTPRoute', http));
    }
  const taken = new Set<string>();
  const lost: [string, string][] = [];
  for (const { kind, key, rivals } of [...entrants.values()].sort(byAge)) {
    const winner = rivals.find((rival) => taken.has(rival));
    if (winner === undefined) taken.add(nameOf(kind, key));
    else lost.push([lossKey(section, kind, key), winner]);
  }
  return lost;
}

function byAge(a: Entrant, b: Entrant): number {
  return compareText(a.createdAt, b.createdAt) || compareText(a.key, b.key) || compareText(a.kind, b.kind);
}

/** A parent's result without the listeners that its route lost. */
function withoutLost(parent: ParentResult, winnerOf: (section: string) => string | undefined): ParentResult {
  const lost: string[] = [];
  const listeners = parent.listeners.filter((listener) => {
    const winner = winnerOf(sectionOf(listener));
    if (winner !== undefined)
      lost.push(`${winner}, which goes first, has hostnames of it on listener ${listener.listener}`);
    return winner === undefined;
  });
  if (lost.length === 0) return parent;
  if (listeners.length > 0) return { ...parent, listeners };
  const detached = { reason: 'HostnameConflict' as const, message: lost.join('; ') };
  return { ...parent, listeners, detached };
}

/** The wildcards that cover a hostname and are not it. */
function wildcardsAbove(hostname: string): string[] {
  if (hostname === anyHostname) return [];
  const labels = (hostname.startsWith('*.') ? hostname.slice(2) : hostname).split('.');
  return [...labels.slice(1).map((_, i) => `*.${labels.slice(i + 1).join('.')}`), anyHostname];
}

function sectionOf({ gateway, listener }: AttachedListener): string {
  return sectionKey(gateway, listener);
}

function hostKey(hostname: string): string {
  return `|${hostname}`;
}

function nameOf(kind: HttpKind, key: string): string {
  return `${kind} ${key}`;
}

function lossKey(section: string, kind: HttpKind, key: string): string {
  return `${section}|${nameOf(kind, key)}`;
}
