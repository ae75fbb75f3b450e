import { type DelayFigures, measureDelay, type UpdateFigures } from './changes.ts';
import { buildLoad } from './load.ts';
import { type Amounts, measureWays, type WayFigures } from './measure.ts';
import { type MemoryFigures, measureMaps } from './memory.ts';
import { measurePackets, type PacketFigures } from './packets.ts';
import { startWays } from './ways.ts';

/** How much is measured. */
export interface BenchOptions extends Amounts {
  /** Services beside the one that is measured. */
  readonly services: number;
  /** How many Services packets go to, ascending. */
  readonly packetServices: readonly number[];
  /** Runs of a packet program. */
  readonly packetRuns: number;
  /** Services added one by one. */
  readonly changes: number;
}

export interface BenchReport {
  readonly ways: readonly WayFigures[];
  /** What was left out, and why. */
  readonly missing: readonly string[];
  readonly packets: readonly PacketFigures[];
  readonly memory: MemoryFigures;
  readonly updates: UpdateFigures;
  readonly delay: DelayFigures;
}

/** Measures everything, one after the other. @throws Error where a part fails */
export async function runBench(options: BenchOptions, say: (text: string) => void): Promise<BenchReport> {
  say('building networks');
  const program = buildLoad();
  await using ways = await startWays(program, options.services);
  say(`${ways.ways.length} ways, ${options.rounds} rounds`);
  const figures = await measureWays(ways, program, options);
  say('packets');
  const packets = await measurePackets(options.packetServices, options.packetRuns);
  say('maps');
  const { memory, updates } = await measureMaps(options.services, options.rounds);
  const delay = await measureDelay(options.services, options.changes);
  return { ways: figures, missing: ways.missing, packets, memory, updates, delay };
}
