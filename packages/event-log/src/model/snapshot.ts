// The state of a checkpoint as bytes: for each event the length of its head (4 bytes, big endian), the length of its data (4
// bytes), the head (JSON) and the data. Cut into chunks at any byte.
import { envelopeOf, unseal } from './envelope.ts';
import type { StoredEvent } from './message.ts';

/** Largest chunk, bytes: far below any `max_payload` that we accept. */
export const chunkBytes = 1_000_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

interface Head {
  readonly seq: number;
  readonly timeMs: number;
  readonly subject: string;
  readonly headers: Record<string, string>;
}

/** Yields the bytes of a state in chunks of at most `chunkBytes`. */
export function* encodeSnapshot(
  events: readonly StoredEvent[],
  limit: number = chunkBytes,
): Generator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let size = 0;
  for (const event of events) {
    for (let part of frame(event)) {
      while (size + part.length >= limit) {
        const room = limit - size;
        yield join([...parts, part.subarray(0, room)]);
        part = part.subarray(room);
        parts = [];
        size = 0;
      }
      if (part.length > 0) parts.push(part);
      size += part.length;
    }
  }
  if (size > 0) yield join(parts);
}

function frame(event: StoredEvent): [Uint8Array, Uint8Array] {
  const head: Head = {
    seq: event.seq,
    timeMs: event.timeMs,
    subject: event.subject,
    headers: Object.fromEntries(envelopeOf(event)),
  };
  const text = encoder.encode(JSON.stringify(head));
  const start = new Uint8Array(8 + text.length);
  const view = new DataView(start.buffer);
  view.setUint32(0, text.length);
  view.setUint32(4, event.data.length);
  start.set(text, 8);
  return [start, event.data];
}

/** The events of a snapshot. @throws RangeError, SyntaxError or TypeError where the bytes are none. */
export function decodeSnapshot(chunks: readonly Uint8Array[]): StoredEvent[] {
  const bytes = join(chunks);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: StoredEvent[] = [];
  for (let at = 0; at < bytes.length; ) {
    const dataAt = at + 8 + view.getUint32(at);
    const end = dataAt + view.getUint32(at + 4);
    if (end > bytes.length) throw new RangeError('a snapshot ends within an event');
    const head = JSON.parse(decoder.decode(bytes.subarray(at + 8, dataAt))) as Head;
    const event = unseal({
      ...head,
      headers: new Map(Object.entries(head.headers)),
      data: bytes.slice(dataAt, end),
    });
    if (event === undefined) throw new RangeError('a snapshot holds an event without envelope');
    events.push(event);
    at = end;
  }
  return events;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
