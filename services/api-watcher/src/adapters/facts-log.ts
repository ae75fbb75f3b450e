import { setTimeout } from 'node:timers/promises';
import {
  type Damage,
  type EventLog,
  LogError,
  type LogWriter,
  type NewEvent,
  onDamageReported,
  type Position,
} from '@sluice/event-log';
import { buildSubject, decodeEvent, encodeEvent, type Fact, type SecretEvent, streams } from '@sluice/events';
import type { ObjectRef } from '@sluice/ir';
import { keyPairOf, type SealingKey, sealKeyPair } from '@sluice/sealed-secret';
import type { Logger } from '@sluice/service-kit';
import type { Plan, PlannedFact, SealOrder } from '../core/draft.ts';
import { InForce } from '../core/in-force.ts';

/** Name of the lease under which api-watcher writes. */
const writerName = 'api-watcher';
const ownStreams = ['FACTS', 'SECRETS'] as const;
type OwnStream = (typeof ownStreams)[number];
/** A stream that is gone is made again within this time, ms. */
const guardMs = 2000;

/** Own streams are looked at for damage this often, ms. */
const watchMs = 1000;
/**
 * More facts than this, written in one go, are looked at this long after the start, ms: reading them holds up those who bring
 * them into force.
 */
const manyFacts = 1000;
const firstLookMs = 10_000;

/** After an epoch start readers get so long to come upon it before a further report counts, ms. */
const quietMs = 5000;

/** What the log needs to know. */
export interface FactsLogOptions {
  readonly log: EventLog;
  readonly key: SealingKey;
  readonly logger: Logger;
  /** Told how many events of a type were written. */
  wrote(type: string, count: number): void;
}

/** The two streams that api-watcher owns, and what is in force on them. One caller at a time. */
export class FactsLog {
  readonly inForce = new InForce();
  readonly #options: FactsLogOptions;
  readonly #listeners = new Set<(fact: Fact) => void>();
  #writers: Record<OwnStream, LogWriter>;
  readonly #damaged: Record<OwnStream, LogError | undefined> = { FACTS: undefined, SECRETS: undefined };
  #mendedMs = 0;
  readonly #incarnations: Partial<Record<OwnStream, string>> = {};
  readonly #positions: Partial<Record<OwnStream, Position>> = {};
  readonly #mayLook = Promise.withResolvers<void>();
  #written = 0;

  private constructor(options: FactsLogOptions, writers: Record<OwnStream, LogWriter>) {
    this.#options = options;
    this.#writers = writers;
  }

  /** Takes the leases and folds both streams. A damaged stream is folded as far as it can be read; `mend` then writes it anew. */
  static async open(options: FactsLogOptions): Promise<FactsLog> {
    const { log } = options;
    const facts = new FactsLog(options, await openWriters(log));
    for (const stream of ownStreams) {
      facts.#incarnations[stream] = (await log.info(stream)).incarnation;
      await facts.#fold(stream);
    }
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

  /** Says that the first list is on the log. */
  listed(): void {
    if (this.#written <= manyFacts) this.#mayLook.resolve();
  }

  /** Calls `told` with each fact once it is on the log and in force. */
  onWritten(told: (fact: Fact) => void): void {
    this.#listeners.add(told);
  }

  /** Appends facts in order; up to 1,000 are one atomic batch. */
  async writeFacts(facts: readonly PlannedFact[], traceparent?: string): Promise<void> {
    if (facts.length === 0) return;
    await this.#writers.FACTS.append(facts.map(({ encoded }) => newEvent(encoded, traceparent)));
    this.#written += facts.length;
    for (const { fact, encoded, read } of facts) {
      if (fact.type === 'ObjectChanged' && read !== undefined)
        read.inForceAs(this.inForce.putObject(read.key, fact, encoded.data));
      else this.inForce.apply(encoded.subject, fact);
      for (const told of this.#listeners) told(fact);
    }
    this.#count(facts.map(({ fact }) => fact.type));
  }

  #count(types: readonly string[]): void {
    for (const [type, { length }] of Map.groupBy(types, (type) => type)) this.#options.wrote(type, length);
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
    for (const event of events) this.inForce.applySecret(event);
    this.#count(events.map(({ type }) => type));
  }

  /**
   * Answers damage: the leases are taken anew, both streams begin anew, and everything in force is written again as it was. Sealed bytes are not
   * kept in memory: they come again with the plan that has to follow.
   * @returns references of Secrets that are to be sealed again
   */
  async mend(reason: string, damage?: Damage): Promise<ObjectRef[]> {
    const { log, logger } = this.#options;
    logger.warn({ reason, damage }, 'writing the log anew');
    await this.close();
    this.#writers = await openWriters(log);
    const facts = this.inForce.facts();
    await this.#writers.SECRETS.startEpoch(reason, damage);
    const sealed = [...this.inForce.sealed.values()].map(({ ref }) => ref);
    this.inForce.sealed.clear();
    await this.#writers.FACTS.startEpoch(reason, damage);
    await this.#writers.FACTS.append(facts.map((fact) => newEvent(encodeEvent(fact))));
    for (const stream of ownStreams) this.#incarnations[stream] = (await log.info(stream)).incarnation;
    this.#mendedMs = Date.now();
    this.#damaged.FACTS = undefined;
    this.#damaged.SECRETS = undefined;
    return sealed;
  }

  /** Whether a stream is another one than the one that was opened: it was lost, and a writer that was fenced has no rival. */
  async lost(): Promise<boolean> {
    const { log } = this.#options;
    for (const stream of ownStreams) {
      const { incarnation } = await log.ensureStream(streams[stream]);
      if (incarnation !== this.#incarnations[stream]) return true;
    }
    return false;
  }

  /**
   * Calls `told` for each damage that is seen on either stream from now on, by this service or by a reader of what it has
   * long read past, until the signal aborts. Makes a stream that is gone again.
   */
  async watch(signal: AbortSignal, told: (damage: Damage) => void): Promise<void> {
    for (const stream of ownStreams) this.#hear(stream, signal, told);
    await Promise.all([
      ...ownStreams.map((stream) => this.#watch(stream, signal, told)),
      this.#guard(signal),
    ]);
  }

  #hear(stream: OwnStream, signal: AbortSignal, told: (damage: Damage) => void): void {
    const { log, logger } = this.#options;
    let busy = false;
    const stop = onDamageReported(log, stream, ({ damage: reported }) => {
      if (busy || Date.now() - this.#mendedMs < quietMs) return;
      busy = true;
      this.#confirmed(reported)
        .then(
          (damage) => damage !== undefined && told(damage),
          (error: unknown) => logger.warn({ stream, err: error }, 'reported damage cannot be looked into'),
        )
        .finally(() => {
          busy = false;
        });
    });
    signal.addEventListener('abort', stop, { once: true });
  }

  /** A reader knows better where a stream went back; all else is there to be seen. */
  async #confirmed(reported: Damage): Promise<Damage | undefined> {
    if (reported.kind === 'sequence-went-back') return reported;
    return (await this.#options.log.verify(reported.stream)).damage[0];
  }

  async #guard(signal: AbortSignal): Promise<void> {
    const { log, logger } = this.#options;
    while (await waited(guardMs, signal))
      for (const stream of ownStreams)
        await log.info(stream).catch(async (error: unknown) => {
          if (!(error instanceof LogError) || error.code !== 'stream-mismatch') return;
          logger.warn({ stream }, 'stream is gone, making it again');
          await log.ensureStream(streams[stream]);
        });
  }

  async #watch(stream: OwnStream, signal: AbortSignal, told: (damage: Damage) => void): Promise<void> {
    await Promise.race([this.#mayLook.promise, waited(firstLookMs, signal)]);
    const from = this.#positions[stream];
    for await (const item of this.#options.log.follow(stream, {
      signal,
      paceMs: watchMs,
      ...(from === undefined ? {} : { from }),
    }))
      if (item.kind === 'damage') told(item.damage);
  }

  /** Whether this is still the one that may write facts. */
  held(): Promise<boolean> {
    return this.#writers.FACTS.held();
  }

  async close(): Promise<void> {
    await this.#writers.FACTS.close();
    await this.#writers.SECRETS.close();
  }
}

async function openWriters(log: EventLog): Promise<Record<OwnStream, LogWriter>> {
  await log.ensureStream(streams.FACTS);
  await log.ensureStream(streams.SECRETS);
  return {
    FACTS: await log.openWriter('FACTS', writerName, { tellsEarly: true }),
    SECRETS: await log.openWriter('SECRETS', writerName),
  };
}

/** Waits; false when the signal aborted. */
async function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  return await setTimeout(ms, true, { signal }).catch(() => false);
}

function newEvent(event: Omit<NewEvent, 'traceparent'>, traceparent?: string): NewEvent {
  return traceparent === undefined ? event : { ...event, traceparent };
}
