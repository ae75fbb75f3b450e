// How appends become atomic batches.
import { messageOf } from '../model/envelope.ts';
import type { ChainHead, OutMessage, SealedEvent } from '../model/message.ts';
import { pack } from '../model/pack.ts';
import { mayShare, type Packs } from '../model/stored-events.ts';
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
/** An upper bound of what a pack says of an event, and a message of its own, besides subject and data, bytes. */
const headBytes = { pack: 256, message: 512 } as const;

/** True where a transaction is small enough to be stored as one message. */
export function fitsOnePack(events: readonly NewEvent[]): boolean {
  return events.length > 1 && events.reduce((sum, event) => sum + sizeOf(event, 'pack'), 0) <= maxPackBytes;
}

/** Puts sealed events into as few packs as their sizes and subjects allow, in order; one that shares none is a message of its own. */
function packed(events: readonly SealedEvent[], packs: Packs): OutMessage[] {
  const messages: OutMessage[] = [];
  let members: SealedEvent[] = [];
  let bytes = 0;
  const close = (): void => {
    messages.push(...(members.length > 1 ? [pack(members)] : members.map((event) => messageOf(event))));
    members = [];
    bytes = 0;
  };
  for (const event of events) {
    const size = sizeOf(event, 'pack');
    const [first] = members;
    const fits =
      first === undefined || (bytes + size <= maxPackBytes && mayShare(packs, first.subject, event.subject));
    if (!fits) close();
    members.push(event);
    bytes += size;
  }
  close();
  return messages;
}

/** Up to here appended events have a message, and so a sequence, each: what led to what stays told apart. */
const fewEvents = 32;

/** The messages that hold a batch's sealed events: of a transaction in packs, and of many appended events where their stream allows it. */
export function messagesOf(
  events: readonly SealedEvent[],
  as: { readonly packs: Packs; readonly inTurn: boolean; readonly transaction: boolean },
): OutMessage[] {
  const single = as.inTurn || (!as.transaction && events.length <= fewEvents);
  return single ? events.map((event) => messageOf(event)) : packed(events, as.packs);
}

/** The server's limit of an atomic batch. */
export const maxBatchEvents = 1_000;
/** Our bound of a batch's data, bytes, since the server holds a batch in memory. One event may exceed it alone. */
export const maxBatchBytes = 16 * 1024 * 1024;

function sizeOf(
  event: Pick<NewEvent, 'subject' | 'data'>,
  within: keyof typeof headBytes = 'message',
): number {
  return event.data.length + event.subject.length + headBytes[within];
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
