// How long a start takes, from `sluice up` to the last route served, on a fresh data directory and on one that is there.
import { setTimeout as pause } from 'node:timers/promises';
import { originOf, type RequestTarget } from '@sluice/testkit';
import { Pool } from 'undici';
import { placeOf } from '../harness/many-routes.ts';
import { BenchClient, noAnswer } from './client.ts';
import { type BenchWorld, startPatienceMs, type WorldSetup } from './world.ts';

/** A measured start. */
export interface StartResult {
  /** From the start of the process `sluice up` until each of `samples` routes had answered 200. */
  readonly servedMs: number;
  /** Until its line `ready`. */
  readonly readyMs: number;
  /** Routes that were asked all the time: the first and the last of all, and others at equal distances. */
  readonly samples: number;
  /** Routes that did not answer 200 when all were asked right afterwards. */
  readonly missing: number;
}

/** Routes that are asked for, and where. */
export interface ServedRoutes {
  readonly target: RequestTarget;
  readonly setup: Pick<WorldSetup, 'hosts' | 'routes'>;
}

const samples = 32;
const lookEveryMs = 10;
/** The same while nobody listens: a refused connection costs a millisecond of the processor that the platform starts on. */
const knockEveryMs = 25;

/** Starts the platform while asking for its routes, then asks for all of them. @throws Error where one never comes */
export async function measureStart(world: BenchWorld): Promise<StartResult> {
  const startMs = performance.now();
  const [readyAtMs, servedAtMs] = await Promise.all([
    world.start().then(() => performance.now()),
    allServed(world, startMs + startPatienceMs),
  ]);
  return {
    servedMs: servedAtMs - startMs,
    readyMs: readyAtMs - startMs,
    samples: sampleOf(world).length,
    missing: await countMissing(world),
  };
}

/** Indices of the routes that are asked all the time. */
export function sampleOf({ setup: { routes } }: Pick<ServedRoutes, 'setup'>): number[] {
  const step = Math.max(1, Math.floor(routes / samples));
  const all = Array.from({ length: Math.min(samples, routes) }, (_, i) => i * step);
  return [...new Set([...all, routes - 1])];
}

/** Asks until each of the samples has answered 200; when that was. @throws Error where one never does */
export async function allServed(world: ServedRoutes, deadlineMs: number): Promise<number> {
  const waiting = new Set(sampleOf(world));
  await using client = new BenchClient(world.target);
  for (;;) {
    let last = 200;
    for (const index of waiting) {
      last = (await client.look(placeOf(world.setup.hosts, index))).status;
      if (last === 200) waiting.delete(index);
      else break;
    }
    if (waiting.size === 0) return performance.now();
    if (performance.now() > deadlineMs)
      throw new Error(`${waiting.size} of the routes asked for were not served within ${startPatienceMs} ms`);
    await pause(last === noAnswer ? knockEveryMs : lookEveryMs);
  }
}

/** Asks for every route once. @returns how many do not answer 200 */
export async function countMissing({ target, setup: { hosts, routes } }: ServedRoutes): Promise<number> {
  const connections = 8;
  const pool = new Pool(originOf(target), { connections });
  let next = 0;
  let missing = 0;
  const one = async (): Promise<void> => {
    while (next < routes) {
      const { host, path } = placeOf(hosts, next++);
      const answer = await pool.request({ method: 'GET', path, headers: { host } });
      await answer.body.dump();
      if (answer.statusCode !== 200) missing += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  await pool.destroy();
  return missing;
}
