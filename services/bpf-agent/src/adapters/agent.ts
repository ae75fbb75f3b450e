// The whole agent, without process and environment around it: what main starts and what tests start.
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog } from '@sluice/event-log';
import { type Flow, formatRevision, type Revision, streams } from '@sluice/events';
import { type Health, type Logger, type Registry, registerLag, version } from '@sluice/service-kit';
import { type AttachPoint, type Kernel, KernelError, type MapName } from '../core/kernel-port.ts';
import { DesiredMaps, type MapsChange } from '../core/maps/desired-maps.ts';
import { limitsOf, type RowCounts } from '../core/maps/room.ts';
import type { NodeSettings } from '../core/maps/service-rows.ts';
import { stepsOf } from '../core/maps/steps.ts';
import { createMetrics, type Metrics } from '../metrics.ts';
import { Acknowledgements } from './acknowledgements.ts';
import { faultText, leftOutText } from './fault-text.ts';
import { IrFollower, type RevisionBatch } from './ir-follower.ts';
import { Questions } from './questions.ts';
import { type NodeFacts, Reconciler } from './reconciler.ts';

export interface AgentOptions {
  readonly log: EventLog;
  readonly kernel: Kernel;
  readonly points: readonly AttachPoint[];
  /** What the programs tell; who reads it is another's business. Default: nothing. */
  readonly flows?: readonly Flow['type'][];
  readonly node: NodeSettings;
  /** The node's own addresses, asked anew now and then. */
  readonly nodeAddresses: () => readonly string[];
  /** Indexes of the node's interfaces whose other end is in a pod, asked anew now and then; default: none is known. */
  readonly podInterfaces?: () => readonly number[];
  readonly logger: Logger;
  readonly registry: Registry;
  readonly health: Health;
  /** Ends the process: a follower has failed, or another agent of this node has taken over. */
  readonly fail: (error: unknown) => void;
  /** The most entries of maps, where the kernel was given others than bpf/lb_consts.h has. */
  readonly sizes?: Readonly<Partial<Record<MapName, number>>>;
  /** Between two tries after a fault of the kernel, milliseconds, the first; default 1,000. It doubles up to a minute. */
  readonly retryMs?: number;
}

const longestRetryMs = 60_000;
/** Between two looks at the node's addresses. */
const lookMs = 10_000;

export class Agent {
  readonly #options: AgentOptions;
  readonly #reconciler: Reconciler;
  readonly #metrics: Metrics;
  readonly #follower: IrFollower;
  readonly #acks: Acknowledgements;
  readonly #questions: Questions;
  readonly #begun = Promise.withResolvers<void>();
  readonly #ended = new AbortController();
  readonly #limits: RowCounts;
  #desired: DesiredMaps;
  /** Whether the maps hold what was desired after the last batch. */
  #inStep = false;
  #caughtUp = false;
  /** The newest that was read, and the newest that is in the maps. */
  #revision: Revision | undefined;
  #written: Revision | undefined;
  /** Writes follow each other. */
  #work: Promise<void> = Promise.resolve();
  #running: Promise<void> | undefined;
  #retry: AbortController | undefined;
  #look: NodeJS.Timeout | undefined;
  #facts = '';

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#limits = limitsOf(options.sizes);
    this.#desired = new DesiredMaps(options.node, this.#limits);
    this.#metrics = createMetrics(options.registry, {
      counts: () => this.#desired.counts,
      leftOut: () => this.#desired.leftOut.size,
    });
    this.#reconciler = new Reconciler({
      kernel: options.kernel,
      points: options.points,
      flows: options.flows ?? [],
      described: (description) => this.#acks.described(description),
      wrote: (kind, rows) => this.#metrics.rows.inc({ step: kind }, rows),
    });
    this.#follower = new IrFollower({
      log: options.log,
      logger: options.logger,
      signal: this.#ended.signal,
      take: (batch) => this.#take(batch),
      health: (fault) => options.health.set('ir', fault === undefined, fault ?? ''),
      differs: () => this.#metrics.differences.inc(),
    });
    const { log, kernel, node, fail } = options;
    this.#acks = new Acknowledgements({ log, node, version, ready: this.#begun.promise, failed: fail });
    this.#questions = new Questions({ log, kernel, node: node.name, revision: () => this.revision });
    registerLag(options.registry, {
      IR: {
        newest: async () => (await options.log.info('IR')).lastSeq,
        done: () => this.#follower.seq,
      },
    });
  }

  /** The newest revision that is in the kernel's maps. */
  get revision(): Revision | undefined {
    return this.#inStep ? this.#written : undefined;
  }

  /** Begins to follow. Programs of an earlier agent go on meanwhile, with the maps as it left them. */
  start(): void {
    const { log, fail, health } = this.#options;
    health.set('maps', false, 'not written yet');
    this.#running = (async () => {
      // The IR is made by the translator, and may be by nobody else.
      await log.ensureStream(streams.ACKS);
      this.#begun.resolve();
      await this.#follower.run();
    })().catch((error: unknown) => {
      if (!this.#ended.signal.aborted) fail(error);
    });
    this.#acks.start();
    this.#questions.start();
    this.#look = setInterval(() => void this.#queue(() => this.#lookAtNode()), lookMs);
  }

  /** Ends following. Programs and maps stay as they are. */
  async stop(): Promise<void> {
    clearInterval(this.#look);
    this.#ended.abort();
    this.#retry?.abort();
    await this.#running;
    await this.#work;
    await this.#questions.stop();
    await this.#acks.stop();
  }

  /** The kernel's process was replaced: what it was about to write may be missing. */
  kernelRestarted(): void {
    this.#inStep = false;
    void this.#queue(() => this.#resync());
  }

  async #take({ reset, changes, revision, caughtUp }: RevisionBatch): Promise<void> {
    if (reset) {
      this.#desired = new DesiredMaps(this.#options.node, this.#limits);
      this.#inStep = false;
    }
    const change = this.#desired.apply(changes);
    this.#revision = revision ?? this.#revision;
    this.#caughtUp ||= caughtUp;
    // Until the log is read to its end the maps keep what they have: half of the Services would be half of them gone.
    if (!this.#caughtUp) return;
    await this.#queue(() => (this.#inStep ? this.#write(change) : this.#resync()));
  }

  #queue(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(async () => {
      if (this.#ended.signal.aborted) return;
      try {
        await work();
        this.#tellHealth();
      } catch (error) {
        this.#failed(error);
      }
    });
    return this.#work;
  }

  #tellHealth(): void {
    const shown = this.#revision === undefined ? 'no revision yet' : formatRevision(this.#revision);
    const { health } = this.#options;
    const { leftOut } = this.#desired;
    if (leftOut.size === 0) health.set('maps', true, shown);
    else health.degrade('maps', `${shown}; ${leftOutText(leftOut)}`);
  }

  async #write(change: MapsChange): Promise<void> {
    await this.#reconciler.write(stepsOf(change));
    this.#done();
  }

  async #resync(): Promise<void> {
    if (!this.#caughtUp) return;
    await this.#reconciler.resync(this.#desired, this.#nodeFacts());
    this.#metrics.resyncs.inc();
    this.#inStep = true;
    this.#done();
  }

  #done(): void {
    const revision = this.#revision;
    this.#written = revision;
    if (revision === undefined) return;
    this.#written = revision;
    this.#metrics.revision.set(revision.seq);
    this.#acks.written(revision, this.#desired.hash, this.#desired.leftOut);
  }

  async #lookAtNode(): Promise<void> {
    const facts = this.#nodeFacts();
    const text = [...facts.addresses, ...facts.peers].sort().join(' ');
    if (!this.#inStep || text === this.#facts) return;
    await this.#reconciler.writeNode(facts);
    this.#facts = text;
  }

  #nodeFacts(): NodeFacts {
    const { node, nodeAddresses, podInterfaces = () => [] } = this.#options;
    return { ...node, addresses: nodeAddresses(), peers: podInterfaces() };
  }

  /** What is in the maps goes on; all of it is looked at again after a while. */
  #failed(error: unknown): void {
    const { logger, health, fail } = this.#options;
    if (!(error instanceof KernelError)) {
      fail(error);
      return;
    }
    const reason = faultText(error);
    this.#inStep = false;
    this.#metrics.faults.inc({ kind: error.fault.kind });
    logger.error(
      { fault: error.fault.kind, reason },
      'maps cannot be written, what is in them stays in force',
    );
    health.set('maps', false, reason);
    this.#acks.faulty(reason);
    void this.#retryLater();
  }

  async #retryLater(): Promise<void> {
    if (this.#retry !== undefined) return;
    this.#retry = new AbortController();
    const { signal } = this.#retry;
    let waitMs = this.#options.retryMs ?? 1_000;
    while (!this.#inStep && !signal.aborted) {
      await sleep(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
      waitMs = Math.min(longestRetryMs, 2 * waitMs);
      if (!signal.aborted && !this.#inStep) await this.#queue(() => this.#resync());
    }
    this.#retry = undefined;
  }
}
