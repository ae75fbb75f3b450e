import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerLog } from './container-log.ts';

/** A mount of a container. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly writable: boolean;
}

/** What runs as one container. */
export interface ContainerProcessOptions {
  readonly command: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  readonly mounts: readonly Mount[];
  readonly uid: number;
  readonly gid: number;
  /** For `--bounding-set` of setpriv(1). */
  readonly capabilities: string;
  readonly readOnlyRoot: boolean;
  /** Arguments of nsenter that lead into the Pod's network; empty for the node's. */
  readonly enter: readonly string[];
  readonly hostname: string;
  /** An empty directory that becomes the root, seen by the container alone. */
  readonly root: string;
  readonly log: ContainerLog;
}

/** How a container ended, as `lastState.terminated` tells it: 128 + n for signal n. */
export interface ContainerExit {
  readonly exitCode: number;
  readonly finishedAt: Date;
}

/** A running container. */
export interface ContainerProcess {
  readonly startedAt: Date;
  readonly exited: Promise<ContainerExit>;
  /** SIGTERM, then SIGKILL after the grace time; resolves when it is gone. */
  stop(graceMs: number): Promise<void>;
  /** Runs a command in its namespaces (exec probes and hooks) and tells whether it ended with 0. */
  exec(command: readonly string[], timeoutMs: number): Promise<boolean>;
}

const script = join(import.meta.dirname, 'enter-container.sh');
const signals: Readonly<Record<string, number>> = {
  SIGKILL: 9,
  SIGTERM: 15,
  SIGSEGV: 11,
  SIGABRT: 6,
  SIGINT: 2,
};

/** Starts a container in namespaces of its own. Its life hangs on this process. @throws Error where it cannot be started */
export async function startContainer(options: ContainerProcessOptions): Promise<ContainerProcess> {
  const { enter, env, log } = options;
  mkdirSync(options.root, { recursive: true });
  const unshare = ['unshare', '--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child'];
  const network = enter.length === 0 ? [] : ['nsenter', ...enter];
  const args = ['--pdeathsig', 'KILL', ...network, ...unshare, script, ...scriptArgs(options)];
  const stdio = ['ignore', log.descriptor, log.descriptor] as const;
  const child = spawn('setpriv', args, { env: Object.fromEntries(env), stdio: [...stdio] });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const exited = exitOf(child);
  return {
    startedAt: new Date(),
    exited,
    stop: async (graceMs) => {
      signalFirst(child, 'SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited.finally(() => clearTimeout(timer));
    },
    exec: (command, timeoutMs) => execIn(child, { ...options, command }, timeoutMs),
  };
}

function scriptArgs(options: ContainerProcessOptions): string[] {
  const { root, uid, gid, capabilities, readOnlyRoot, mounts, command } = options;
  const sorted = mounts.toSorted((a, b) => a.target.split('/').length - b.target.split('/').length);
  const mounting = sorted.flatMap(({ source, target, writable }) => [writable ? 'rw' : 'ro', source, target]);
  const user = `${uid}:${gid}`;
  return [root, user, capabilities, readOnlyRoot ? 'yes' : 'no', ...mounting, '--', ...command];
}

function exitOf(child: ChildProcess): Promise<ContainerExit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      const exitCode = code ?? 128 + (signals[signal ?? ''] ?? 0);
      resolve({ exitCode, finishedAt: new Date() });
    });
  });
}

/** The first process of the container: the only child of unshare, which itself ignores SIGTERM meanwhile. */
function firstPid(child: ChildProcess): number | undefined {
  try {
    const [pid] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(' ');
    return pid === undefined || pid === '' ? undefined : Number(pid);
  } catch {
    return undefined;
  }
}

function signalFirst(child: ChildProcess, signal: NodeJS.Signals): void {
  const pid = firstPid(child);
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended; `exited` says so.
  }
}

/** PATH is the container's: what enters it is found on the machine's. */
const [nsenter = 'nsenter', chroot = 'chroot'] = ['nsenter', 'chroot'].map((tool) =>
  ['/usr/sbin', '/usr/bin', '/sbin', '/bin'].map((dir) => join(dir, tool)).find((file) => existsSync(file)),
);

type Exec = Pick<ContainerProcessOptions, 'command' | 'env' | 'root' | 'uid' | 'gid'>;

function execIn(
  child: ChildProcess,
  { command, env, root, uid, gid }: Exec,
  timeoutMs: number,
): Promise<boolean> {
  const pid = firstPid(child);
  if (pid === undefined) return Promise.resolve(false);
  const namespaces = [`--target=${pid}`, '--mount', '--pid', '--net', '--ipc', '--uts'];
  const user = [`--userspec=${uid}:${gid}`, '--groups='];
  const run = spawn(nsenter, [...namespaces, chroot, ...user, root, ...command], {
    env: Object.fromEntries(env),
    stdio: 'ignore',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  return new Promise((resolve) => {
    run.once('error', () => resolve(false));
    run.once('exit', (code) => resolve(code === 0));
  });
}
