// The whole service, without process and environment around it: what main starts and what tests start.
import { setTimeout } from 'node:timers/promises';
import { type EventLog, type NewEvent, Outbox } from '@sluice/event-log';
import {
  type AckEvent,
  type EncodedEvent,
  encodeEvent,
  type Fact,
  formatRevision,
  rejectionSubject,
  streams,
} from '@sluice/events';
import type { SealingKey } from '@sluice/sealed-secret';
import {
  type Health,
  type Logger,
  type Registry,
  registerLag,
  type ServiceContext,
} from '@sluice/service-kit';
import type { ListenerSettings } from '../core/http-connection-manager.ts';
import type { Refusal } from '../core/quarantine.ts';
import type { RouteLayoutName } from '../core/route-layouts.ts';
import { typeUrls, xdsKinds } from '../core/type-urls.ts';
import { createMetrics, type XdsMetrics } from '../metrics.ts';
import { LateWriter } from '../store/late-writer.ts';
import { XdsStore } from '../store/xds-store.ts';
import type { AdsEndpoint, AdsServer } from './ads-endpoint.ts';
import { listenAds } from './ads-server.ts';
import { ChangeTraces } from './change-traces.ts';
import { IrProjection } from './ir-projection.ts';
import { KeyPairs } from './key-pairs.ts';
import { type EnvoyState, XdsHub } from './xds-hub.ts';

export interface XdsServiceOptions {
  readonly log: EventLog;
  /** Name of this replica, unique among all services: it writes to the log under this name. */
  readonly replica: string;
  /** Where Envoys connect. */
  readonly endpoint: AdsEndpoint;
  /** Path of the SQLite file. */
  readonly stateFile: string;
  readonly sealingKey: SealingKey | undefined;
  readonly settings: ListenerSettings;
  readonly layout: RouteLayoutName;
  /** Milliseconds between the last use of a cluster and its removal; see `GateOptions.drainMs`. */
  readonly drainMs: number;
  /** An Envoy that owes an answer for this long is told to be silent, milliseconds. */
  readonly silentMs: number;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly tracer: ServiceContext<unknown>['tracer'];
  readonly health: Health;
  /** Ends the process: a lease is lost, or a follower has failed. */
  readonly fail: (error: unknown) => void;
}

const heartbeatMs = 5_000;
/** How long what waits at the end may take to be written. */
const lastWriteMs = 3_000;

/** A running xds-server. Serves what the state file holds at once, and follows the log from there. */
export class XdsService {
  readonly #options: XdsServiceOptions;
  readonly #store: XdsStore;
  readonly #writer: LateWriter;
  readonly #hub: XdsHub;
  readonly #keyPairs: KeyPairs;
  readonly #projection: IrProjection;
  readonly #acks: Outbox;
  readonly #facts: Outbox;
  readonly #metrics: XdsMetrics;
  readonly #ended = new AbortController();
  /** Resolves once the log can be reached and holds our streams. */
  readonly #begun = Promise.withResolvers<void>();
  readonly #followers: Promise<void>[] = [];
  readonly #traces: ChangeTraces;
  #incarnation = '';
  #server: AdsServer | undefined;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(options: XdsServiceOptions) {
    const { log, logger, replica, fail } = options;
    this.#options = options;
    this.#traces = new ChangeTraces(options.tracer);
    this.#store = new XdsStore(options.stateFile);
    if (this.#store.setAside !== undefined)
      logger.warn({ file: options.stateFile, fault: this.#store.setAside }, 'state file set aside');
    this.#writer = new LateWriter(this.#store, fail);
    const writer = replica;
    const ready = this.#begun.promise;
    this.#acks = new Outbox({ log, ready, stream: 'ACKS', writer, failed: fail });
    this.#facts = new Outbox({ log, ready, stream: 'FACTS', writer, failed: fail });
    this.#keyPairs = new KeyPairs({
      log,
      store: this.#store,
      sealingKey: options.sealingKey,
      logger,
      changed: (certificates) => this.#hub.keyPairsChanged(certificates),
    });
    this.#hub = new XdsHub({
      settings: options.settings,
      layout: options.layout,
      findKeyPair: (certificate) => this.#keyPairs.find(certificate),
      refusals: this.#store.refusals(),
      drainMs: options.drainMs,
      silentMs: options.silentMs,
      now: () => Math.floor(performance.now()),
      events: {
        envoyChanged: (state) => this.#envoyChanged(state),
        refused: (refusal) => this.#refused(refusal),
        cleared: (refusal) => this.#cleared(refusal),
        answered: (kind, accepted, afterMs) => {
          this.#metrics.pushToAckSeconds.observe({ kind }, afterMs / 1000);
          if (!accepted) this.#metrics.refusals.inc({ kind });
        },
        sent: ({ kind, resources, removed }) => {
          this.#metrics.sent.inc({ kind }, resources.length);
          const bytes = resources.reduce((sum, { body }) => sum + body.length, 0);
          this.#metrics.sentBytes.inc({ kind }, bytes);
          this.#metrics.removed.inc({ kind }, removed.length);
        },
        prepared: (outcome) => this.#metrics.early.inc({ outcome }),
      },
    });
    this.#metrics = createMetrics(options.registry, this.#hub, xdsKinds);
    registerLag(options.registry, {
      IR: { newest: async () => (await log.info('IR')).lastSeq, done: () => this.#projection.seq },
    });
    this.#projection = new IrProjection({
      log,
      logger,
      store: this.#store,
      writer: this.#writer,
      events: {
        incarnation: (id) => this.#setIncarnation(id),
        current: () => this.#hub.setCurrent(),
        empty: () => this.#empty(),
        health: (fault) => options.health.set('ir', fault === undefined, fault ?? ''),
        early: (changes) => this.#hub.prepare(changes),
        committed: (changes, revision, traceparents) => {
          this.#keyPairs.wanted(changes);
          this.#traces.committed(revision, traceparents, this.#hub.nodes);
          this.#hub.commit(changes, revision);
          this.#metrics.revision.set(revision.seq);
          options.health.set('revision', true, formatRevision(revision));
        },
      },
    });
  }

  /**
   * Resolves once Envoys can connect: they get what the state file holds, whether the log can be reached or not.
   * @throws SluiceError as `listenAds` does
   */
  async start(): Promise<void> {
    const { replica, logger, health, endpoint } = this.#options;
    health.set('revision', false, 'no revision yet');
    // Keys first: what the IR brings is whole with them.
    this.#keyPairs.restore();
    this.#projection.restore();
    this.#putAck({ type: 'XdsServerStarted', server: replica });
    this.#server = await listenAds(endpoint, this.#hub, logger);
    this.#follow(this.#followLog());
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
    this.#beat();
    const { revision } = this.#hub;
    logger.info({ endpoint, revision: revision && formatRevision(revision) }, 'serving xds');
  }

  async #followLog(): Promise<void> {
    await this.#ensureStreams();
    this.#begun.resolve();
    const { signal } = this.#ended;
    await Promise.all([this.#keyPairs.run(signal), this.#projection.run(signal)]);
  }

  /** Those that it writes: the others are made by who owns them, and it may not. */
  async #ensureStreams(): Promise<void> {
    const { log } = this.#options;
    for (const stream of ['ACKS', 'FACTS'] as const) await log.ensureStream(streams[stream]);
  }

  /** TCP port that Envoys connect to; 0 for a Unix socket, and before the start. */
  get port(): number {
    return this.#server?.port ?? 0;
  }

  /** Ends streams and followers, and writes what waits; without the log that is given up. Envoys keep what they have. */
  async stop(): Promise<void> {
    clearInterval(this.#heartbeat);
    this.#server?.close();
    this.#hub.stop();
    this.#ended.abort();
    this.#traces.stop();
    const patienceMs = this.#options.log.connected ? lastWriteMs : 0;
    await Promise.race([this.#settled(), setTimeout(patienceMs, undefined, { ref: false })]);
    this.#writer.close();
    this.#store.close();
  }

  async #settled(): Promise<void> {
    const outboxes = [this.#acks, this.#facts];
    await Promise.all([...this.#followers, ...outboxes.map((outbox) => outbox.flushed())]);
    await Promise.all(outboxes.map((outbox) => outbox.close()));
  }

  #follow(run: Promise<void>): void {
    this.#followers.push(
      run.catch((error: unknown) => {
        if (!this.#ended.signal.aborted) this.#options.fail(error);
      }),
    );
  }

  #beat(): void {
    this.#hub.checkSilence();
    this.#projection.remind();
    const { log, replica } = this.#options;
    log.notify(`heartbeat.xds-server.${replica}`, new TextEncoder().encode(JSON.stringify({ replica })));
  }

  /** Acknowledgements of a lost stream say nothing about the one that took its place. */
  #setIncarnation(incarnation: string): void {
    // A log that was lost took all streams with it: ours is made again.
    if (this.#incarnation !== '') this.#follow(this.#ensureStreams());
    this.#incarnation = incarnation;
    const revisions = this.#store.acks(incarnation).map((ack) => ack.revision);
    const newest = revisions.sort((a, b) => b.epoch - a.epoch || b.seq - a.seq)[0];
    this.#hub.setFloor(newest);
  }

  /** A new installation without a single object: nothing to serve, and nothing wrong. */
  #empty(): void {
    if (this.#hub.revision !== undefined) return;
    this.#hub.setEmpty();
    this.#options.health.set('revision', true, 'the log holds no revision yet');
  }

  #envoyChanged(state: EnvoyState): void {
    if (this.#ended.signal.aborted) return;
    const { logger, replica } = this.#options;
    logger.debug({ ...state }, 'envoy changed');
    const { node, acked } = state;
    if (acked !== null) this.#writer.saveAck({ node, revision: acked, incarnation: this.#incarnation });
    const traceparent = acked === null ? undefined : this.#traces.traceparentOf(acked);
    if (acked !== null) this.#traces.acknowledged(node, acked);
    if (state.state !== 'connected') this.#traces.gone(node);
    this.#putAck({ type: 'EnvoyStateChanged', server: replica, ...state }, traceparent);
  }

  #putAck(event: AckEvent, traceparent?: string): void {
    this.#acks.put(traced(encodeEvent(event), traceparent));
  }

  #refused(refusal: Refusal): void {
    const { node, kind, name, message, revision, resource } = refusal;
    this.#options.logger.warn(
      { node, kind, resource: name, reason: message.slice(0, 2_000) },
      'resource refused',
    );
    this.#store.saveRefusal(refusal);
    const fact: Fact = {
      type: 'ResourceRejected',
      node,
      typeUrl: typeUrls[kind],
      resource: name,
      sources: [...(resource?.sources ?? [])],
      message: message.slice(0, 8_000),
      revision,
    };
    this.#facts.put(traced(encodeEvent(fact), this.#traces.traceparentOf(revision)));
  }

  #cleared({ node, kind, name }: Refusal): void {
    this.#options.logger.info({ node, kind, resource: name }, 'refusal cleared');
    this.#store.deleteRefusal({ node, kind, name });
    const subject = rejectionSubject({ typeUrl: typeUrls[kind], node, resource: name });
    this.#facts.put(encodeEvent({ type: 'RejectionCleared' }, subject));
  }
}

function traced(event: EncodedEvent, traceparent: string | undefined): NewEvent {
  return traceparent === undefined ? event : { ...event, traceparent };
}
