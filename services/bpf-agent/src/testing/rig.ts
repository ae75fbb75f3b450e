// An agent on an in-memory log, with a kernel of its own and the pods of one node, for tests.
import { createMemoryLog, type MemoryLog } from '@sluice/event-log';
import { type AckEvent, decodeEvent } from '@sluice/events';
import type { IrResource } from '@sluice/ir';
import { createLogger, Health, Registry } from '@sluice/service-kit';
import { until } from '@sluice/testkit';
import {
  type Machine,
  type NodeNetwork,
  networkUnavailable,
  startNodeNetwork,
  type TestNode,
} from '@sluice/testkit/network';
import { Agent } from '../adapters/agent.ts';
import type { AttachPoint } from '../core/kernel-port.ts';
import type { NodeSettings } from '../core/maps/service-rows.ts';
import type { ChildKernel, ChildKernelOptions } from '../kernel/child-kernel.ts';
import { IrWriter } from './ir.ts';
import { missingForKernel, startTestKernel, type TestKernel } from './test-kernel.ts';

/** Why an agent cannot run in a node of its own here; undefined where it can. */
export function missingForNode(): string | undefined {
  return missingForKernel() ?? networkUnavailable();
}

/** Where the kernel's process of an agent runs, and what it attaches to. */
interface Place {
  readonly kernel: Partial<ChildKernelOptions>;
  readonly points: readonly AttachPoint[];
}

/** In the namespaces of the node, whose file systems of eBPF and cgroups are its own. */
function placeInside(node: TestNode): Place {
  const at = { kind: 'interface', name: 'eth0' } as const;
  return {
    kernel: { enter: node.namespace.enter, pinDirectory: '/sys/fs/bpf/agent' },
    points: [
      { kind: 'cgroup', path: '/sys/fs/cgroup' },
      { ...at, direction: 'ingress', program: 'lb_ingress' },
      { ...at, direction: 'egress', program: 'lb_egress' },
    ],
  };
}

export class Rig implements AsyncDisposable {
  readonly log: MemoryLog = createMemoryLog();
  readonly failures: unknown[] = [];
  readonly node: TestNode;
  /** A machine outside of the cluster. */
  readonly outside: Machine;
  health = new Health();
  registry = new Registry();
  readonly #network: NodeNetwork;
  readonly #kernel: TestKernel;
  readonly #writer: IrWriter;
  readonly #place: Place;
  readonly #sizes: ChildKernelOptions['sizes'];
  #running: { readonly agent: Agent; readonly kernel: ChildKernel } | undefined;

  private constructor(of: {
    network: NodeNetwork;
    node: TestNode;
    kernel: TestKernel;
    writer: IrWriter;
    log: MemoryLog;
    place: Place;
    sizes: ChildKernelOptions['sizes'];
  }) {
    this.#network = of.network;
    this.node = of.node;
    this.#kernel = of.kernel;
    this.#writer = of.writer;
    this.log = of.log;
    this.outside = of.network.outside;
    this.#place = of.place;
    this.#sizes = of.sizes;
  }

  /**
   * `atInterface`: packets that come in at the node's interface are looked at too.
   * @param told sizes of maps that the agent believes in; default: those that the kernel gets
   */
  static async start(
    {
      atInterface = false,
      ...options
    }: Partial<ChildKernelOptions> & { readonly atInterface?: boolean } = {},
    told = options.sizes,
  ): Promise<Rig> {
    const log = createMemoryLog();
    const network = await startNodeNetwork();
    const [node] = network.nodes;
    if (node === undefined) throw new Error('a node was asked for');
    const kernel = startTestKernel(options);
    const place = atInterface
      ? placeInside(node)
      : { kernel: {}, points: [{ kind: 'cgroup', path: node.cgroup } as const] };
    return new Rig({ network, node, kernel, writer: await IrWriter.open(log), log, place, sizes: told });
  }

  /** Starts an agent on what earlier ones of this rig left in the kernel. */
  startAgent(options: Partial<ChildKernelOptions> = {}): {
    readonly agent: Agent;
    readonly kernel: ChildKernel;
  } {
    this.health = new Health();
    this.registry = new Registry();
    const kernel = this.#kernel.another({
      ...this.#place.kernel,
      ...{ restartMs: 1, onDeath: () => agent.kernelRestarted() },
      ...options,
    });
    const settings: NodeSettings = {
      ...{ name: 'node-1', zone: 'a', ipv4: this.node.address, ipv6: this.node.address6, tableSize: 251 },
    };
    const agent = new Agent({
      ...{ log: this.log, kernel, node: settings, registry: this.registry, health: this.health },
      points: this.#place.points,
      nodeAddresses: () => [this.node.address, this.node.address6],
      logger: createLogger({
        service: 'bpf-agent',
        version: 'test',
        replica: 'bpf-agent-0',
        level: 'silent',
      }),
      ...(this.#sizes === undefined ? {} : { sizes: this.#sizes }),
      fail: (error) => this.failures.push(error),
      retryMs: 10,
    });
    agent.start();
    this.#running = { agent, kernel };
    return this.#running;
  }

  async stopAgent(): Promise<void> {
    await this.#running?.agent.stop();
    await this.#running?.kernel.close();
    this.#running = undefined;
  }

  /** Writes a revision, and waits until it is in the kernel. */
  async apply(put: readonly IrResource[], removed: readonly IrResource[] = []): Promise<void> {
    const { seq } = await this.#writer.commit(put, removed);
    await until(() => (this.#running?.agent.revision?.seq ?? 0) >= seq, {
      message: `revision ${seq} in the maps`,
    });
  }

  /** Writes a revision. */
  async commit(put: readonly IrResource[], removed: readonly IrResource[] = []): Promise<number> {
    return (await this.#writer.commit(put, removed)).seq;
  }

  /** The newest word of the agent on the log. */
  async told(): Promise<Extract<AckEvent, { type: 'DatapathStateChanged' }> | undefined> {
    return (await this.#acks()).find((event) => event.type === 'DatapathStateChanged');
  }

  /** What it told of the kernel. */
  async described(): Promise<Extract<AckEvent, { type: 'DatapathDescribed' }> | undefined> {
    return (await this.#acks()).find((event) => event.type === 'DatapathDescribed');
  }

  async #acks(): Promise<AckEvent[]> {
    const { events } = await this.log.stateAt('ACKS');
    return [...events.values()].flatMap(({ data }) => {
      const decoded = decodeEvent('ACKS', data);
      return decoded.ok ? [decoded.event] : [];
    });
  }

  /** Values of a metric, by its only label. */
  async figures(name: string): Promise<Readonly<Record<string, number>>> {
    const metric = await this.registry.getSingleMetric(name)?.get();
    return Object.fromEntries(
      (metric?.values ?? []).map(({ labels, value }) => [Object.values(labels).join(' '), value]),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopAgent();
    await this.#kernel.stop();
    await this.#network[Symbol.asyncDispose]();
    await this.log.close();
  }
}
