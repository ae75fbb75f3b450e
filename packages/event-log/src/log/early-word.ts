// The early word: a writer that is asked to says what it is about to store, in a core message, so that readers can do work that hurts nobody
// while the server writes it to disk. It promises nothing: it may be lost, and what it says may never be stored. It is a line of JSON with
// the message's subject and headers, and then its data.
import type { Backend } from '../backend.ts';
import { isControl } from '../model/control.ts';
import { type Enveloped, isEnveloped } from '../model/envelope.ts';
import { splitHead, withHead } from '../model/headed-data.ts';
import type { OutMessage, RawMessage } from '../model/message.ts';
import type { StreamReader } from '../model/reader.ts';
import type { LogEvent } from '../port.ts';

/** A longer message is worth no second sending, bytes. */
const maxEarlyBytes = 64 * 1024;

/** Core subject of the early words on a stream. */
function earlySubject(stream: string): string {
  return `early.${stream}`;
}

/** Says what is about to be stored; nothing of long messages, and of those of the log itself. */
export function tellEarly(backend: Pick<Backend, 'notify'>, stream: string, message: OutMessage): void {
  const { subject, headers, data } = message;
  if (data.length > maxEarlyBytes || isControl(subject)) return;
  const head: Enveloped = { subject, headers: Object.fromEntries(headers) };
  backend.notify(earlySubject(stream), withHead(head, [data]));
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
  const { head, at } = splitHead(data) ?? {};
  if (!isEnveloped(head)) return undefined;
  return { subject: head.subject, headers: new Map(Object.entries(head.headers)), data: data.slice(at) };
}
