// Follows the IR: whole revisions, of which only what the datapath is made of is read. All of it is added up, and compared with what the
// translator wrote down of the whole: what differs is read anew before it is handed on.
import { type EventLog, type FollowItem, followReporting, type LogEvent } from '@sluice/event-log';
import {
  compareRevisions,
  decodeIrEvent,
  formatRevision,
  parseSubject,
  type Revision,
  resourceBytesOf,
} from '@sluice/events';
import { hashOfBytes, IrSum } from '@sluice/ir';
import type { Logger } from '@sluice/service-kit';
import type { DatapathChange } from '../core/maps/desired-maps.ts';

/** Revisions that were read together. */
export interface RevisionBatch {
  /** All that there is: what was before counts no more. */
  readonly reset: boolean;
  readonly changes: readonly DatapathChange[];
  /** The newest; undefined: the log holds none yet. */
  readonly revision: Revision | undefined;
  /** The log is read to its end. */
  readonly caughtUp: boolean;
}

export interface IrFollowerOptions {
  readonly log: EventLog;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Takes each batch; the next one waits for it. */
  readonly take: (batch: RevisionBatch) => Promise<void>;
  /** What is wrong with the log; undefined: nothing. */
  readonly health: (fault: string | undefined) => void;
  /** Told of each revision whose sum is another one than the translator's. */
  readonly differs?: () => void;
}

/** What was read of a batch. */
interface ReadBatch {
  readonly changes: readonly DatapathChange[];
  readonly revision: Revision | undefined;
  /** The translator's word on the whole IR. */
  readonly stateHash: string;
  readonly fault: string | undefined;
}

const different = 'the IR differs from what the translator wrote down';

type Batch = Extract<FollowItem, { kind: 'batch' }>;

/** Kinds of the IR that the datapath is made of. */
const kinds: ReadonlySet<string> = new Set(['l4-service', 'endpoint-group']);

export class IrFollower {
  readonly #options: IrFollowerOptions;
  #revision: Revision | undefined;
  /** By subject. */
  #sum = new IrSum<string>();
  /** The log was read anew because of a difference, and none was sound since. */
  #readAnew = false;
  #seq = 0;

  constructor(options: IrFollowerOptions) {
    this.#options = options;
  }

  /** Sequence up to which the stream is read. */
  get seq(): number {
    return this.#seq;
  }

  /** Follows until the signal aborts. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted && (await this.#follow()) === 'read anew');
  }

  async #follow(): Promise<'ended' | 'read anew'> {
    const { log, signal, take, health } = this.#options;
    const aboveEpoch = (): number => this.#revision?.epoch ?? 0;
    for await (const item of followReporting(log, 'IR', { signal, aboveEpoch })) {
      if (item.kind === 'damage') {
        health(`${item.damage.kind}: ${item.damage.message}`);
        continue;
      }
      const read = this.#read(item.events);
      this.#seq = item.position.seq;
      const behind = this.#isBehind(read.revision);
      // An older state than the one in force: the log was put back. The kernel keeps what it has until the owner has gone past it.
      if (behind !== undefined) {
        health(behind);
        continue;
      }
      const sound = this.#addUp(item, read);
      if (!sound && !this.#readAnew) {
        this.#readAnew = true;
        return 'read anew';
      }
      if (sound) {
        this.#readAnew = false;
        health(read.fault);
      }
      const { changes, revision } = read;
      this.#revision = revision ?? this.#revision;
      await take({ reset: item.reset, changes, revision, caughtUp: item.caughtUp });
    }
    return 'ended';
  }

  /** False: what is held is not what the translator wrote down. */
  #addUp({ reset, events }: Batch, { revision, stateHash }: ReadBatch): boolean {
    if (reset) this.#sum = new IrSum();
    for (const { subject, tombstone, data } of events) {
      if (parseSubject(subject).domain !== 'ir') continue;
      if (tombstone) this.#sum.remove(subject);
      else this.#sum.put(subject, hashOfBytes(resourceBytesOf(data) ?? data));
    }
    if (revision === undefined || this.#sum.toString() === stateHash) return true;
    const { logger, health, differs = () => undefined } = this.#options;
    logger.error({ revision }, different);
    health(different);
    differs();
    return false;
  }

  #isBehind(revision: Revision | undefined): string | undefined {
    const held = this.#revision;
    if (held === undefined || revision === undefined || compareRevisions(revision, held) >= 0)
      return undefined;
    return `the log holds revision ${formatRevision(revision)}, and ${formatRevision(held)} was read before`;
  }

  #read(events: readonly LogEvent[]): ReadBatch {
    const changes: DatapathChange[] = [];
    let revision: Revision | undefined;
    let stateHash = '';
    let fault: string | undefined;
    for (const { seq, subject, data } of events) {
      if (!isOurs(subject)) continue;
      const decoded = decodeIrEvent(data);
      if (!decoded.ok) {
        fault = `event ${seq} of IR cannot be read`;
        this.#options.logger.error({ seq, reason: decoded.error }, 'event cannot be read');
      } else if (decoded.event.type === 'RevisionCommitted') ({ revision, stateHash } = decoded.event);
      else if (decoded.event.type === 'ResourcePut') {
        const { resource } = decoded.event;
        changes.push({ kind: resource.kind, key: resource.key, resource });
      } else changes.push({ kind: decoded.event.kind, key: decoded.event.key });
    }
    return { changes, revision, stateHash, fault };
  }
}

/** Whether the event is worth decoding: most of an IR is routes. */
function isOurs(subject: string): boolean {
  const { domain, kind } = parseSubject(subject);
  return domain === 'revision' || kinds.has(kind);
}
