import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

/** On what was measured, and what ran beside it. */
export interface Machine {
  readonly kernel: string;
  /** That this process may use. */
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGiB: number;
  readonly node: string;
  /** Load averages of 1, 5 and 15 minutes when the measurement began. */
  readonly load: readonly number[];
}

/** The machine as it is now. */
export function describeMachine(): Machine {
  return {
    kernel: `${process.platform} ${release()}`,
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: totalmem() / 2 ** 30,
    node: process.version,
    load: loadavg(),
  };
}

/** The machine in one line. */
export function machineLine(machine: Machine): string {
  const { kernel, cores, cpu, memoryGiB, node, load } = machine;
  const loads = load.map((value) => value.toFixed(1)).join(', ');
  return `${kernel}, ${cores} cores (${cpu}), ${memoryGiB.toFixed(0)} GiB, Node ${node}, load average at the start ${loads}`;
}
