// Events to stored messages and back. The headers carry CloudEvents attributes, the writer's stamp and the chain; the
// data go as they are. The time of an event is the server's: a header for it would make equal appends unequal.
import { hash as digest } from 'node:crypto';
import type { NewEvent, WriterStamp } from '../port.ts';
import type { OutMessage, RawMessage, SealedEvent, StoredEvent, TransactionMark } from './message.ts';

/** Headers of an envelope, without what the server adds; an upper bound of their size besides subject and type. */
export const envelopeOverheadBytes = 16 * 1024;

const namePattern = /^[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,253})?$/;
const typePattern = /^[A-Za-z][A-Za-z0-9.]{0,127}$/;
const traceparentPattern = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const hashPattern = /^[0-9a-f]{64}$/;

/** True for a hash of the chain; `''` stands before the first event. */
export function isHash(text: unknown): text is string {
  return typeof text === 'string' && hashPattern.test(text);
}

/** What is sealed into an envelope beside the event itself. */
export interface Seal {
  readonly writer: WriterStamp;
  readonly prev: string;
  readonly transaction?: TransactionMark;
}

/**
 * A writer's name is one token of letters, digits, `-` and `_`, at most 64; or a group, a dot and a name of up to 253 of these within it, so that
 * a permission can be for the leases of one group.
 * @throws TypeError where `name` is none
 */
export function assertWriterName(name: string): void {
  if (!namePattern.test(name))
    throw new TypeError(
      'a writer name consists of 1 to 64 letters, digits, - and _, or of such a group, a dot and 1 to 253 of them',
    );
}

/** @throws TypeError where subject or type cannot stand on the log. */
export function assertEvent(event: NewEvent): void {
  if (!/^[^\s.*>]+(\.[^\s.*>]+)*$/.test(event.subject))
    throw new TypeError('an event subject has non-empty tokens without blanks or wildcards');
  if (!typePattern.test(event.type))
    throw new TypeError('an event type is a name of letters, digits and dots');
}

/** The chain hash of an event, 64 hex digits. */
export function eventHash(event: Omit<SealedEvent, 'hash' | 'traceparent'>): string {
  const { writer, transaction } = event;
  const head = [
    event.prev,
    writer.name,
    writer.epoch,
    writer.counter,
    event.subject,
    event.type,
    event.tombstone,
  ];
  if (transaction !== undefined) head.push(transaction.id, transaction.closing);
  const text = `${JSON.stringify(head)}\n`;
  // One call on one piece of memory takes a third of what a hash takes that is fed piece by piece.
  const bytes = scratchOf(3 * text.length + event.data.length);
  const at = bytes.write(text);
  bytes.set(event.data, at);
  return digest('sha256', bytes.subarray(0, at + event.data.length), 'hex');
}

/** Longer events get memory of their own, bytes. */
const scratchBytes = 64 * 1024;
const scratch = Buffer.allocUnsafeSlow(scratchBytes);

function scratchOf(length: number): Buffer {
  return length <= scratchBytes ? scratch : Buffer.allocUnsafe(length);
}

/** Seals an event: its place in the writer's chain, and the hash that the next one continues. */
export function seal(event: NewEvent, by: Seal): SealedEvent {
  const { subject, type, tombstone, data, traceparent } = event;
  const sealed = { subject, type, tombstone, data, ...by };
  return {
    ...sealed,
    hash: eventHash(sealed),
    ...(traceparent !== undefined && traceparentPattern.test(traceparent) ? { traceparent } : {}),
  };
}

/** The headers of an event's envelope. `idSuffix` makes `ce-id` unique where the stamp alone is not (renewed leases). */
export function envelopeOf(event: SealedEvent, idSuffix = ''): Map<string, string> {
  const { writer, transaction, traceparent } = event;
  const headers = new Map<string, string>([
    ['ce-specversion', '1.0'],
    ['ce-id', `${writer.name}/${writer.epoch}/${writer.counter}${idSuffix}`],
    ['ce-source', `/sluice/${writer.name}`],
    ['ce-type', event.type],
    ['sluice-writer', writer.name],
    ['sluice-epoch', String(writer.epoch)],
    ['sluice-counter', String(writer.counter)],
    ['sluice-prev', event.prev],
    ['sluice-hash', event.hash],
  ]);
  if (event.tombstone) headers.set('sluice-tombstone', '1');
  if (transaction !== undefined) headers.set('sluice-transaction', transaction.id);
  if (transaction?.closing === true) headers.set('sluice-transaction-end', '1');
  if (traceparent !== undefined) headers.set('traceparent', traceparent);
  return headers;
}

/** The message to store for an event; `idSuffix` as in `envelopeOf`. */
export function messageOf(event: SealedEvent, idSuffix?: string): OutMessage {
  return { subject: event.subject, headers: envelopeOf(event, idSuffix), data: event.data };
}

function count(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** A message's subject and headers as JSON. */
export interface Enveloped {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
}

export function isEnveloped(value: unknown): value is Enveloped {
  if (typeof value !== 'object' || value === null) return false;
  const { subject, headers } = value as Partial<Record<keyof Enveloped, unknown>>;
  if (typeof subject !== 'string' || typeof headers !== 'object' || headers === null) return false;
  return Object.values(headers).every((header) => typeof header === 'string');
}

/** Opens an envelope; undefined where it is none of ours. The hash is not checked here. */
export function unseal(raw: RawMessage): StoredEvent | undefined {
  const { headers, subject, data, seq, timeMs } = raw;
  const name = headers.get('sluice-writer');
  const epoch = count(headers.get('sluice-epoch'));
  const counter = count(headers.get('sluice-counter'));
  const type = headers.get('ce-type');
  const prev = headers.get('sluice-prev') ?? '';
  const hash = headers.get('sluice-hash');
  if (
    name === undefined ||
    epoch === undefined ||
    counter === undefined ||
    type === undefined ||
    hash === undefined
  )
    return undefined;
  if (!isHash(hash) || !(prev === '' || isHash(prev))) return undefined;
  const traceparent = headers.get('traceparent');
  const id = headers.get('sluice-transaction');
  return {
    seq,
    timeMs,
    subject,
    type,
    tombstone: headers.get('sluice-tombstone') === '1',
    data,
    writer: { name, epoch, counter },
    prev,
    hash,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(id === undefined
      ? {}
      : { transaction: { id, closing: headers.get('sluice-transaction-end') === '1' } }),
  };
}
