// What a number of changes cost: CPU of each process, events and bytes on the log, resources and bytes to Envoy.
import { costBetween, type Footprint, footprintAtRest, streamStates } from '../harness/footprint.ts';
import type { Sluice } from '../harness/sluice.ts';
import { type CpuReading, type PerProcess, perProcess, readCpu } from './processes.ts';

/** What one change cost on average. */
export interface CostOfChange {
  /** CPU milliseconds of each process, without what it uses at rest and what the client's looking costs it. */
  readonly cpuMs: PerProcess;
  /** Events on all streams, acknowledgements among them. */
  readonly events: number;
  /** Bytes on all streams, as the log's server counts them. */
  readonly logBytes: number;
  readonly xdsBytes: number;
  readonly xdsResources: number;
}

/** CPU milliseconds that each process uses without any change. */
export interface BaseLoad {
  /** In a second without a request. */
  readonly idlePerSecond: PerProcess;
  /** For one look of the client. */
  readonly perLook: PerProcess;
}

/** Where a series of changes began. */
export interface CostStart {
  readonly cpu: CpuReading;
  readonly footprint: Footprint;
  readonly acks: AckUse;
  /** Requests that the client had sent. */
  readonly asked: number;
}

interface AckUse {
  readonly events: number;
  readonly meanBytes: number;
}

const patienceMs = 300_000;

/** Waits for rest, then reads everything. */
export async function beginCost(sluice: Sluice, asked: number): Promise<CostStart> {
  const footprint = await footprintAtRest(sluice.dataDir, patienceMs);
  return { footprint, acks: await ackUse(sluice), asked, cpu: readCpu(sluice) };
}

/** CPU is read at once, so wait before for what follows on the last change; the rest is read at rest. */
export async function endCost(
  sluice: Sluice,
  of: { start: CostStart; asked: number; changes: number; base: BaseLoad },
): Promise<CostOfChange> {
  const { start, asked, changes, base } = of;
  const cpu = cpuBetween(start.cpu, readCpu(sluice), { base, looks: asked - start.asked });
  const cost = costBetween(start.footprint, await footprintAtRest(sluice.dataDir, patienceMs));
  const acks = await ackUse(sluice);
  const ackEvents = acks.events - start.acks.events;
  const { FACTS, IR, STATUS } = cost.events;
  const { FACTS: facts, IR: ir, STATUS: statuses } = cost.bytes;
  return {
    cpuMs: perProcess((name) => cpu[name] / changes),
    events: (FACTS + IR + STATUS + ackEvents) / changes,
    logBytes: (facts + ir + statuses + ackEvents * acks.meanBytes) / changes,
    xdsBytes: cost.sentBytes / changes,
    xdsResources: Object.values(cost.sent).reduce((sum, n) => sum + n, 0) / changes,
  };
}

/** CPU between two readings without the base load; never below 0. */
export function cpuBetween(
  from: CpuReading,
  to: CpuReading,
  of: { readonly base: BaseLoad; readonly looks: number },
): PerProcess {
  const seconds = (to.atMs - from.atMs) / 1_000;
  return perProcess((name) => {
    const used = to.cpuMs[name] - from.cpuMs[name];
    return Math.max(0, used - of.base.idlePerSecond[name] * seconds - of.base.perLook[name] * of.looks);
  });
}

/** ACKS keeps the newest 8 of each subject, so its size does not grow with its events. */
async function ackUse(sluice: Sluice): Promise<AckUse> {
  const acks = (await streamStates(sluice.dataDir)).get('ACKS');
  if (acks === undefined || acks.messages === 0) return { events: 0, meanBytes: 0 };
  return { events: acks.last_seq, meanBytes: acks.bytes / acks.messages };
}
