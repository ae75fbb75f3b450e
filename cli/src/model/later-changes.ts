import type { EventLog } from '@sluice/event-log';
import { decodeEvent, formatRevision, irSubject, type StreamName, streams } from '@sluice/events';
import { describeEvent } from './event-record.ts';

/** A later revision that changed a resource. */
export interface LaterChange {
  readonly revision: string;
  /** RFC 3339. */
  readonly time: string;
  readonly type: 'ResourcePut' | 'ResourceRemoved';
  /** The last fact that the revision was made from, in words; absent where it is no longer retained. */
  readonly fact?: { readonly seq: number; readonly type: string; readonly what: string };
}

const shown = 10;

/** What happened to an HTTPRoute of the IR after an event of IR, oldest first: all of it counted, the newest 10 told. */
export async function laterChanges(
  log: EventLog,
  of: { readonly route: string; readonly afterSeq: number },
): Promise<{ readonly count: number; readonly newest: readonly LaterChange[] }> {
  const events = log.read(streams.IR.name, {
    fromSeq: of.afterSeq + 1,
    subjects: [irSubject('http-route', of.route)],
  });
  const newest: { revision: { epoch: number; seq: number }; timeMs: number; type: LaterChange['type'] }[] =
    [];
  let count = 0;
  for await (const { data, timeMs } of events) {
    const decoded = decodeEvent('IR', data);
    if (!decoded.ok || decoded.event.type === 'RevisionCommitted') continue;
    const { type, revision } = decoded.event;
    count++;
    newest.push({ revision, timeMs, type });
    if (newest.length > shown) newest.shift();
  }
  const told: LaterChange[] = [];
  for (const { revision, timeMs, type } of newest) {
    const fact = await factAt(log, revision.seq);
    const change = { revision: formatRevision(revision), time: new Date(timeMs).toISOString(), type };
    told.push(fact === undefined ? change : { ...change, fact });
  }
  return { count, newest: told };
}

async function factAt(log: EventLog, seq: number): Promise<LaterChange['fact']> {
  const stream: StreamName = 'FACTS';
  let last: LaterChange['fact'];
  for await (const event of log.read(streams[stream].name, { fromSeq: seq, toSeq: seq }))
    last = { seq, type: event.type, what: describeEvent(stream, event) };
  return last;
}
