// An agent on an in-memory log, with a kernel of its own and the pods of one node, for tests.
import { createMemoryLog, type MemoryLog } from '@sluice/event-log';
import { type AckEvent, decodeEvent } from '@sluice/events';
import type { IrResource } from '@sluice/ir';
import { createLogger, Health, Registry } from '@sluice/service-kit';
import { until } from '@sluice/testkit';
import {
  type NodeNetwork,
  networkUnavailable,
  startNodeNetwork,
  type TestNode,
} from '@sluice/testkit/network';
import { Agent } from '../adapters/agent.ts';
import type { NodeSettings } from '../core/maps/service-rows.ts';
import type { ChildKernel, ChildKernelOptions } from '../kernel/child-kernel.ts';
import { IrWriter } from './ir.ts';
import { missingForKernel, startTestKernel, type TestKernel } from './test-kernel.ts';

/** Why an agent cannot run in a node of its own here; undefined where it can. */
export function missingForNode(): string | undefined {
  return missingForKernel() ?? networkUnavailable();
}

export class Rig implements AsyncDisposable {
  readonly log: MemoryLog = createMemoryLog();
  readonly failures: unknown[] = [];
  readonly node: TestNode;
  health = new Health();
  registry = new Registry();
  readonly #network: NodeNetwork;
  readonly #kernel: TestKernel;
  readonly #writer: IrWriter;
  #running: { readonly agent: Agent; readonly kernel: ChildKernel } | undefined;

  private constructor(of: {
    network: NodeNetwork;
    node: TestNode;
    kernel: TestKernel;
    writer: IrWriter;
    log: MemoryLog;
  }) {
    this.#network = of.network;
    this.node = of.node;
    this.#kernel = of.kernel;
    this.#writer = of.writer;
    this.log = of.log;
  }

  static async start(options: Partial<ChildKernelOptions> = {}): Promise<Rig> {
    const log = createMemoryLog();
    const network = await startNodeNetwork();
    const [node] = network.nodes;
    if (node === undefined) throw new Error('a node was asked for');
    const kernel = startTestKernel(options);
    return new Rig({ network, node, kernel, writer: await IrWriter.open(log), log });
  }

  /** Starts an agent on what earlier ones of this rig left in the kernel. */
  startAgent(options: Partial<ChildKernelOptions> = {}): {
    readonly agent: Agent;
    readonly kernel: ChildKernel;
  } {
    this.health = new Health();
    this.registry = new Registry();
    const kernel = this.#kernel.another({
      ...{ restartMs: 1, onDeath: () => agent.kernelRestarted() },
      ...options,
    });
    const settings: NodeSettings = {
      ...{ name: 'node-1', zone: 'a', ipv4: this.node.address, ipv6: this.node.address6, tableSize: 251 },
    };
    const agent = new Agent({
      ...{ log: this.log, kernel, node: settings, registry: this.registry, health: this.health },
      points: [{ kind: 'cgroup', path: this.node.cgroup }],
      nodeAddresses: () => [this.node.address, this.node.address6],
      logger: createLogger({
        service: 'bpf-agent',
        version: 'test',
        replica: 'bpf-agent-0',
        level: 'silent',
      }),
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
