// Measures all ways in turn, so that what else the machine does falls on each of them alike.
import { cpuSecondsOf, type Mode, runClient } from './load.ts';
import type { Way, Ways } from './ways.ts';

/**
 * What a way costs: CPU is the least of all rounds, rates are the best and the one in the middle. `toDirect` is the middle one of the
 * ratios to the first way's CPU in the same round, so that a busy machine, which makes all dearer, leaves it as it is.
 */
export interface WayFigures {
  readonly name: string;
  readonly roundTripsPerSecond: { readonly best: number; readonly median: number };
  readonly connectionsPerSecond: { readonly best: number; readonly median: number };
  /** Of the client, the server, and what stands between them. */
  readonly cpuMicrosPerConnection: number;
  readonly toDirect: number;
  readonly gigabitsPerSecond: { readonly best: number; readonly median: number };
  readonly cpuNanosPerKilobyte: number;
}

export interface Amounts {
  readonly rounds: number;
  /** Of one run. */
  readonly connections: number;
  /** Of one run. */
  readonly seconds: number;
}

interface Run {
  readonly rate: number;
  readonly cpuPerUnit: number;
}

async function runOnce(program: string, way: Way, [mode, amount]: readonly [Mode, number]): Promise<Run> {
  const before = way.pids.reduce((sum, pid) => sum + cpuSecondsOf(pid), 0);
  const { address, port } = way;
  const { done, seconds, cpuSeconds } = await runClient(way.client, program, {
    mode,
    address,
    port,
    amount,
  });
  const others = way.pids.reduce((sum, pid) => sum + cpuSecondsOf(pid), 0) - before;
  return { rate: done / seconds, cpuPerUnit: (cpuSeconds + others) / done };
}

const middle = (ascending: readonly number[]): number =>
  ascending[Math.floor((ascending.length - 1) / 2)] ?? 0;
const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
const rates = (runs: readonly Run[], scale = 1) => {
  const values = sorted(runs.map(({ rate }) => rate * scale));
  return { best: values.at(-1) ?? 0, median: middle(values) };
};
const leastCpu = (runs: readonly Run[]): number => Math.min(...runs.map(({ cpuPerUnit }) => cpuPerUnit));
const ratio = (runs: readonly Run[], others: readonly Run[]): number =>
  middle(sorted(runs.map(({ cpuPerUnit }, round) => cpuPerUnit / (others[round]?.cpuPerUnit ?? Number.NaN))));

/** @throws Error where a connection is refused or ends early: then nothing was measured */
export async function measureWays(
  ways: Ways,
  program: string,
  { rounds, connections, seconds }: Amounts,
): Promise<WayFigures[]> {
  const modes: readonly (readonly [Mode, number])[] = [
    ['connect', connections],
    ['ping', seconds],
    ['bulk', seconds],
  ];
  const runs = new Map<string, Run[]>();
  const of = (way: Way, mode: Mode): Run[] => {
    const key = `${way.name}\0${mode}`;
    const held = runs.get(key) ?? [];
    runs.set(key, held);
    return held;
  };
  // the first connections of each way are slower: neighbours are looked for, caches are cold
  for (const way of ways.ways) await runOnce(program, way, ['connect', 50]);
  for (let round = 0; round < rounds; round += 1)
    for (const mode of modes)
      for (const way of ways.ways) of(way, mode[0]).push(await runOnce(program, way, mode));
  const [first] = ways.ways;
  return ways.ways.map((way) => ({
    name: way.name,
    roundTripsPerSecond: rates(of(way, 'ping')),
    connectionsPerSecond: rates(of(way, 'connect')),
    cpuMicrosPerConnection: leastCpu(of(way, 'connect')) * 1e6,
    toDirect: ratio(of(way, 'connect'), first === undefined ? [] : of(first, 'connect')),
    gigabitsPerSecond: rates(of(way, 'bulk'), 8 / 1e9),
    cpuNanosPerKilobyte: leastCpu(of(way, 'bulk')) * 1e9 * 1024,
  }));
}
