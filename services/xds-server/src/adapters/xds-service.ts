// The whole service, without process and environment around it: what main starts and what tests start.
import type { EventLog, NewEvent } from '@sluice/event-log';
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
import { XdsStore } from '../store/xds-store.ts';
import { type AdsServer, listenAds } from './ads-server.ts';
import { ChangeTraces } from './change-traces.ts';
import { IrProjection } from './ir-projection.ts';
import { KeyPairs } from './key-pairs.ts';
import { Outbox } from './outbox.ts';
import { type EnvoyState, XdsHub } from './xds-hub.ts';

export interface XdsServiceOptions {
  readonly log: EventLog;
  /** Name of this replica, unique among all services: it writes to the log under this name. */
  readonly replica: string;
  /** Path of the Unix socket. */
  readonly socket: string;
  /** Path of the SQLite file. */
  readonly stateFile: string;
  readonly sealingKey: SealingKey | undefined;
  readonly settings: ListenerSettings;
  readonly layout: RouteLayoutName;
  /** Milliseconds between the last use of a cluster and its removal; see `GateOptions.drainMs`. */
  readonly drainMs: number;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly tracer: ServiceContext<unknown>['tracer'];
  readonly health: Health;
  /** Ends the process: a lease is lost, or a follower has failed. */
  readonly fail: (error: unknown) => void;
}

const heartbeatMs = 5_000;

/** A running xds-server. Serves what the state file holds at once, and follows the log from there. */
export class XdsService {
  readonly #options: XdsServiceOptions;
  readonly #store: XdsStore;
  readonly #hub: XdsHub;
  readonly #keyPairs: KeyPairs;
  readonly #projection: IrProjection;
  readonly #acks: Outbox;
  readonly #facts: Outbox;
  readonly #metrics: XdsMetrics;
  readonly #ended = new AbortController();
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
    const writer = replica;
    this.#acks = new Outbox({ log, stream: 'ACKS', writer, failed: fail });
    this.#facts = new Outbox({ log, stream: 'FACTS', writer, failed: fail });
    this.#keyPairs = new KeyPairs({
      log,
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
      events: {
        incarnation: (id) => this.#setIncarnation(id),
        empty: () => this.#empty(),
        health: (fault) => options.health.set('ir', fault === undefined, fault ?? ''),
        committed: (changes, revision, traceparents) => {
          this.#traces.committed(revision, traceparents, this.#hub.nodes);
          this.#hub.commit(changes, revision);
          this.#metrics.revision.set(revision.seq);
          options.health.set('revision', true, formatRevision(revision));
        },
      },
    });
  }

  /** Resolves once Envoys can connect. @throws SluiceError as `listenAds` does */
  async start(): Promise<void> {
    const { log, replica, logger, health, socket } = this.#options;
    health.set('revision', false, 'no revision yet');
    for (const stream of ['IR', 'SECRETS', 'ACKS', 'FACTS'] as const) await log.ensureStream(streams[stream]);
    this.#putAck({ type: 'XdsServerStarted', server: replica });
    const { signal } = this.#ended;
    this.#follow(this.#keyPairs.run(signal));
    this.#follow(this.#projection.run(signal));
    this.#server = await listenAds(socket, this.#hub, logger);
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
    this.#beat();
    logger.info({ socket }, 'serving xds');
  }

  /** Ends streams and followers, and writes what waits. Envoys keep what they have. */
  async stop(): Promise<void> {
    clearInterval(this.#heartbeat);
    this.#server?.close();
    this.#hub.stop();
    this.#ended.abort();
    await Promise.all(this.#followers);
    this.#traces.stop();
    await Promise.all([this.#acks.flushed(), this.#facts.flushed()]);
    await Promise.all([this.#acks.close(), this.#facts.close()]);
    this.#store.close();
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
    const { log, replica } = this.#options;
    log.notify(`heartbeat.xds-server.${replica}`, new TextEncoder().encode(JSON.stringify({ replica })));
  }

  /** Acknowledgements of a lost stream say nothing about the one that took its place. */
  #setIncarnation(incarnation: string): void {
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
    if (state.acked !== null) this.#store.saveAck(state.node, state.acked, this.#incarnation);
    const traceparent = state.acked === null ? undefined : this.#traces.traceparentOf(state.acked);
    if (state.acked !== null) this.#traces.acknowledged(state.node, state.acked);
    if (state.state !== 'connected') this.#traces.gone(state.node);
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
