import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Order, type Report, reportSchema, type Setup } from './protocol.ts';

/** The supervisor of one cluster, in its own namespaces. */
export interface Supervised {
  /** A process in the cluster's network namespace. */
  readonly pid: number;
  /** Gives it the settings; nothing runs before an order starts it. */
  setUp(setup: Setup): void;
  /** Resolves when it is carried out. @throws Error with the reason */
  order(order: Order): Promise<void>;
  /** Ends every process of the cluster; resolves when they are gone. */
  stop(): Promise<void>;
}

/**
 * Starts the supervisor. Its life hangs on this process in two ways: its input, and a signal that the kernel sends it when this process
 * dies, even by SIGKILL. With it the kernel ends all that is in its PID namespace.
 * @param cgroup directory of cgroup2 that all of the cluster runs in, and sees as the root; default: that of this process
 * @param onDeath hears of a part of the control plane, or of a supervisor, that ended by itself
 * @throws Error where the kernel refuses the namespaces
 */
export async function superviseCluster(
  onDeath: (message: string) => void,
  cgroup?: string,
): Promise<Supervised> {
  const kinds = ['--net', '--mount', '--pid', ...(cgroup === undefined ? [] : ['--cgroup'])];
  const unshare = [...intoCgroup(cgroup), 'unshare', ...kinds, '--fork', '--kill-child', '--mount-proc'];
  const node = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    join(import.meta.dirname, 'supervisor.ts'),
  ];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...unshare, ...node], {
    stdio: ['pipe', 'pipe', 2],
    // Ctrl-C at the terminal is for this process, which then ends the cluster.
    detached: true,
  });
  const exited = once(child, 'exit');
  const orders = new Orders(child, onDeath);
  await Promise.race([
    orders.born,
    exited.then(([code, signal]) =>
      Promise.reject(new Error(`no namespaces for the cluster: unshare ended with ${signal ?? code}`)),
    ),
  ]);
  let stopping = false;
  void exited.then(() => {
    orders.fail('the cluster has ended');
    if (!stopping) onDeath('the supervisor of the cluster ended by itself');
  });
  return {
    pid: child.pid ?? 0,
    setUp: (setup) => orders.write(setup),
    order: (order) => orders.send(order),
    stop: async () => {
      stopping = true;
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Words that put a command into a cgroup. */
export function intoCgroup(cgroup: string | undefined): readonly string[] {
  return cgroup === undefined ? [] : ['sh', '-c', 'echo 0 >"$0/cgroup.procs" && exec "$@"', cgroup];
}

/** Orders on their way, and the answers to them. */
class Orders {
  readonly born: Promise<void>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  readonly #onDeath: (message: string) => void;
  #last = 0;

  constructor(child: ChildProcess, onDeath: (message: string) => void) {
    this.#child = child;
    this.#onDeath = onDeath;
    // A write to a process that has just died: its exit says so.
    child.stdin?.on('error', () => undefined);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.born = promise;
    if (child.stdout === null) throw new TypeError('the supervisor was started without an output');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const report = reportSchema.parse(JSON.parse(line));
      if (report.is === 'born') resolve();
      else this.#settle(report);
    });
  }

  write(message: unknown): void {
    this.#child.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  send(order: Order): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null)
      return Promise.reject(new Error('the cluster has ended'));
    this.#last += 1;
    const answer = Promise.withResolvers<void>();
    this.#waiting.set(this.#last, answer);
    this.write({ id: this.#last, ...order });
    return answer.promise;
  }

  fail(message: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(message));
    this.#waiting.clear();
  }

  #settle(report: Exclude<Report, { is: 'born' }>): void {
    if (report.id === undefined) {
      if (report.is === 'failed') this.#onDeath(report.message);
      return;
    }
    const answer = this.#waiting.get(report.id);
    this.#waiting.delete(report.id);
    if (report.is === 'done') answer?.resolve();
    else answer?.reject(new Error(report.message));
  }
}
