// Follows the IR stream: batches of whole revisions go to the hub and into the store, in one step each.
import {
  type Damage,
  type EventLog,
  type FollowItem,
  followReporting,
  type LogEvent,
  type Position,
  reportDamage,
} from '@sluice/event-log';
import {
  compareRevisions,
  decodeIrEvent,
  formatRevision,
  type Revision,
  resourceBytesOf,
} from '@sluice/events';
import { hashOfBytes, type IrId, type IrResource, IrSum, irHash, irId } from '@sluice/ir';
import type { Logger } from '@sluice/service-kit';
import type { IrChange } from '../core/ir-state.ts';
import type { LateWriter } from '../store/late-writer.ts';
import type { XdsStore } from '../store/xds-store.ts';

type Batch = Extract<FollowItem, { kind: 'batch' }>;

/** What events of the IR say together. */
interface Decoded {
  readonly changes: readonly IrChange[];
  /** Of the resources that are put. */
  readonly hashes: ReadonlyMap<IrId, string>;
  readonly revision: Revision | undefined;
  readonly stateHash: string;
  readonly traceparents: readonly string[];
  readonly fault: string | undefined;
}

/** What the projection tells. */
export interface ProjectionEvents {
  /** Revisions were folded in; `changes` lists the whole difference. `traceparents` are theirs, the newest last. */
  committed(changes: readonly IrChange[], revision: Revision, traceparents: readonly string[]): void;
  /** These changes may come next: the very same list, or not at all. */
  early(changes: readonly IrChange[]): void;
  /** The stream's incarnation is known: what was acknowledged of another one says nothing. */
  incarnation(id: string): void;
  /** The log is read to its end: what is held is the newest that there is. */
  current(): void;
  /** The log is read to its end, and holds no revision yet. */
  empty(): void;
  /** `fault` describes damage or an event that cannot be read; undefined when all is well (again). */
  health(fault: string | undefined): void;
}

export interface ProjectionOptions {
  readonly log: EventLog;
  readonly store: Pick<XdsStore, 'load'>;
  readonly writer: Pick<LateWriter, 'put'>;
  readonly logger: Logger;
  readonly events: ProjectionEvents;
}

export class IrProjection {
  readonly #options: ProjectionOptions;
  /** What is held, to know what a reset takes away, and to check the translator's word on the whole. */
  readonly #sum = new IrSum<IrId>();
  #incarnation = '';
  #rebuilt = false;
  #seq = 0;
  #from: Position | undefined;
  /** The newest revision of this incarnation of the stream that is folded in. */
  #revision: Revision | undefined;
  #stale: Damage | undefined;
  /** A revision that was said early. */
  #said: { readonly hashes: readonly string[]; readonly decoded: Decoded } | undefined;

  constructor(options: ProjectionOptions) {
    this.#options = options;
  }

  /** Sequence up to which the stream is folded in. */
  get seq(): number {
    return this.#seq;
  }

  /** Folds in what the state file holds. */
  restore(): void {
    const { store, events } = this.#options;
    const stored = store.load();
    if (stored === undefined) return;
    this.#from = stored.position;
    for (const { resource } of stored.changes)
      if (resource !== undefined) this.#sum.put(irId(resource.kind, resource.key), irHash(resource));
    this.#seen(stored.position.incarnation);
    this.#revision = stored.revision;
    events.committed(stored.changes, stored.revision, []);
  }

  /** Follows the log from where `restore` has left off until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, events } = this.#options;
    let from = this.#from;
    while (!signal.aborted) {
      const round = AbortSignal.any([signal]);
      let again = false;
      const options = {
        ...(from === undefined ? {} : { from }),
        signal: round,
        aboveEpoch: () => this.#revision?.epoch ?? 0,
        early: (said: readonly LogEvent[]) => this.#hear(said),
      };
      for await (const item of followReporting(log, 'IR', options)) {
        if (item.kind === 'damage') {
          events.health(`${item.damage.kind}: ${item.damage.message}`);
          continue;
        }
        const whole = this.#fold(item);
        this.#seq = item.position.seq;
        if (whole && item.caughtUp) events.current();
        if (whole) continue;
        // What is held does not add up to what the translator says: once, read everything anew.
        from = undefined;
        again = true;
        break;
      }
      if (!again) return;
    }
  }

  /** Decodes a revision that may come next, and tells its changes. */
  #hear(said: readonly LogEvent[]): void {
    if (this.#revision === undefined || this.#stale !== undefined) return;
    const decoded = this.#decode(said);
    if (decoded.fault !== undefined || decoded.revision === undefined) return;
    this.#said = { hashes: said.map(({ hash }) => hash), decoded };
    this.#options.events.early(decoded.changes);
  }

  /** What was said early, if this is it. */
  #take({ reset, events }: Batch): Decoded | undefined {
    const said = this.#said;
    if (events.length === 0) return undefined;
    this.#said = undefined;
    if (said === undefined || reset || events.length !== said.hashes.length) return undefined;
    return events.every(({ hash }, i) => hash === said.hashes[i]) ? said.decoded : undefined;
  }

  /** False where the result is not the state that the translator wrote down, and reading anew may help. */
  #fold(batch: Batch): boolean {
    const { writer, logger, events } = this.#options;
    const decoded = this.#take(batch) ?? this.#decode(batch.events);
    this.#seen(batch.position.incarnation);
    const { revision } = decoded;
    if (this.#isStale(revision)) return true;
    // The state that it builds on was left out.
    if (this.#stale !== undefined && !batch.reset) return false;
    this.#stale = undefined;
    const changes = batch.reset ? [...decoded.changes, ...this.#vanished(decoded.changes)] : decoded.changes;
    if (revision === undefined) {
      if (batch.caughtUp && this.#sum.size === 0) events.empty();
      return true;
    }
    this.#remember(changes, decoded.hashes);
    this.#revision = revision;
    events.committed(changes, revision, decoded.traceparents);
    // Envoy first. Should the process end in between, the file is behind an Envoy that says so when it comes back, and is sent nothing
    // until the log has been read.
    writer.put({ reset: batch.reset, changes, position: batch.position, revision });
    const sound = decoded.stateHash === this.#sum.toString();
    if (sound) {
      this.#rebuilt = false;
      events.health(decoded.fault);
      return true;
    }
    logger.error({ revision }, 'ir differs from what the translator wrote down');
    events.health('the IR differs from what the translator wrote down');
    if (this.#rebuilt) return true;
    this.#rebuilt = true;
    return false;
  }

  /** Tells the owner again that the log ends before what is held; does nothing where it does not. */
  remind(): void {
    if (this.#stale === undefined) return;
    reportDamage(this.#options.log, { damage: this.#stale, aboveEpoch: this.#revision?.epoch ?? 0 });
  }

  /** An older revision than the one that is held: the log was put back. It is left alone until its owner has gone past it. */
  #isStale(revision: Revision | undefined): boolean {
    const held = this.#revision;
    if (held === undefined || (revision !== undefined && compareRevisions(revision, held) >= 0)) return false;
    if (revision === undefined) return this.#stale !== undefined;
    const { logger, events } = this.#options;
    const message = `the log holds revision ${formatRevision(revision)}, and ${formatRevision(held)} was read before`;
    this.#stale = { stream: 'IR', kind: 'sequence-went-back', from: revision.seq, to: held.seq, message };
    logger.error({ revision, held }, 'the log went back, last state stays in force');
    events.health(message);
    this.remind();
    return true;
  }

  #decode(logEvents: readonly LogEvent[]): Decoded {
    const changes = new Map<IrId, IrChange>();
    const hashes = new Map<IrId, string>();
    let revision: Revision | undefined;
    let stateHash = '';
    const traceparents: string[] = [];
    let fault: string | undefined;
    for (const { seq, data, traceparent } of logEvents) {
      const decoded = decodeIrEvent(data);
      if (!decoded.ok) {
        fault = `event ${seq} of IR cannot be read`;
        this.#options.logger.error({ seq, reason: decoded.error }, 'event cannot be read');
        continue;
      }
      const { event } = decoded;
      if (event.type === 'RevisionCommitted') {
        ({ revision, stateHash } = event);
        if (traceparent !== undefined) traceparents.push(traceparent);
      } else if (event.type === 'ResourcePut') {
        const { kind, key } = event.resource;
        const id = irId(kind, key);
        changes.set(id, { kind, key, resource: event.resource, revision: event.revision });
        hashes.set(id, hashIn(data, event.resource));
      } else {
        const { kind, key } = event;
        changes.set(irId(kind, key), { kind, key, revision: event.revision });
      }
    }
    return { changes: [...changes.values()], hashes, revision, stateHash, traceparents, fault };
  }

  /** What is held and not among the puts of a reset. */
  #vanished(puts: readonly IrChange[]): IrChange[] {
    const there = new Set(puts.map((change) => irId(change.kind, change.key)));
    return [...this.#sum.keys()]
      .filter((id) => !there.has(id))
      .map((id) => {
        const at = id.indexOf(':');
        return {
          kind: id.slice(0, at) as IrChange['kind'],
          key: id.slice(at + 1),
          revision: { epoch: 0, seq: 0 },
        };
      });
  }

  /** @param hashes of the resources that are put, by id */
  #remember(changes: readonly IrChange[], hashes: ReadonlyMap<IrId, string>): void {
    for (const { kind, key, resource } of changes) {
      const id = irId(kind, key);
      const hash = resource && hashes.get(id);
      if (hash === undefined) this.#sum.remove(id);
      else this.#sum.put(id, hash);
    }
  }

  #seen(incarnation: string): void {
    if (incarnation === this.#incarnation) return;
    this.#incarnation = incarnation;
    this.#revision = undefined;
    this.#stale = undefined;
    this.#options.events.incarnation(incarnation);
  }
}

/** The `irHash` of the resource of a ResourcePut: of its bytes, where they stand in canonical form, as they do in what our writers write. */
function hashIn(data: Uint8Array, resource: IrResource): string {
  const bytes = resourceBytesOf(data);
  return bytes === undefined ? irHash(resource) : hashOfBytes(bytes);
}
