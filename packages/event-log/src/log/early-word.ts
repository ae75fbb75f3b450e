// The early word: a writer that is asked to says what it is about to store, in a core message, so that readers can do work that hurts nobody
// while the server writes it to disk. It promises nothing: it may be lost, and what it says may never be stored. It is a line of JSON with
// the message's subject and headers, and then its data.
import type { Backend } from '../backend.ts';
import { isControl } from '../model/control.ts';
import type { OutMessage, RawMessage } from '../model/message.ts';
import type { StreamReader } from '../model/reader.ts';
import type { LogEvent } from '../port.ts';

/** A longer message is worth no second sending, bytes. */
const maxEarlyBytes = 64 * 1024;
const newline = 10;

/** Core subject of the early words on a stream. */
export function earlySubject(stream: string): string {
  return `early.${stream}`;
}

/** Says what is about to be stored; nothing of long messages, and of those of the log itself. */
export function tellEarly(backend: Pick<Backend, 'notify'>, stream: string, message: OutMessage): void {
  const { subject, headers, data } = message;
  if (data.length > maxEarlyBytes || isControl(subject)) return;
  const line = JSON.stringify({ subject, headers: Object.fromEntries(headers) });
  backend.notify(earlySubject(stream), Buffer.concat([Buffer.from(`${line}\n`), data]));
}

/**
 * Calls `handler` with events that would go on from what `reader` has read, whole transactions only, until the function that it gives
 * is called. All else that comes is passed over. Their `seq` and `timeMs` are guesses.
 */
export function onEarlyWord(
  backend: Pick<Backend, 'listen'>,
  stream: string,
  to: { readonly reader: StreamReader; readonly handler: (events: readonly LogEvent[]) => void },
): () => void {
  return backend.listen(earlySubject(stream), (data) => {
    const message = messageOf(data);
    const events = message && to.reader.preview({ ...message, seq: to.reader.nextSeq, timeMs: 0 });
    if (events !== undefined) to.handler(events);
  });
}

function messageOf(data: Uint8Array): Pick<RawMessage, 'subject' | 'headers' | 'data'> | undefined {
  const end = data.indexOf(newline);
  const head = end < 0 ? undefined : parse(data.subarray(0, end));
  if (head === undefined) return undefined;
  return { subject: head.subject, headers: new Map(Object.entries(head.headers)), data: data.slice(end + 1) };
}

interface Head {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
}

function parse(line: Uint8Array): Head | undefined {
  try {
    const head: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line));
    return isHead(head) ? head : undefined;
  } catch {
    return undefined;
  }
}

function isHead(value: unknown): value is Head {
  if (typeof value !== 'object' || value === null) return false;
  const { subject, headers } = value as Partial<Record<keyof Head, unknown>>;
  if (typeof subject !== 'string' || typeof headers !== 'object' || headers === null) return false;
  return Object.values(headers).every((header) => typeof header === 'string');
}
