import {
  type Damage,
  type EventLog,
  LogError,
  type LogWriter,
  type NewEvent,
  type Position,
} from '@sluice/event-log';
import { buildSubject, decodeEvent, encodeEvent, type Fact, type SecretEvent, streams } from '@sluice/events';
import type { ObjectRef } from '@sluice/ir';
import { type SealingKey, sealKeyPair } from '@sluice/sealed-secret';
import type { Logger } from '@sluice/service-kit';
import { InForce } from '../core/in-force.ts';
import type { Plan, PlannedFact, SealOrder } from '../core/plan.ts';
import { keyPairOf } from './certificate-inspector.ts';

/** Name of the lease under which api-watcher writes. */
const writerName = 'api-watcher';
type OwnStream = 'FACTS' | 'SECRETS';

/** What the log needs to know. */
export interface FactsLogOptions {
  readonly log: EventLog;
  readonly key: SealingKey;
  readonly logger: Logger;
  /** Told of each event that was written, by type. */
  wrote(type: string): void;
}

/** The two streams that api-watcher owns, and what is in force on them. One caller at a time. */
export class FactsLog {
  readonly inForce = new InForce();
  readonly #options: FactsLogOptions;
  readonly #writers: Record<OwnStream, LogWriter>;
  readonly #damaged: Record<OwnStream, LogError | undefined> = { FACTS: undefined, SECRETS: undefined };
  readonly #positions: Partial<Record<OwnStream, Position>> = {};

  private constructor(options: FactsLogOptions, writers: Record<OwnStream, LogWriter>) {
    this.#options = options;
    this.#writers = writers;
  }

  /** Takes the leases and folds both streams. A damaged stream is folded as far as it can be read; `mend` then writes it anew. */
  static async open(options: FactsLogOptions): Promise<FactsLog> {
    const { log } = options;
    await log.ensureStream(streams.FACTS);
    await log.ensureStream(streams.SECRETS);
    const writers = {
      FACTS: await log.openWriter('FACTS', writerName),
      SECRETS: await log.openWriter('SECRETS', writerName),
    };
    const facts = new FactsLog(options, writers);
    await facts.#fold('FACTS');
    await facts.#fold('SECRETS');
    return facts;
  }

  /** Whether a stream was found damaged when it was opened. */
  get needsMending(): boolean {
    return this.#damaged.FACTS !== undefined || this.#damaged.SECRETS !== undefined;
  }

  async #fold(stream: OwnStream): Promise<void> {
    const { log, logger } = this.#options;
    try {
      const state = await log.stateAt(stream);
      this.#positions[stream] = state.position;
      for (const event of state.events.values()) this.#apply(stream, event);
    } catch (error) {
      if (!(error instanceof LogError) || error.code !== 'damaged') throw error;
      logger.warn({ stream, err: error }, 'stream is damaged');
      this.#damaged[stream] = error;
      for await (const event of log.read(stream)) this.#apply(stream, event);
    }
  }

  #apply(stream: OwnStream, event: NewEvent): void {
    const decoded = decodeEvent(stream, event.data);
    if (!decoded.ok)
      this.#options.logger.warn(
        { stream, subject: event.subject, error: decoded.error },
        'event cannot be decoded',
      );
    else if (stream === 'FACTS') this.inForce.apply(event.subject, decoded.event as Fact);
    else this.inForce.applySecret(decoded.event as SecretEvent);
  }

  /** Writes a plan: sealed bytes first, then the facts, then what is no longer needed of the sealed bytes. */
  async write(plan: Plan, traceparent?: string): Promise<void> {
    await this.#writeSecrets(
      plan.seals.map((order) => this.#sealed(order)),
      traceparent,
    );
    await this.writeFacts(plan.facts, traceparent);
    await this.#writeSecrets(
      plan.unseals.map((ref) => ({ type: 'SecretRemoved', ref })),
      traceparent,
    );
  }

  /** Appends facts in order; up to 1,000 are one atomic batch. */
  async writeFacts(facts: readonly PlannedFact[], traceparent?: string): Promise<void> {
    if (facts.length === 0) return;
    await this.#writers.FACTS.append(facts.map(({ encoded }) => newEvent(encoded, traceparent)));
    for (const { fact, encoded } of facts) {
      this.inForce.apply(encoded.subject, fact);
      this.#options.wrote(fact.type);
    }
  }

  #sealed({ ref, uid, digest, secret }: SealOrder): SecretEvent {
    const subject = buildSubject({ domain: 'secret', ...ref });
    return {
      type: 'SecretSealed',
      ref,
      uid,
      digest,
      ...sealKeyPair({ key: this.#options.key, subject, uid, pair: keyPairOf(secret) }),
    };
  }

  async #writeSecrets(events: readonly SecretEvent[], traceparent: string | undefined): Promise<void> {
    if (events.length === 0) return;
    await this.#writers.SECRETS.append(events.map((event) => newEvent(encodeEvent(event), traceparent)));
    for (const event of events) {
      this.inForce.applySecret(event);
      this.#options.wrote(event.type);
    }
  }

  /**
   * Answers damage: both streams begin anew, and everything in force is written again as it was. Sealed bytes are not
   * kept in memory: they come again with the plan that has to follow.
   * @returns references of Secrets that are to be sealed again
   */
  async mend(reason: string, damage?: Damage): Promise<ObjectRef[]> {
    const { log, logger } = this.#options;
    logger.warn({ reason, damage }, 'writing the log anew');
    await log.ensureStream(streams.FACTS);
    await log.ensureStream(streams.SECRETS);
    const facts = this.inForce.facts();
    await this.#writers.SECRETS.startEpoch(reason, damage);
    const sealed = [...this.inForce.sealed.values()].map(({ ref }) => ref);
    this.inForce.sealed.clear();
    await this.#writers.FACTS.startEpoch(reason, damage);
    await this.#writers.FACTS.append(facts.map((fact) => newEvent(encodeEvent(fact))));
    this.#damaged.FACTS = undefined;
    this.#damaged.SECRETS = undefined;
    return sealed;
  }

  /** Calls `told` for each damage that is seen on either stream from now on, until the signal aborts. */
  async watch(signal: AbortSignal, told: (damage: Damage) => void): Promise<void> {
    await Promise.all((['FACTS', 'SECRETS'] as const).map((stream) => this.#watch(stream, signal, told)));
  }

  async #watch(stream: OwnStream, signal: AbortSignal, told: (damage: Damage) => void): Promise<void> {
    const from = this.#positions[stream];
    for await (const item of this.#options.log.follow(stream, {
      signal,
      ...(from === undefined ? {} : { from }),
    }))
      if (item.kind === 'damage') told(item.damage);
  }

  async close(): Promise<void> {
    await this.#writers.FACTS.close();
    await this.#writers.SECRETS.close();
  }
}

function newEvent(event: Omit<NewEvent, 'traceparent'>, traceparent?: string): NewEvent {
  return traceparent === undefined ? event : { ...event, traceparent };
}
