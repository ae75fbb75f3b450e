// Several events as one stored message: whole or absent in itself, and one write to disk. The data are a line of JSON that
// says of the events what does not follow from the one before, and then their data in order.
import { isEnveloped, isHash, unseal } from './envelope.ts';
import { splitHead, withHead } from './headed-data.ts';
import type { OutMessage, RawMessage, SealedEvent, StoredEvent } from './message.ts';

const countHeader = 'sluice-pack';

/** What the events of a pack share, and of the first one its place in the chain. */
interface Head {
  readonly writer: string;
  readonly epoch: number;
  /** Of the first event; each further one has the next. */
  readonly counter: number;
  /** Hash before the first event; each further one continues the one before it. */
  readonly prev: string;
  /** Transaction of all of them, and whether the last one closes it. */
  readonly transaction?: { readonly id: string; readonly closes: boolean };
  readonly events: readonly Part[];
}

interface Part {
  readonly subject: string;
  readonly type: string;
  readonly hash: string;
  /** Length of its data. */
  readonly bytes: number;
  readonly tombstone?: true;
  /** Absent: that of the event before; empty: none. */
  readonly traceparent?: string;
}

/** True for a message that holds several events. */
export function isPack(raw: RawMessage): boolean {
  return raw.headers.has(countHeader);
}

/** Packs two events or more, each the next one of the same writer's chain; the pack stands under the last one's subject. */
export function pack(events: readonly SealedEvent[]): OutMessage {
  const [first, last] = [events[0], events.at(-1)];
  if (first === undefined || last === undefined || events.length < 2)
    throw new TypeError('a pack has two events or more');
  const { writer, prev, transaction } = first;
  const { id } = transaction ?? {};
  const head: Head = {
    writer: writer.name,
    epoch: writer.epoch,
    counter: writer.counter,
    prev,
    ...(id === undefined ? {} : { transaction: { id, closes: last.transaction?.closing === true } }),
    events: events.map((event, i) => partOf(event, events[i - 1])),
  };
  const headers = new Map([
    ['ce-specversion', '1.0'],
    ['ce-id', `${writer.name}/${writer.epoch}/${last.writer.counter}`],
    ['ce-source', `/sluice/${writer.name}`],
    ['ce-type', id === undefined ? 'Pack' : 'Transaction'],
    [countHeader, String(events.length)],
  ]);
  if (last.traceparent !== undefined) headers.set('traceparent', last.traceparent);
  const data = withHead(
    head,
    events.map((event) => event.data),
  );
  return { subject: last.subject, headers, data };
}

function partOf(event: SealedEvent, before: SealedEvent | undefined): Part {
  const { subject, type, hash, traceparent } = event;
  return {
    subject,
    type,
    hash,
    bytes: event.data.length,
    ...(event.tombstone ? { tombstone: true } : {}),
    ...(traceparent === before?.traceparent ? {} : { traceparent: traceparent ?? '' }),
  };
}

/** The events of a pack in order, all under its sequence; none where it cannot be read. Their data are views of the pack's. */
export function unpack(raw: RawMessage): readonly StoredEvent[] {
  const { head, at: start = 0 } = splitHead(raw.data) ?? {};
  const parts: readonly unknown[] = Array.isArray(head) ? head : isHead(head) ? head.events : [];
  if (String(parts.length) !== raw.headers.get(countHeader) || !parts.every(hasLength)) return [];
  const ends = endsOf(parts, start);
  if (ends.at(-1) !== raw.data.length) return [];
  const data = (i: number): Uint8Array => raw.data.subarray(ends[i - 1] ?? start, ends[i]);
  return isHead(head) ? chained(raw, head, data) : enveloped(raw, parts, data);
}

function endsOf(parts: readonly { readonly bytes: number }[], start: number): number[] {
  let at = start;
  return parts.map(({ bytes }) => {
    at += bytes;
    return at;
  });
}

function chained(raw: RawMessage, head: Head, data: (i: number) => Uint8Array): readonly StoredEvent[] {
  const { seq, timeMs } = raw;
  const { transaction, events } = head;
  let { prev } = head;
  let traceparent = '';
  return events.map((part, i) => {
    const { subject, type, hash, tombstone = false } = part;
    ({ traceparent = traceparent } = part);
    const event = {
      ...{ seq, timeMs, subject, type, tombstone, data: data(i), prev, hash },
      writer: { name: head.writer, epoch: head.epoch, counter: head.counter + i },
      ...(traceparent === '' ? {} : { traceparent }),
      ...(transaction === undefined
        ? {}
        : { transaction: { id: transaction.id, closing: transaction.closes && i === events.length - 1 } }),
    };
    prev = hash;
    return event;
  });
}

/** Packs of an earlier form, whose line is a list of the events' subjects and whole envelopes. */
function enveloped(
  raw: RawMessage,
  parts: readonly unknown[],
  data: (i: number) => Uint8Array,
): readonly StoredEvent[] {
  const { seq, timeMs } = raw;
  const events = parts.flatMap((part, i) => {
    if (!isEnveloped(part)) return [];
    const headers = new Map(Object.entries(part.headers));
    return unseal({ seq, timeMs, subject: part.subject, headers, data: data(i) }) ?? [];
  });
  return events.length === parts.length ? events : [];
}

type Fields<T> = Partial<Record<keyof T, unknown>>;

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function hasLength(value: unknown): value is Pick<Part, 'bytes'> {
  return isObject(value) && isCount((value as Fields<Part>).bytes);
}

function isHead(value: unknown): value is Head {
  if (!isObject(value)) return false;
  const { writer, epoch, counter, prev, transaction, events } = value as Fields<Head>;
  return (
    typeof writer === 'string' &&
    isCount(epoch) &&
    isCount(counter) &&
    (prev === '' || isHash(prev)) &&
    (transaction === undefined || isTransaction(transaction)) &&
    Array.isArray(events) &&
    events.every(isPart)
  );
}

function isTransaction(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { id, closes } = value as Fields<NonNullable<Head['transaction']>>;
  return typeof id === 'string' && typeof closes === 'boolean';
}

function isPart(value: unknown): value is Part {
  if (!hasLength(value)) return false;
  const { subject, type, hash, tombstone, traceparent } = value as Fields<Part>;
  return (
    typeof subject === 'string' &&
    typeof type === 'string' &&
    isHash(hash) &&
    (tombstone === undefined || tombstone === true) &&
    (traceparent === undefined || typeof traceparent === 'string')
  );
}
