// How appends become atomic batches.
import type { ChainHead, OutMessage } from '../model/message.ts';
import { pack } from '../model/pack.ts';
import type { NewEvent } from '../port.ts';

/** Work waiting to be written. */
export interface Job {
  readonly events: readonly NewEvent[];
  /** The last of `events` commits the others. */
  readonly transaction: boolean;
  readonly resolve: (result: { readonly lastSeq: number }) => void;
  readonly reject: (error: unknown) => void;
}

/** A sealed batch, and the chain's head after it. */
export interface Batch {
  /** One for each event, or packs of several. */
  readonly messages: readonly OutMessage[];
  readonly firstCounter: number;
  readonly head: ChainHead;
  /** May be stored message by message, since nobody relies on all or nothing or the transaction's marks provide it. */
  readonly inTurn: boolean;
}

/** Up to here single messages are faster than an atomic batch, which costs the server about 4 ms of files: measured on 2.15.1. */
const maxInTurn = 6;

/** True where the events of these jobs may go one by one. */
export function mayGoInTurn(jobs: readonly Job[]): boolean {
  const events = jobs.reduce((sum, job) => sum + job.events.length, 0);
  return events <= maxInTurn && jobs.every((job) => job.transaction || job.events.length === 1);
}

/** A pack holds so much at most, bytes: beyond, writing a message costs more than the wait for the disk. */
const maxPackBytes = 64 * 1024;

/** True where a transaction is small enough to be stored as one message. */
export function fitsOnePack(events: readonly NewEvent[]): boolean {
  return events.length > 1 && events.reduce((sum, event) => sum + sizeOf(event), 0) <= maxPackBytes;
}

/** Puts sealed messages into as few packs as their sizes allow, in order; one too large to share a pack stays as it is. */
export function packed(messages: readonly OutMessage[]): OutMessage[] {
  const packs: OutMessage[] = [];
  let members: OutMessage[] = [];
  let bytes = 0;
  const close = (): void => {
    packs.push(...(members.length > 1 ? [pack(members)] : members));
    members = [];
    bytes = 0;
  };
  for (const message of messages) {
    const size = sizeOf(message);
    if (members.length > 0 && bytes + size > maxPackBytes) close();
    members.push(message);
    bytes += size;
  }
  close();
  return packs;
}

/** The server's limit of an atomic batch. */
export const maxBatchEvents = 1_000;
/** Our bound of a batch's data, bytes, since the server holds a batch in memory. One event may exceed it alone. */
export const maxBatchBytes = 16 * 1024 * 1024;

function sizeOf(event: Pick<NewEvent, 'subject' | 'data'>): number {
  return event.data.length + event.subject.length + 512;
}

/** Cuts events into batches within both limits, in order. */
export function* splitBatches(events: readonly NewEvent[]): Generator<readonly NewEvent[]> {
  let batch: NewEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    const size = sizeOf(event);
    if (batch.length > 0 && (batch.length === maxBatchEvents || bytes + size > maxBatchBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(event);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** Takes the jobs off the queue that go next: a transaction alone, else as many appends as fit one batch (at least one). */
export function nextGroup(queue: Job[]): readonly Job[] {
  let taken = 0;
  let events = 0;
  let bytes = 0;
  for (const job of queue) {
    events += job.events.length;
    bytes += job.events.reduce((sum, event) => sum + sizeOf(event), 0);
    if (taken > 0 && (job.transaction || events > maxBatchEvents || bytes > maxBatchBytes)) break;
    taken += 1;
    if (job.transaction) break;
  }
  return queue.splice(0, taken);
}
