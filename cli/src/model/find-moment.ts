// Where on IR a moment is. In: the log and a moment; out: the last revision that is not after it. By halving: what is read
// follows the logarithm of the retained revisions, and no more than one revision is read to its end for each step.
import type { EventLog } from '@sluice/event-log';
import { compareRevisions, decodeEvent, type Revision, streams } from '@sluice/events';

/** A moment of the log: a sequence of FACTS, a revision (`<epoch>-<seq>`), or a time. */
export type Moment =
  | { readonly type: 'sequence'; readonly seq: number }
  | { readonly type: 'revision'; readonly revision: string }
  | { readonly type: 'time'; readonly timeMs: number };

/** Sequences of IR, both included. */
interface Range {
  readonly from: number;
  readonly to: number;
}

interface Found {
  readonly seq: number;
  readonly timeMs: number;
  readonly revision: Revision;
}

/** The sequence on IR of the last revision that is not after the moment; undefined where no revision that is retained is so old. */
export async function findSequence(log: EventLog, moment: Moment): Promise<number | undefined> {
  const { firstSeq, lastSeq } = await log.info(streams.IR.name);
  const whole = { from: firstSeq, to: lastSeq };
  switch (moment.type) {
    case 'time':
      return (await lastOf(log, whole, ({ timeMs }) => timeMs <= moment.timeMs))?.seq;
    case 'revision': {
      const [epoch = 0, seq = 0] = moment.revision.split('-').map(Number);
      const wanted = { epoch, seq };
      const found = await lastOf(log, whole, ({ revision }) => compareRevisions(revision, wanted) <= 0);
      return found !== undefined && compareRevisions(found.revision, wanted) === 0 ? found.seq : undefined;
    }
    case 'sequence':
      return findFact(log, whole, moment.seq);
  }
}

/** Sequences of FACTS grow within an epoch; where FACTS was lost they began anew, so the newest epoch is asked first. */
async function findFact(log: EventLog, whole: Range, fact: number): Promise<number | undefined> {
  let newest = await lastOf(log, whole, () => true);
  while (newest !== undefined) {
    const { epoch } = newest.revision;
    const before = await lastOf(log, { ...whole, to: newest.seq }, ({ revision }) => revision.epoch < epoch);
    const own = { from: (before?.seq ?? whole.from - 1) + 1, to: newest.seq };
    const found = await lastOf(log, own, ({ revision }) => revision.seq <= fact);
    if (found !== undefined) return found.seq;
    newest = before;
  }
  return undefined;
}

/** The last revision in a range for which `holds`, which must hold of all revisions before one of which it holds. */
async function lastOf(
  log: EventLog,
  range: Range,
  holds: (revision: Found) => boolean,
): Promise<Found | undefined> {
  let { from, to } = range;
  let best: Found | undefined;
  while (from <= to) {
    const middle = Math.floor((from + to) / 2);
    const next = await firstOf(log, { from: middle, to: range.to });
    if (next !== undefined && holds(next)) {
      best = next;
      from = next.seq + 1;
    } else to = middle - 1;
  }
  return best;
}

/** The first revision that is closed in a range. */
async function firstOf(log: EventLog, { from, to }: Range): Promise<Found | undefined> {
  const events = log.read(streams.IR.name, { fromSeq: from, toSeq: to, subjects: ['revision.v1.>'] });
  for await (const { seq, timeMs, data } of events) {
    const decoded = decodeEvent('IR', data);
    if (decoded.ok && decoded.event.type === 'RevisionCommitted')
      return { seq, timeMs, revision: decoded.event.revision };
  }
  return undefined;
}
