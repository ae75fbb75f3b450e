// The small client and server in C, built by the checkout's compiler, and what a run of them tells.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Machine } from '@sluice/testkit/network';

const root = join(import.meta.dirname, '../../../../..');
const targets: Readonly<Record<string, string>> = {
  x64: 'x86_64-linux-gnu.2.28',
  arm64: 'aarch64-linux-gnu.2.28',
};

/** Builds the program. @returns its path */
export function buildLoad(): string {
  const cache = join(root, '.toolchain/cache');
  const program = join(cache, 'datapath-load');
  mkdirSync(cache, { recursive: true });
  const env = {
    ...process.env,
    ZIG_GLOBAL_CACHE_DIR: join(cache, 'zig'),
    ZIG_LOCAL_CACHE_DIR: join(cache, 'zig'),
  };
  const target = targets[process.arch] ?? 'native';
  const source = join(import.meta.dirname, 'load.c');
  // Without Zig's own runtime, which nothing here calls: a compiler with an empty cache would build that first, for many seconds.
  const options = ['-lc', '-OReleaseFast', '-fno-compiler-rt', '-target', target, `-femit-bin=${program}`];
  const args = ['build-exe', source, ...options];
  execFileSync(join(root, '.toolchain/zig/zig'), args, { env, stdio: 'inherit' });
  return program;
}

/** Before other processes of the machine, where that is allowed: what else runs here disturbs less. */
function prioritized(): readonly string[] {
  try {
    execFileSync('chrt', ['-r', '10', 'true'], { stdio: 'ignore' });
    return ['chrt', '-r', '10'];
  } catch {
    return [];
  }
}
export const priority = prioritized();

export interface Served {
  readonly pid: number;
  stop(): void;
}

/** Starts the server in a machine. */
export async function serve(machine: Machine, program: string, port: number): Promise<Served> {
  const [first = program, ...rest] = [...priority, program, 'serve', `${port}`];
  const { command, args } = machine.inside(first, rest);
  const child: ChildProcess = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout !== null) await once(child.stdout, 'data');
  return { pid: child.pid ?? 0, stop: () => void child.kill('SIGKILL') };
}

export type Mode = 'connect' | 'ping' | 'bulk';

export interface LoadRun {
  /** Connections, round trips or bytes. */
  readonly done: number;
  readonly seconds: number;
  /** Of the client. */
  readonly cpuSeconds: number;
}

/** Where the client runs. */
export type Client = Pick<Machine, 'inside'>;

/** Runs the client, to its end. */
export async function runClient(
  client: Client,
  program: string,
  run: { readonly mode: Mode; readonly address: string; readonly port: number; readonly amount: number },
): Promise<LoadRun> {
  const target = [run.mode, run.address, `${run.port}`, `${run.amount}`];
  const [first = program, ...rest] = [...priority, program, ...target];
  const { command, args } = client.inside(first, rest);
  const { stdout } = await promisify(execFile)(command, [...args], { timeout: 60_000 });
  return JSON.parse(stdout) as LoadRun;
}

/** Seconds of CPU that all threads of a process have had (proc_pid_schedstat). */
export function cpuSecondsOf(pid: number): number {
  const threads = execFileSync('sh', ['-c', `cat /proc/${pid}/task/*/schedstat`], { encoding: 'utf8' });
  return threads
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + Number(line.split(' ')[0]) / 1e9, 0);
}
