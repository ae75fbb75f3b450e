// What Envoy pays for a request with scoped routes, and with plain ones: two platforms side by side, asked in turns, so
// that what else the machine does meets both.
import { originOf } from '@sluice/testkit';
import { Pool } from 'undici';
import { placeOf } from '../harness/many-routes.ts';
import { httpRoute, rule } from '../harness/objects.ts';
import type { Place } from './client.ts';
import { percentile } from './percentile.ts';
import { cpuMsOf } from './processes.ts';
import { measureStart } from './start-time.ts';
import { BenchWorld } from './world.ts';

export const routeLayouts = ['scoped', 'plain'] as const;
export type RouteLayout = (typeof routeLayouts)[number];

/** What a request asks for. `wildcard` and, where scoped, `path of many` run a Lua filter. */
export const requestCases = ['exact host', 'path of many', 'wildcard', 'no such host'] as const;
export type RequestCase = (typeof requestCases)[number];

/** Envoy's CPU for one request, microseconds. */
export interface RequestCost {
  readonly routes: number;
  readonly what: RequestCase;
  readonly status: number;
  /** Each round in the order of time; rounds of the layouts alternate. */
  readonly cpuUs: Readonly<Record<RouteLayout, readonly number[]>>;
  readonly medianUs: Readonly<Record<RouteLayout, number>>;
  /** Answers with another status. */
  readonly failed: number;
}

/** How much is asked. */
export interface RequestLoad {
  readonly routes: number;
  readonly rounds: number;
  readonly requestsPerRound: number;
}

const connections = 8;
/** More than one scope holds. */
const pathsOfOneHost = 200;

/** Besides the N routes with hosts of their own. */
const objects: readonly object[] = [
  httpRoute('wild', { parent: 'edge', hostnames: ['*.wild.test'], rules: [rule('echo')] }),
  ...Array.from({ length: pathsOfOneHost }, (_, i) =>
    httpRoute(`path-${i}`, {
      parent: 'edge',
      hostnames: ['many.test'],
      rules: [rule('echo', { matches: [{ path: { type: 'PathPrefix', value: `/p${i}` } }] })],
    }),
  ),
];

function placeFor(what: RequestCase, n: number, routes: number): Place {
  switch (what) {
    case 'exact host':
      return placeOf('own hostnames', n % routes);
    case 'path of many':
      return { host: 'many.test', path: `/p${n % pathsOfOneHost}` };
    case 'wildcard':
      return { host: `h${n % 100}.wild.test`, path: '/' };
    case 'no such host':
      return { host: `h${n % 100}.nowhere.test`, path: '/' };
    default:
      return what satisfies never;
  }
}

/** Starts one platform for each layout and asks both in turns. */
export async function measureRequestCosts(
  load: RequestLoad,
  progress: (text: string) => void,
): Promise<RequestCost[]> {
  await using stack = new AsyncDisposableStack();
  const worlds = new Map<RouteLayout, BenchWorld>();
  progress(`start with ${routeLayouts.join(' and with ')} routes`);
  for (const layout of routeLayouts) {
    const env = { SLUICE_ROUTE_LAYOUT: layout };
    const world = await BenchWorld.prepare({ hosts: 'own hostnames', routes: load.routes, env, objects });
    worlds.set(layout, stack.use(world));
  }
  await Promise.all([...worlds.values()].map(measureStart));
  const costs: RequestCost[] = [];
  for (const what of requestCases) {
    progress(`${load.rounds} rounds × ${load.requestsPerRound} × ${what}`);
    costs.push(await measureCase(worlds, { what, load }));
  }
  return costs;
}

async function measureCase(
  worlds: ReadonlyMap<RouteLayout, BenchWorld>,
  { what, load }: { what: RequestCase; load: RequestLoad },
): Promise<RequestCost> {
  const status = what === 'no such host' ? 404 : 200;
  const cpuUs: Record<RouteLayout, number[]> = { scoped: [], plain: [] };
  let failed = 0;
  for (let round = -1; round < load.rounds; round += 1)
    for (const [layout, world] of worlds) {
      const outcome = await askMany(world, { what, load, status });
      failed += outcome.failed;
      // The first round warms up.
      if (round >= 0) cpuUs[layout].push(outcome.cpuUs);
    }
  const medianUs = { scoped: percentile(cpuUs.scoped, 0.5), plain: percentile(cpuUs.plain, 0.5) };
  return { routes: load.routes, what, status, cpuUs, medianUs, failed };
}

async function askMany(
  world: BenchWorld,
  { what, load, status }: { what: RequestCase; load: RequestLoad; status: number },
): Promise<{ readonly cpuUs: number; readonly failed: number }> {
  const pool = new Pool(originOf(world.target), { connections });
  const { requestsPerRound, routes } = load;
  let next = 0;
  let failed = 0;
  const one = async (): Promise<void> => {
    while (next < requestsPerRound) {
      const { host, path } = placeFor(what, next++, routes);
      const answer = await pool.request({ method: 'GET', path, headers: { host } });
      await answer.body.dump();
      if (answer.statusCode !== status) failed += 1;
    }
  };
  const envoy = world.sluice.pid('envoy');
  const before = cpuMsOf(envoy);
  await Promise.all(Array.from({ length: connections }, one));
  const cpuUs = ((cpuMsOf(envoy) - before) * 1_000) / requestsPerRound;
  await pool.destroy();
  return { cpuUs, failed };
}
