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
  /** What a fixed piece of work took just then, ms: tells runs on one machine apart whose neighbours took more or less of it. */
  readonly workMs: number;
}

/** Rounds of the fixed piece of work, of which the median counts. */
const workRounds = 41;

/** Parses and writes a fixed document, as each service does with events. @returns the median, ms */
function fixedWorkMs(): number {
  const text = JSON.stringify(
    Array.from({ length: 2_000 }, (_, i) => ({ name: `route-${i}`, match: [i, `/${i}`] })),
  );
  const rounds = Array.from({ length: workRounds }, () => {
    const startMs = performance.now();
    JSON.stringify(JSON.parse(text));
    return performance.now() - startMs;
  });
  return rounds.sort((a, b) => a - b)[workRounds >> 1] ?? 0;
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
    workMs: fixedWorkMs(),
  };
}

/** The machine in one line. */
export function machineLine(machine: Machine): string {
  const { kernel, cores, cpu, memoryGiB, node, load, workMs } = machine;
  const loads = load.map((value) => value.toFixed(1)).join(', ');
  return `${kernel}, ${cores} cores (${cpu}), ${memoryGiB.toFixed(0)} GiB, Node ${node}, load average at the start ${loads}, a fixed piece of work ${workMs.toFixed(2)} ms`;
}
