// Moments by halving: the same answer as by reading all, over epochs that begin anew, and few events read.
import { createMemoryLog, type EventLog } from '@sluice/event-log';
import { decodeEvent, encodeEvent, type IrEvent, type Revision, streams } from '@sluice/events';
import { beforeAll, describe, expect, it } from 'vitest';
import { findSequence, type Moment } from './find-moment.ts';

/** FACTS was lost before epoch 3: its sequences begin anew. */
const epochs: readonly (readonly [epoch: number, from: number, to: number])[] = [
  [1, 1, 300],
  [2, 310, 600],
  [3, 1, 120],
];

const log = createMemoryLog();
const written: { readonly revision: Revision; readonly seq: number; readonly timeMs: number }[] = [];

async function write(revision: Revision): Promise<void> {
  const ir = await log.openWriter('IR', 'translator');
  const removed: IrEvent = { type: 'ResourceRemoved', revision, kind: 'cluster', key: 'a' };
  const closing = {
    type: 'RevisionCommitted',
    revision,
    translator: '1',
    changes: 1,
    stateHash: '',
  } as const;
  await ir.transact([encodeEvent(removed)], encodeEvent(closing));
}

beforeAll(async () => {
  await log.ensureStream(streams.IR);
  for (const [epoch, from, to] of epochs)
    for (let seq = from; seq <= to; seq += 3) await write({ epoch, seq });
  for await (const { data, seq, timeMs } of log.read('IR', { subjects: ['revision.v1.>'] })) {
    const decoded = decodeEvent('IR', data);
    if (decoded.ok && decoded.event.type === 'RevisionCommitted')
      written.push({ revision: decoded.event.revision, seq, timeMs });
  }
});

/** Counts what is read of a log. */
function counting(of: EventLog): { readonly log: EventLog; read(): number } {
  let read = 0;
  const counted: EventLog = Object.assign(Object.create(of) as EventLog, {
    info: (stream: string) => of.info(stream),
    read: async function* (...args: Parameters<EventLog['read']>) {
      for await (const event of of.read(...args)) {
        read += 1;
        yield event;
      }
    },
  });
  return { log: counted, read: () => read };
}

function byReadingAll(moment: Moment): number | undefined {
  return written.findLast(({ revision, timeMs }) => {
    if (moment.type === 'sequence') return revision.seq <= moment.seq;
    if (moment.type === 'time') return timeMs <= moment.timeMs;
    return `${revision.epoch}-${revision.seq}` === moment.revision;
  })?.seq;
}

describe('findSequence', () => {
  it.each([0, 1, 2, 40, 119, 120, 121, 309, 310, 599, 600, 10_000])('of fact %i', async (seq) => {
    const moment: Moment = { type: 'sequence', seq };
    expect(await findSequence(log, moment)).toBe(byReadingAll(moment));
  });

  it.each(['1-1', '1-2', '1-298', '2-310', '3-1', '3-118', '3-119', '4-1'])(
    'of revision %s',
    async (revision) => {
      const moment: Moment = { type: 'revision', revision };
      expect(await findSequence(log, moment)).toBe(byReadingAll(moment));
    },
  );

  it.each([0, 0.3, 0.9, 1])('of a time, %f of the way', async (part) => {
    const [first, last] = [written[0]?.timeMs ?? 0, written.at(-1)?.timeMs ?? 0];
    const moment: Moment = { type: 'time', timeMs: first + Math.floor(part * (last - first)) };
    expect(await findSequence(log, moment)).toBe(byReadingAll(moment));
  });

  it('of a time before the first is nothing', async () => {
    expect(await findSequence(log, { type: 'time', timeMs: 0 })).toBeUndefined();
  });

  it('reads few events of many', async () => {
    expect(written.length).toBeGreaterThan(200);
    const counted = counting(log);
    await findSequence(counted.log, { type: 'revision', revision: '2-400' });
    expect(counted.read()).toBeLessThan(20);
  });
});
