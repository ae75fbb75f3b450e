import { setTimeout as pause } from 'node:timers/promises';
import { footprintAtRest } from '../harness/footprint.ts';
import { placeOf } from '../harness/many-routes.ts';
import type { Sluice } from '../harness/sluice.ts';
import { BenchClient, lookEveryMs, type Place } from './client.ts';
import type { BaseLoad } from './cost.ts';
import { perProcess, readCpu } from './processes.ts';
import type { BenchWorld } from './world.ts';

const patienceMs = 300_000;

/** Measures what the processes use at rest, and for the looks of a client that nothing changes for. */
export async function measureBaseLoad(
  world: BenchWorld,
  of: { readonly idleMs: number; readonly looks: number },
): Promise<BaseLoad> {
  const { sluice, setup, target } = world;
  await using client = new BenchClient(target);
  return await measureClientLoad({ sluice, client, place: placeOf(setup.hosts, 0) }, of);
}

/** The same with a client and a place that there are. */
export async function measureClientLoad(
  { sluice, client, place }: { readonly sluice: Sluice; readonly client: BenchClient; readonly place: Place },
  of: { readonly idleMs: number; readonly looks: number },
): Promise<BaseLoad> {
  await client.look(place);
  await footprintAtRest(sluice.dataDir, patienceMs);
  const start = readCpu(sluice);
  await pause(of.idleMs);
  const idle = readCpu(sluice);
  for (let i = 0; i < of.looks; i += 1) {
    await client.look(place);
    await pause(lookEveryMs);
  }
  const looked = readCpu(sluice);
  const idlePerSecond = perProcess(
    (name) => ((idle.cpuMs[name] - start.cpuMs[name]) * 1_000) / (idle.atMs - start.atMs),
  );
  const seconds = (looked.atMs - idle.atMs) / 1_000;
  const perLook = perProcess((name) =>
    Math.max(0, (looked.cpuMs[name] - idle.cpuMs[name] - idlePerSecond[name] * seconds) / of.looks),
  );
  return { idlePerSecond, perLook };
}
