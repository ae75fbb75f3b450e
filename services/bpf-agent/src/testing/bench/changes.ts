// How fast the maps follow: rows written in one go, and the time from an event on the log to the kernel's map beside many Services.
import { connectEventLog } from '@sluice/event-log';
import { createLogger, Health, Registry } from '@sluice/service-kit';
import { startNats, until } from '@sluice/testkit';
import { Agent } from '../../adapters/agent.ts';
import type { Kernel } from '../../core/kernel-port.ts';
import type { ChildKernel } from '../../kernel/child-kernel.ts';
import { endpoints, IrWriter, service } from '../ir.ts';
import { startTestKernel } from '../test-kernel.ts';
import { ownBackend, putServices, serviceAddress } from './many-services.ts';

/** Rows a second through the child process, the best of all rounds. */
export interface UpdateFigures {
  readonly rows: number;
  readonly written: number;
  readonly read: number;
  readonly removed: number;
}

/** @param kernel loaded, with empty maps */
export async function measureUpdates(
  kernel: Kernel,
  services: number,
  rounds: number,
): Promise<UpdateFigures> {
  const best = { written: 0, read: 0, removed: 0 };
  const rows = 2 * services;
  await putServices(kernel, services, ownBackend);
  for (let round = 0; round < rounds; round += 1) {
    const dumped = performance.now();
    const all = await kernel.dump('lb_frontends');
    const removing = performance.now();
    await kernel.remove('lb_frontends', all);
    const writing = performance.now();
    await kernel.update('lb_frontends', all);
    const done = performance.now();
    best.read = Math.max(best.read, (1_000 * rows) / (removing - dumped));
    best.removed = Math.max(best.removed, (1_000 * rows) / (writing - removing));
    best.written = Math.max(best.written, (1_000 * rows) / (done - writing));
  }
  return { rows, ...best };
}

/** Milliseconds from the call that writes a revision to the log until its frontend is in the map. */
export interface DelayFigures {
  readonly services: number;
  readonly changes: number;
  readonly median: number;
  readonly worst: number;
  /** From the agent's start until all Services are in the maps; programs are loaded in between. */
  readonly firstMs: number;
}

/** The kernel, telling whenever frontends were written. */
function watched(kernel: ChildKernel, onFrontends: () => void): Kernel {
  const update: Kernel['update'] = async (map, rows) => {
    await kernel.update(map, rows);
    if (map === 'lb_frontends') onFrontends();
  };
  return new Proxy<Kernel>(kernel, {
    get: (_, name) => {
      if (name === 'update') return update;
      const found: unknown = Reflect.get(kernel, name);
      return typeof found === 'function' ? found.bind(kernel) : found;
    },
  });
}

/** One Service with one endpoint. */
const oneService = (index: number) => {
  const name = `s${index}`;
  return [service(name, [{ address: serviceAddress(index) }]), endpoints(name, ['10.244.1.2'])];
};

export async function measureDelay(services: number, changes: number): Promise<DelayFigures> {
  await using stack = new AsyncDisposableStack();
  const nats = stack.use(await startNats());
  const log = await connectEventLog({ url: nats.url, name: 'bench' });
  stack.defer(() => log.close());
  const running = startTestKernel();
  stack.defer(running.stop);
  const writer = await IrWriter.open(log);
  let frontendWritten = () => {};
  const agent = new Agent({
    ...{ log, registry: new Registry(), health: new Health() },
    kernel: watched(running.kernel, () => frontendWritten()),
    node: { name: 'node-1', zone: '', ipv4: '172.31.0.1', ipv6: '', tableSize: 251 },
    points: [{ kind: 'cgroup', path: running.cgroup }],
    nodeAddresses: () => ['172.31.0.1'],
    logger: createLogger({
      ...{ service: 'bpf-agent', version: 'bench', replica: 'bpf-agent-0', level: 'silent' },
    }),
    fail: (error) => {
      throw error;
    },
  });
  const all = await writer.commit(Array.from({ length: services }, (_, index) => oneService(index)).flat());
  const begun = performance.now();
  agent.start();
  stack.defer(() => agent.stop());
  await until(() => agent.revision?.seq === all.seq, { timeoutMs: 120_000, message: 'all Services' });
  const firstMs = performance.now() - begun;
  const found: number[] = [];
  for (let index = 0; index < changes; index += 1) {
    const started = performance.now();
    const done = new Promise<void>((resolve) => {
      frontendWritten = resolve;
    });
    const { seq } = await writer.commit(oneService(services + index));
    await done;
    found.push(performance.now() - started);
    await until(() => agent.revision?.seq === seq, { intervalMs: 1 });
  }
  found.sort((a, b) => a - b);
  const median = found[Math.floor((found.length - 1) / 2)] ?? 0;
  return { services, changes, median, worst: found.at(-1) ?? 0, firstMs };
}
