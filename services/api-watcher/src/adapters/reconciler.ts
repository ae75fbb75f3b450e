import { SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { type Damage, LogError } from '@sluice/event-log';
import { encodeEvent } from '@sluice/events';
import { canonicalJson } from '@sluice/ir';
import { formatTraceparent, type Logger } from '@sluice/service-kit';
import { nextExpiryMs } from '../core/certificate.ts';
import { Declarations } from '../core/declarations.ts';
import type { Environment, Plan, PlannedFact } from '../core/draft.ts';
import { everyKey, everyPart, kindsSynced } from '../core/first-list.ts';
import { plan } from '../core/plan.ts';
import { concernsAddresses } from '../core/plan-addresses.ts';
import type { Source, SourceUpdate, Unavailable } from '../core/source.ts';
import type { Metrics } from '../metrics.ts';
import type { FactsLog } from './facts-log.ts';
import type { AddressWatch } from './own-addresses.ts';
import { Wakeup } from './wakeup.ts';

export interface ReconcilerOptions {
  readonly source: Source;
  readonly facts: FactsLog;
  readonly environment: Environment;
  readonly addresses: AddressWatch;
  readonly metrics: Metrics;
  readonly tracer: Tracer;
  readonly logger: Logger;
  /** Called once, when the first list is on the log. */
  listed(): void;
}

/** The addresses of this machine are looked at this often, ms. */
const addressesMs = 10_000;

/** Brings the log to what the source declares, one step at a time: changes that come in meanwhile make the next step. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #declarations = new Declarations();
  readonly #wakeup = new Wakeup();
  readonly #keys = new Set<string>();
  readonly #parts = new Set<string>();
  /** All keys and parts are to be looked at. */
  #everything = false;
  #unavailable: ReadonlyMap<string, Unavailable> = new Map();
  #kindsChanged = true;
  #first: SourceUpdate | undefined;
  #noticedMs: number | undefined;
  #damage: Damage | undefined;
  #listed = false;
  /** It is said that addresses have changed. */
  #addressesHinted = false;
  #nextAddressLookMs = 0;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** Runs until the signal aborts. Rejects with whatever only a restart mends, as a `fenced` LogError. */
  async run(signal: AbortSignal): Promise<void> {
    const { source, facts } = this.#options;
    const ends = new AbortController();
    const all = AbortSignal.any([signal, ends.signal]);
    all.addEventListener('abort', () => this.#wakeup.wake());
    this.#options.addresses.onChange?.(() => {
      this.#addressesHinted = true;
      this.#wakeup.wake();
    });
    if (facts.needsMending) await this.#mend('a stream was damaged when it was opened');
    const reading = this.#read(source.updates(all));
    const watching = facts.watch(all, (damage) => {
      this.#damage ??= damage;
      this.#wakeup.wake();
    });
    try {
      await Promise.race([
        this.#write(all),
        reading.then(() => new Promise<never>(() => {})),
        watching.then(() => new Promise<never>(() => {})),
      ]);
    } finally {
      ends.abort();
      await Promise.allSettled([reading, watching]);
    }
  }

  async #read(updates: AsyncIterable<SourceUpdate>): Promise<void> {
    for await (const update of updates) {
      this.#take(update);
      this.#wakeup.wake();
    }
  }

  #take(update: SourceUpdate): void {
    const unknown = this.#declarations.unknownParts;
    for (const [name, part] of update.parts) {
      for (const key of this.#declarations.setPart(name, part)) this.#keys.add(key);
      this.#parts.add(name);
    }
    this.#noticedMs ??= update.noticedMs;
    if (update.isPiece === true) return;
    const nowRead = this.#takeUnavailable(update.unavailable);
    if (this.#listed || this.#first !== undefined) {
      if (nowRead || unknown > this.#declarations.unknownParts) this.#everything = true;
      return;
    }
    this.#first = update;
    this.#everything = true;
  }

  /** @returns whether a kind can be read that could not be: what it does not hold any more shows only now */
  #takeUnavailable(unavailable: ReadonlyMap<string, Unavailable>): boolean {
    const before = this.#unavailable;
    if (canonicalJson([...before]) !== canonicalJson([...unavailable])) this.#kindsChanged = true;
    this.#unavailable = unavailable;
    const unread = new Set([...unavailable].filter(([, { unread }]) => unread).map(([kind]) => kind));
    this.#declarations.setUnreadKinds(unread);
    return before.entries().some(([kind, was]) => was.unread && !unread.has(kind));
  }

  /** Only now: when the first list was complete, pieces of it may still have been on their way to the log. */
  #takeEverything(): void {
    if (!this.#everything) return;
    this.#everything = false;
    const { inForce } = this.#options.facts;
    for (const key of everyKey(this.#declarations, inForce)) this.#keys.add(key);
    for (const part of everyPart(this.#declarations, inForce)) this.#parts.add(part);
  }

  async #write(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#damage !== undefined) await this.#mend(this.#damage.message, this.#damage);
      const ready = this.#first !== undefined || this.#listed || this.#mayBegin;
      if (ready) await this.#stepOrMend();
      const more = ready && (this.#everything || this.#keys.size > 0);
      if (!more && this.#damage === undefined) await this.#wakeup.wait(this.#sleepMs());
    }
  }

  /**
   * Pieces of the first list are written at once where no reader takes them for the whole: a list has never been closed on
   * this log, and whoever reads it waits for that.
   */
  get #mayBegin(): boolean {
    return this.#keys.size > 0 && this.#options.facts.inForce.synced.size === 0;
  }

  async #mend(reason: string, damage?: Damage): Promise<void> {
    this.#damage = undefined;
    await this.#options.facts.mend(reason, damage);
    this.#options.metrics.epochs.inc();
    this.#everything = true;
  }

  #sleepMs(): number {
    const expiry = nextExpiryMs(this.#options.facts.inForce.certificates.values());
    return Math.min(addressesMs, expiry === undefined ? addressesMs : Math.max(1, expiry - Date.now()));
  }

  /** A writer is fenced where somebody else took its lease, and where its stream was lost; only the first is for a restart. */
  async #stepOrMend(): Promise<void> {
    const first = this.#first;
    try {
      await this.#step();
    } catch (error) {
      const fenced = error instanceof LogError && error.code === 'fenced';
      if (!fenced || !(await this.#options.facts.lost())) throw error;
      this.#first ??= first;
      this.#kindsChanged = true;
      await this.#mend('the stream was lost');
    }
  }

  async #step(): Promise<void> {
    const { facts, environment } = this.#options;
    const first = this.#first;
    if (first === undefined && !this.#listed) return this.#stepOfPiece();
    this.#takeEverything();
    const noticedMs = this.#noticedMs;
    this.#first = undefined;
    this.#noticedMs = undefined;
    const planned = plan({
      declarations: this.#declarations,
      inForce: facts.inForce,
      keys: new Set(this.#keys),
      parts: new Set(this.#parts),
      addressesChanged: first !== undefined || this.#lookAtAddresses(),
      nowMs: Date.now(),
      environment,
    });
    this.#keys.clear();
    this.#parts.clear();
    const closing = this.#closing();
    await this.#traced({ ...planned, facts: [...planned.facts, ...closing] }, noticedMs);
    if (first === undefined) return;
    this.#listed = true;
    facts.listed();
    this.#options.listed();
  }

  /** Asking the machine takes longer than planning a route, so that a change waits for it only where it may matter. */
  #lookAtAddresses(): boolean {
    const isDue = this.#addressesHinted || this.#keys.size === 0 || Date.now() >= this.#nextAddressLookMs;
    if (!isDue && !this.#keys.values().some(concernsAddresses)) return false;
    this.#addressesHinted = false;
    this.#nextAddressLookMs = Date.now() + addressesMs;
    return this.#options.addresses.refresh();
  }

  async #stepOfPiece(): Promise<void> {
    const { facts, environment } = this.#options;
    const keys = new Set(this.#keys);
    this.#keys.clear();
    const planned = plan({
      declarations: this.#declarations,
      inForce: facts.inForce,
      keys,
      parts: [],
      nowMs: Date.now(),
      environment,
      isPiece: true,
    });
    await this.#traced(planned, this.#noticedMs);
  }

  #closing(): PlannedFact[] {
    if (!this.#kindsChanged) return [];
    this.#kindsChanged = false;
    const { synced } = this.#options.facts.inForce;
    return kindsSynced(this.#unavailable)
      .map((fact) => ({ fact, encoded: encodeEvent(fact) }))
      .filter(
        ({ fact, encoded }) => canonicalJson(synced.get(encoded.subject) ?? null) !== canonicalJson(fact),
      );
  }

  async #traced(planned: Plan, noticedMs: number | undefined): Promise<void> {
    const { tracer, facts, metrics, logger } = this.#options;
    const count = planned.facts.length + planned.seals.length + planned.unseals.length;
    if (count === 0) return;
    const span = tracer.startSpan('source change', {
      startTime: noticedMs ?? Date.now(),
      attributes: { 'sluice.events': count },
    });
    try {
      await facts.write(planned, formatTraceparent(span.spanContext()));
      if (noticedMs !== undefined) metrics.seconds.observe((Date.now() - noticedMs) / 1000);
      logger.debug(
        { facts: planned.facts.length, sealed: planned.seals.length, traceId: span.spanContext().traceId },
        'facts written',
      );
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  }
}
