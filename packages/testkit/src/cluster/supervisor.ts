/**
 * The first process of a cluster's own PID, network and mount namespaces: starts the control plane and carries out orders (`protocol.ts`),
 * one JSON object a line on standard input; answers on standard output. When its input ends, it ends, and the kernel ends with it every
 * process of the cluster, its mounts and its network.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { until } from '../until.ts';
import { Components } from './control-plane.ts';
import { clusterFiles } from './layout.ts';
import { orderSchema, type Report, type Setup, setupSchema } from './protocol.ts';
import { putAll, type StoredObject } from './store.ts';

const report = (line: Report): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function carryOut(components: Components, line: string): Promise<void> {
  const order = orderSchema.parse(JSON.parse(line));
  try {
    if (order.do === 'start') await components.start(order.component);
    else if (order.do === 'signal') await components.signal(order.component, order.signal);
    else if (order.do === 'compact') await components.compact();
    else if (order.do === 'clear-node') await clearNode();
    else await putAll(JSON.parse(readFileSync(order.file, 'utf8')) as StoredObject[]);
    report({ is: 'done', id: order.id });
  } catch (error) {
    report({ is: 'failed', id: order.id, message: messageOf(error) });
  }
}

/** Memory instead of a disk under etcd: each write waits for fsync, which a busy disk makes slow; and nothing of it is left behind. */
function prepareNamespaces({ dir, ownMounts }: Setup): void {
  const { etcd, logs } = clusterFiles(dir);
  mkdirSync(logs);
  mkdirSync(etcd, { mode: 0o700 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=0700', 'tmpfs', etcd]);
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  if (!ownMounts) return;
  execFileSync('mount', ['-t', 'sysfs', 'sysfs', '/sys']);
  execFileSync('mount', ['-t', 'cgroup2', 'cgroup2', '/sys/fs/cgroup']);
  mountPins();
}

const pins = '/sys/fs/bpf';
const mountPins = (): void => void execFileSync('mount', ['-t', 'bpf', 'bpf', pins]);

/** Containers hold mounts of their own, and with them what is pinned. */
async function clearNode(): Promise<void> {
  const own = readlinkSync('/proc/self/ns/mnt');
  await until(() => !killAll((pid) => readlinkSync(`/proc/${pid}/ns/mnt`) !== own), {
    timeoutMs: 60_000,
    message: 'the processes of Pods to end',
  });
  execFileSync('umount', [pins]);
  mountPins();
}

/** Whether there was a process to be killed. */
function killAll(isMeant: (pid: number) => boolean): boolean {
  let found = false;
  for (const pid of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
    try {
      if (!isMeant(pid)) continue;
      process.kill(pid, 'SIGKILL');
      found = true;
    } catch {
      // It has just ended.
    }
  }
  return found;
}

report({ is: 'born' });
let components: Components | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  if (components !== undefined) {
    void carryOut(components, line);
    continue;
  }
  const setup = setupSchema.parse(JSON.parse(line));
  prepareNamespaces(setup);
  components = new Components(setup, (message) => report({ is: 'failed', message }));
}
process.exit(0);
