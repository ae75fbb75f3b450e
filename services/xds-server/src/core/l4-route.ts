// Which route takes the connections of a listener below HTTP. What comes in: a listener and the l4-routes attached to it;
// what goes out: for each server and hostname the one route that wins. Gateway API v1.6.3, TLSRouteSpec.hostnames and
// "Conflicts": the most specific hostname, then the oldest route, then by namespace/name.
import type { Revision } from '@sluice/events';
import { compareL4Routes, compareText, type IrL4Route, type IrListener } from '@sluice/ir';
import { ServerIndex } from './server-index.ts';

/** A route of the IR with the revision that last changed it. */
export interface RevisedL4Route {
  readonly route: IrL4Route;
  readonly revision: Revision;
}

/** What a route wins at a server of a listener. */
export interface L4Win {
  readonly server: string;
  readonly route: IrL4Route;
  /** Sorted, never empty; `*` for every SNI, and for TCP and UDP. */
  readonly hostnames: readonly string[];
}

/** All that routes win at a listener, sorted by server, then route. */
export function l4Wins(listener: IrListener, routes: Iterable<RevisedL4Route>): L4Win[] {
  const servers = new ServerIndex(listener.servers);
  const winners = new Map<string, IrL4Route>();
  for (const { route } of routes)
    for (const { listener: at, server, hostnames } of route.attachments) {
      if (at !== listener.key) continue;
      for (const hostname of hostnames) {
        if (servers.find(hostname)?.name !== server) continue;
        const other = winners.get(hostname);
        if (other === undefined || compareL4Routes(route, other) < 0) winners.set(hostname, route);
      }
    }
  const wins = new Map<string, { server: string; route: IrL4Route; hostnames: string[] }>();
  for (const [hostname, route] of winners) {
    const server = servers.find(hostname)?.name ?? '';
    const id = `${server}|${route.key}`;
    const win = wins.get(id) ?? { server, route, hostnames: [] };
    win.hostnames.push(hostname);
    wins.set(id, win);
  }
  return [...wins.values()]
    .map((win) => ({ ...win, hostnames: win.hostnames.sort(compareText) }))
    .sort((a, b) => compareText(a.server, b.server) || compareText(a.route.key, b.route.key));
}
