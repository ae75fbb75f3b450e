import { setImmediate } from 'node:timers/promises';
import {
  type DamageNotice,
  type EventLog,
  LogError,
  type LogWriter,
  type NewEvent,
  type Position,
} from '@sluice/event-log';
import {
  type AnyEvent,
  decodeEvent,
  type EncodedEvent,
  encodeEvent,
  encodeResourcePut,
  type Fact,
  type IrEvent,
  type Revision,
  type StatusEvent,
} from '@sluice/events';
import { type IrId, irHash, irIdOf, type ObjectRef } from '@sluice/ir';
import type { Logger } from '@sluice/service-kit';
import {
  type IrLedger,
  type IrOutput,
  type LedgerEntry,
  refKey,
  type StatusChanges,
  type StatusOutput,
  statusHash,
  withTransitionTimes,
} from '../core/index.ts';
import { StatusTimes } from './status-times.ts';

/** Name of the translator's leases. */
const writerName = 'translator';

/** So many statuses are made at a time; the server stores them while the next ones are made. */
const statusPiece = 1_000;

/** What the publisher works with. */
export interface PublisherDeps {
  readonly log: EventLog;
  readonly logger: Logger;
  /** Version of the translator. */
  readonly version: string;
}

/** Writes what the translator gives: IR in revisions, statuses, judgements. Holds the leases of IR and STATUS. */
export class Publisher {
  readonly #deps: PublisherDeps;
  readonly #times = new StatusTimes();
  #ir: LogWriter;
  readonly #status: LogWriter;
  #facts: LogWriter | undefined;

  private constructor(deps: PublisherDeps, writers: { ir: LogWriter; status: LogWriter }) {
    this.#deps = deps;
    this.#ir = writers.ir;
    this.#status = writers.status;
  }

  /** Takes the leases; from then on an older translator can write nothing. */
  static async open(deps: PublisherDeps): Promise<Publisher> {
    const { log } = deps;
    const ir = await log.openWriter('IR', writerName, { tellsEarly: true });
    const status = await log.openWriter('STATUS', writerName);
    return new Publisher(deps, { ir, status });
  }

  /** Incarnation of the IR's writer: the first part of every revision. */
  get epoch(): number {
    return this.#ir.epoch;
  }

  /** Writer of the IR, for checkpoints. */
  get irWriter(): LogWriter {
    return this.#ir;
  }

  /** Begins a new epoch of revisions, so that they stay in order although the facts' sequence may have gone back. */
  async renewEpoch(): Promise<void> {
    await this.#ir.close();
    this.#ir = await this.#deps.log.openWriter('IR', writerName, { tellsEarly: true });
  }

  /** Voids what stands on the log of the IR; this publisher can write no more of it. */
  async beginIrAnew({ damage, aboveEpoch }: DamageNotice): Promise<void> {
    const writer = await this.#deps.log.openWriter('IR', writerName, { aboveEpoch });
    await writer.startEpoch('damaged', damage);
    await writer.close();
  }

  /** What stands on the log of the IR. A damaged stream is begun anew, and counts as empty. */
  async committedIr(): Promise<{ ledger: IrLedger; position: Position | undefined }> {
    const ledger = new Map<IrId, LedgerEntry>();
    const position = await this.#fold('IR', this.#ir, (event) => {
      const decoded = decodeEvent('IR', event.data);
      if (!decoded.ok || decoded.event.type !== 'ResourcePut') return;
      const { resource, revision } = decoded.event;
      ledger.set(irIdOf(resource), { hash: irHash(resource), revision });
    });
    return { ledger, position };
  }

  /** What stands on the log of statuses: hashes by `refKey`. */
  async committedStatus(): Promise<ReadonlyMap<string, string>> {
    const hashes = new Map<string, string>();
    this.#times.clear();
    await this.#fold('STATUS', this.#status, (event) => {
      const decoded = decodeEvent('STATUS', event.data);
      if (!decoded.ok || decoded.event.type !== 'StatusChanged') return;
      const key = refKey(decoded.event.ref);
      this.#times.set(key, decoded.event.status);
      hashes.set(key, statusHash(decoded.event));
    });
    return hashes;
  }

  async #fold(
    stream: 'IR' | 'STATUS',
    writer: LogWriter,
    take: (event: NewEvent) => void,
  ): Promise<Position | undefined> {
    const { log, logger } = this.#deps;
    try {
      const state = await log.stateAt(stream);
      for (const event of state.events.values()) take(event);
      return state.position;
    } catch (error) {
      if (!(error instanceof LogError) || error.code !== 'damaged') throw error;
      logger.error({ stream, err: error }, 'derived stream is damaged, writing it anew');
      await writer.startEpoch('damaged');
      return undefined;
    }
  }

  /** Writes one revision; readers see all of it or nothing. Nothing is written where nothing changed. */
  async writeIr(
    output: IrOutput,
    of: { revision: Revision; traceparent: string | undefined },
  ): Promise<void> {
    const { puts, texts, removes } = output.ir;
    if (puts.length + removes.length === 0) return;
    const { revision, traceparent } = of;
    const gone = removes.map((id): IrEvent => ({ type: 'ResourceRemoved', revision, ...id }));
    const events = [
      ...puts.map((resource, i) =>
        traced(encodeResourcePut({ revision, resource, text: texts[i] ?? '' }), traceparent),
      ),
      ...gone.map((event) => newEvent(event, traceparent)),
    ];
    const closing: IrEvent = {
      type: 'RevisionCommitted',
      revision,
      translator: this.#deps.version,
      changes: events.length,
      stateHash: output.stateHash,
    };
    await this.#ir.transact(events, newEvent(closing, traceparent));
  }

  /** Writes statuses; `timeMs` is the time of those conditions whose status changed. */
  async writeStatus(
    { puts, removes }: StatusChanges,
    of: { timeMs: number; traceparent: string | undefined },
  ): Promise<void> {
    const time = rfc3339(of.timeMs);
    const appends: Promise<unknown>[] = [];
    const append = (events: readonly StatusEvent[]): void => {
      appends.push(this.#status.append(events.map((event) => newEvent(event, of.traceparent))));
    };
    for (let from = 0; from < puts.length; from += statusPiece) {
      if (from > 0) await Promise.race([...appends.slice(-1), setImmediate()]);
      append(puts.slice(from, from + statusPiece).map((put) => this.#timed(put, time)));
    }
    if (removes.length > 0) append(removes.map((ref) => this.#removed(ref)));
    await Promise.all(appends);
  }

  #timed({ ref, uid, status }: StatusOutput, time: string): StatusEvent {
    const key = refKey(ref);
    const timed = withTransitionTimes(status, this.#times.get(key), time) as Record<string, unknown>;
    this.#times.set(key, timed);
    return { type: 'StatusChanged', ref, uid, status: timed };
  }

  #removed(ref: ObjectRef): StatusEvent {
    this.#times.delete(refKey(ref));
    return { type: 'StatusRemoved', ref };
  }

  /** Appends facts of our own: judgements. */
  async writeFacts(facts: readonly Fact[]): Promise<void> {
    if (facts.length === 0) return;
    const writer = await this.factsWriter();
    await writer.append(facts.map((fact) => newEvent(fact, undefined)));
  }

  /** Writer of FACTS, for judgements and checkpoints; opened on first use. */
  async factsWriter(): Promise<LogWriter> {
    this.#facts ??= await this.#deps.log.openWriter('FACTS', writerName);
    return this.#facts;
  }
}

function newEvent(event: AnyEvent, traceparent: string | undefined): NewEvent {
  return traced(encodeEvent(event), traceparent);
}

function traced(encoded: EncodedEvent, traceparent: string | undefined): NewEvent {
  return traceparent === undefined ? encoded : { ...encoded, traceparent };
}

/** RFC 3339 in whole seconds, as metav1.Time is written. */
function rfc3339(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}
