// What the processes of an instance use, as Linux counts it.
import { readdirSync, readFileSync } from 'node:fs';
import type { ProcessName, Sluice } from '../harness/sluice.ts';

/** The processes of an instance with one replica of each, Envoy last. */
export const processNames = ['api-watcher', 'translator', 'xds-server', 'nats', 'up', 'envoy'] as const;
/** One of them. */
export type BenchProcess = (typeof processNames)[number] & ProcessName;
/** A figure for each of them. */
export type PerProcess = Readonly<Record<BenchProcess, number>>;

/** A figure for each process, from its process id. */
export function perProcess(figure: (name: BenchProcess) => number): PerProcess {
  return Object.fromEntries(processNames.map((name) => [name, figure(name)])) as Record<BenchProcess, number>;
}

/** Sum over all of them. */
export function sumOf(figures: PerProcess): number {
  return processNames.reduce((sum, name) => sum + figures[name], 0);
}

/** Sum over all but Envoy. */
export function controlPlaneOf(figures: PerProcess): number {
  return sumOf(figures) - figures.envoy;
}

/**
 * CPU time of a process since its threads began, milliseconds: `se.sum_exec_runtime` of each thread, to the nanosecond
 * (/proc/PID/task/TID/schedstat), where /proc/PID/stat knows ticks of 10 ms. What ended threads used is not in it.
 */
export function cpuMsOf(pid: number): number {
  let ns = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // The thread has ended since the directory was read.
    }
  }
  return ns / 1e6;
}

/** CPU time so far, milliseconds, and when it was read. */
export interface CpuReading {
  readonly cpuMs: PerProcess;
  readonly atMs: number;
}

/** Reads all processes of an instance. */
export function readCpu(sluice: Sluice): CpuReading {
  return { cpuMs: perProcess((name) => cpuMsOf(sluice.pid(name))), atMs: performance.now() };
}

/** Memory of each process, MiB. */
export interface Memory {
  /** Resident at present, and at most so far (VmRSS, VmHWM): a page that processes share counts in each. */
  readonly rssMiB: PerProcess;
  readonly peakMiB: PerProcess;
  /** Resident, with shared pages divided by those who share them (Pss): the sum is what the machine has less. */
  readonly pssMiB: PerProcess;
}

/** Reads all processes of an instance. */
export function readMemory(sluice: Sluice): Memory {
  const figure = (file: 'status' | 'smaps_rollup', key: string) => (name: BenchProcess) => {
    const text = readFileSync(`/proc/${sluice.pid(name)}/${file}`, 'utf8');
    const kB = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
    if (kB === undefined) throw new Error(`/proc says no ${key} of ${name}`);
    return Number(kB) / 1024;
  };
  return {
    rssMiB: perProcess(figure('status', 'VmRSS')),
    peakMiB: perProcess(figure('status', 'VmHWM')),
    pssMiB: perProcess(figure('smaps_rollup', 'Pss')),
  };
}
