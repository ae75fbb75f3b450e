// A stream as lines of canonical JSON: for fixtures that later versions must replay, and for support bundles. The first
// line says what follows; each further line is one message as it is stored, control events and unfinished
// transactions included, so that an import is the same log under the same hashes.
import canonicalize from 'canonicalize';
import type { RawMessage } from '../model/message.ts';
import { type EventLog, LogError, type StreamDefinition, type StreamInfo } from '../port.ts';
import { existingStream, type LogContext } from './context.ts';
import { scan } from './scan.ts';
import { StreamEventLog } from './stream-event-log.ts';

const format = 'sluice-log/1';

interface Head {
  readonly format: string;
  readonly definition: StreamDefinition;
  readonly firstSeq: number;
}

interface Line {
  readonly seq: number;
  readonly timeMs: number;
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Data as text where they are UTF-8, else in base64. */
  readonly text?: string;
  readonly base64?: string;
}

/**
 * Yields a stream, or a range of it, line by line without line ends. What stands in the events stands in the lines:
 * leave streams of secrets out of what is handed on.
 */
export async function* exportLog(
  log: EventLog,
  stream: string,
  range: { readonly fromSeq?: number; readonly toSeq?: number } = {},
): AsyncGenerator<string> {
  const context = contextOf(log);
  const info = await existingStream(context, stream);
  const fromSeq = Math.max(range.fromSeq ?? 1, info.firstSeq, 1);
  const head: Head = { format, definition: info.definition, firstSeq: fromSeq };
  yield canonical(head);
  const toSeq = Math.min(range.toSeq ?? info.lastSeq, info.lastSeq);
  for await (const raw of scan(context, stream, { fromSeq, toSeq })) yield canonical(toLine(raw));
}

/**
 * Creates the stream that was exported, each message under its own sequence; NATS gives it its own time of storing,
 * the in-memory log keeps the time.
 * @throws LogError `stream-mismatch` where the stream exists, or the lines are no export
 */
export async function importLog(
  log: EventLog,
  lines: AsyncIterable<string> | Iterable<string>,
): Promise<StreamInfo> {
  const context = contextOf(log);
  const iterator = toAsync(lines);
  const first = await iterator.next();
  const head = first.done === true ? undefined : (parse(first.value) as Head);
  if (head?.format !== format) throw notAnExport(`it does not begin with ${format}`);
  await context.backend.restore(head.definition, head.firstSeq, messages(iterator));
  return await log.info(head.definition.name);
}

function contextOf(log: EventLog): LogContext {
  if (log instanceof StreamEventLog) return log.context;
  throw new TypeError('this event log was not made by this package');
}

async function* toAsync(lines: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  for await (const line of lines) if (line.trim() !== '') yield line;
}

async function* messages(lines: AsyncIterable<string>): AsyncGenerator<RawMessage> {
  for await (const line of lines) {
    const { seq, timeMs, subject, headers, text, base64 } = parse(line) as Line;
    if (!Number.isSafeInteger(seq) || typeof subject !== 'string' || typeof headers !== 'object')
      throw notAnExport('a line is no message');
    const data =
      base64 === undefined ? new TextEncoder().encode(text) : new Uint8Array(Buffer.from(base64, 'base64'));
    yield { seq, timeMs, subject, headers: new Map(Object.entries(headers)), data };
  }
}

function toLine(raw: RawMessage): Line {
  const { seq, timeMs, subject, data } = raw;
  const text = utf8(data);
  const body = text === undefined ? { base64: Buffer.from(data).toString('base64') } : { text };
  return { seq, timeMs, subject, headers: Object.fromEntries(raw.headers), ...body };
}

function utf8(data: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return undefined;
  }
}

function canonical(value: Head | Line): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('not JSON');
  return text;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw notAnExport('a line is not JSON');
  }
}

function notAnExport(why: string): LogError {
  return new LogError('stream-mismatch', `this is no export of a log: ${why}`, {
    hint: 'Give the file that the export wrote, unchanged.',
  });
}
