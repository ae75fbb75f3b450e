// Several sealed events as one stored message: a small transaction is whole or absent in itself, and costs one write to
// disk. The data are a line of JSON with each event's subject, headers and length, and then their data in order.
import type { OutMessage, RawMessage } from './message.ts';

const countHeader = 'sluice-pack';
const newline = 10;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

interface Part {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Length of its data. */
  readonly bytes: number;
}

/** Packs at least two messages; the pack stands under the last one's subject. */
export function pack(messages: readonly OutMessage[]): OutMessage {
  const last = messages.at(-1);
  if (last === undefined || messages.length < 2) throw new TypeError('a pack has two messages or more');
  const parts = messages.map(({ subject, headers, data }): Part => {
    return { subject, headers: Object.fromEntries(headers), bytes: data.length };
  });
  const head = encoder.encode(`${JSON.stringify(parts)}\n`);
  const headers = new Map([[countHeader, String(messages.length)]]);
  for (const name of ['ce-specversion', 'ce-id', 'ce-source', 'traceparent']) {
    const value = last.headers.get(name);
    if (value !== undefined) headers.set(name, value);
  }
  headers.set('ce-type', 'Transaction');
  const data = Buffer.concat([head, ...messages.map((message) => message.data)]);
  return { subject: last.subject, headers, data };
}

/** The messages of a pack, all under its sequence; one that is no pack as it is; none where a pack cannot be read. */
export function unpack(raw: RawMessage): readonly RawMessage[] {
  const count = raw.headers.get(countHeader);
  if (count === undefined) return [raw];
  const { seq, timeMs, data } = raw;
  const end = data.indexOf(newline);
  const parts = end < 0 ? undefined : parse(data.subarray(0, end));
  if (parts === undefined || String(parts.length) !== count) return [];
  const messages: RawMessage[] = [];
  let at = end + 1;
  for (const { subject, headers, bytes } of parts) {
    const own = data.slice(at, at + bytes);
    at += bytes;
    messages.push({ seq, timeMs, subject, headers: new Map(Object.entries(headers)), data: own });
  }
  return at === data.length ? messages : [];
}

function parse(bytes: Uint8Array): readonly Part[] | undefined {
  try {
    const parts: unknown = JSON.parse(decoder.decode(bytes));
    return Array.isArray(parts) && parts.every(isPart) ? parts : undefined;
  } catch {
    return undefined;
  }
}

function isPart(value: unknown): value is Part {
  if (typeof value !== 'object' || value === null) return false;
  const { subject, headers, bytes } = value as Record<keyof Part, unknown>;
  if (typeof subject !== 'string' || typeof headers !== 'object' || headers === null) return false;
  return (
    Number.isSafeInteger(bytes) &&
    Number(bytes) >= 0 &&
    Object.values(headers).every((header) => typeof header === 'string')
  );
}
