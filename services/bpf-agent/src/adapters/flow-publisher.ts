// Records of the ring buffer → flows on core NATS, at most once. Bounded everywhere: the ring buffer counts what does not fit, a batch
// waits until the one before is out, and no more than `maxPerSecond` go out; what is left out is counted and told with the next message.
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog } from '@sluice/event-log';
import { encodeFlowBatch, type Flow, flowSubject } from '@sluice/events';
import { flowOf } from '../core/flows.ts';
import { type Kernel, KernelError } from '../core/kernel-port.ts';
import { event } from '../core/layout/values.ts';
import { decodeRows } from '../core/struct-codec.ts';
import type { FlowCounts } from '../metrics.ts';

export interface FlowPublisherOptions {
  readonly log: Pick<EventLog, 'notify' | 'connected'>;
  readonly kernel: Pick<Kernel, 'events' | 'lost'>;
  readonly node: string;
  /** Default 20,000: some 4 MB. */
  readonly maxPerSecond?: number;
  /** Told after each batch: how many flows went out and how many did not, and the programs' count of those they lost. */
  readonly counted?: (counts: FlowCounts) => void;
}

/** Flows of one message: some 100 kB. */
const messageFlows = 500;
/** Between two tries after a fault of the kernel. */
const retryMs = 1_000;

/** Unix time in milliseconds at which CLOCK_MONOTONIC was 0. */
const bootMs = (): number => Date.now() - Number(process.hrtime.bigint() / 1_000n) / 1_000;

export class FlowPublisher {
  readonly #options: FlowPublisherOptions;
  readonly #ended = new AbortController();
  #running: Promise<void> | undefined;
  #unsent = 0;
  /** Whole seconds of the process, and what went out in this one. */
  #second = 0;
  #sentInSecond = 0;

  constructor(options: FlowPublisherOptions) {
    this.#options = options;
  }

  /** Begins; the kernel's maps have to be loaded, else it is tried again until they are. */
  start(): void {
    this.#running = this.#run();
  }

  /** Ends once the kernel is closed. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      try {
        for await (const records of this.#options.kernel.events()) await this.#publish(records);
        return;
      } catch (fault) {
        if (!(fault instanceof KernelError)) throw fault;
        await sleep(retryMs, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
  }

  async #publish(records: readonly Uint8Array[]): Promise<void> {
    const { kernel, counted } = this.#options;
    const lost = Number(await kernel.lost());
    const boot = bootMs();
    const flows = records
      .flatMap((record) => decodeRows(event, record))
      .flatMap((one) => flowOf(one, boot) ?? []);
    const room = this.#options.log.connected ? this.#roomFor(flows.length) : 0;
    this.#unsent += flows.length - room;
    for (let from = 0; from < room; from += messageFlows)
      this.#send(flows.slice(from, Math.min(room, from + messageFlows)), lost);
    counted?.({ sent: room, unsent: flows.length - room, lost });
  }

  #send(flows: readonly Flow[], lost: number): void {
    const { log, node } = this.#options;
    log.notify(flowSubject(node), encodeFlowBatch({ node, lost, unsent: this.#unsent, flows: [...flows] }));
  }

  /** How many of `count` may go out in this second. */
  #roomFor(count: number): number {
    const second = Math.floor(performance.now() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#sentInSecond = 0;
    }
    const room = Math.min(count, (this.#options.maxPerSecond ?? 20_000) - this.#sentInSecond);
    this.#sentInSecond += room;
    return room;
  }
}
