import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Collector, event, facts, ir, openWith, readAll, textOf } from '../../contract/harness.ts';
import {
  createMemoryLog,
  type FoldedState,
  type FollowItem,
  type LogWriter,
  MemoryServer,
  type Mishap,
  type NewEvent,
} from '../index.ts';

const subject = fc.constantFrom('object.v1.a', 'object.v1.b', 'object.v1.c', 'rejection.v1.d');
const change: fc.Arbitrary<NewEvent> = fc
  .tuple(subject, fc.option(fc.string({ maxLength: 6 }), { freq: 3 }))
  .map(([s, text]) => event(s, text));
const few = fc.array(change, { minLength: 1, maxLength: 6 });
/** So many that events share messages. */
const many = fc.array(change, { minLength: 33, maxLength: 60 });
const append = fc.oneof({ arbitrary: few, weight: 4 }, { arbitrary: many, weight: 1 });
const appends = fc.array(append, { minLength: 1, maxLength: 12 });

function scanned(
  events: readonly { subject: string; tombstone: boolean; data: Uint8Array }[],
): Map<string, string> {
  const state = new Map<string, string>();
  for (const each of events) {
    if (each.tombstone) state.delete(each.subject);
    else state.set(each.subject, textOf(each));
  }
  return state;
}

/** What a reader that keeps its state by the port's rules knows. */
function projected(items: readonly FollowItem[]): Map<string, string> {
  const from = items.findLastIndex((item) => item.kind === 'batch' && item.reset);
  return scanned(
    items.slice(Math.max(from, 0)).flatMap((item) => (item.kind === 'batch' ? item.events : [])),
  );
}

const sorted = (map: Map<string, string>): [string, string][] => [...map].sort();

/** A state without the kind of its bytes. */
const shown = (state: FoldedState | undefined) =>
  state && { ...state, events: [...state.events].map(([subject, event]) => [subject, textOf(event)]) };

describe('the log, whatever happens', () => {
  it('folds to what a scan finds, at every sequence, with checkpoints anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        appends,
        fc.array(fc.boolean(), { maxLength: 12 }),
        fc.boolean(),
        async (batches, checkpoints, purge) => {
          const log = createMemoryLog();
          const writer = await openWith(log, facts, 'w');
          const all: NewEvent[] = [];
          const states: { seq: number; state: [string, string][] }[] = [];
          for (const [i, batch] of batches.entries()) {
            all.push(...batch);
            const { lastSeq } = await writer.append(batch);
            states.push({ seq: lastSeq, state: sorted(scanned(all)) });
            if (checkpoints[i] === true)
              await log.checkpoint('FACTS', writer, { purge: purge && i % 2 === 0 });
          }
          const { firstSeq } = await log.info('FACTS');
          for (const { seq, state } of states) {
            if (seq < firstSeq - 1) continue;
            const at = await log.stateAt('FACTS', seq).catch((error: { code?: string }) => error.code);
            if (typeof at === 'object') expect([...at.events].map(([s, e]) => [s, textOf(e)])).toEqual(state);
            else expect(at).toBe('before-retained-history');
          }
          expect([...(await log.stateAt('FACTS')).events].map(([s, e]) => [s, textOf(e)])).toEqual(
            sorted(scanned(all)),
          );
          const report = await log.verify('FACTS', { withState: true });
          expect(report.damage).toEqual([]);
          expect(shown(report.state)).toEqual(shown(await log.stateAt('FACTS')));
          expect(report.checkpoints.every(({ ok }) => ok)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('gives a reader that resumes anywhere what a full read gives', async () => {
    await fc.assert(
      fc.asyncProperty(
        appends,
        fc.integer({ min: 1, max: 5 }),
        fc.nat(),
        fc.boolean(),
        async (batches, maxBatch, stop, purge) => {
          const log = createMemoryLog();
          const writer = await openWith(log, facts, 'w');
          const seen: FollowItem[] = [];
          const stopAt = stop % batches.length;
          let position: { incarnation: string; seq: number; hash: string } | undefined;
          for (const [i, batch] of batches.entries()) {
            const { lastSeq } = await writer.append(batch);
            if (i !== stopAt) continue;
            const follower = await new Collector(log, 'FACTS', { maxBatch }).caughtUpTo(lastSeq);
            await follower.stop();
            seen.push(...follower.items);
            position = follower.batches.at(-1)?.position;
          }
          if (purge) await log.checkpoint('FACTS', writer, { purge: true });
          const { lastSeq } = await log.info('FACTS');
          const rest = await new Collector(log, 'FACTS', {
            maxBatch,
            ...(position === undefined ? {} : { from: position }),
          }).caughtUpTo(lastSeq);
          await rest.stop();
          seen.push(...rest.items);
          expect(seen.every((item) => item.kind === 'batch')).toBe(true);
          expect(sorted(projected(seen))).toEqual(sorted(scanned(batches.flat())));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('neither loses nor doubles an event, whatever becomes of each publish', async () => {
    const mishap = fc.constantFrom<Mishap>('none', 'none', 'answer-lost', 'never-arrives', 'arrives-late');
    await fc.assert(
      fc.asyncProperty(
        appends,
        fc.array(mishap, { maxLength: 12 }),
        fc.nat({ max: 11 }),
        async (batches, mishaps, takeOver) => {
          const server = new MemoryServer();
          const log = createMemoryLog({ server });
          await log.ensureStream(facts);
          let at = 0;
          server.mishaps(() => mishaps[at++] ?? 'none');
          let writer: LogWriter = await log.openWriter('FACTS', 'w');
          const wanted: string[] = [];
          for (const [i, batch] of batches.entries()) {
            if (i === takeOver) writer = await createMemoryLog({ server }).openWriter('FACTS', 'w');
            await writer.append(batch);
            wanted.push(...batch.map(textOf));
          }
          expect(await readAll(log, 'FACTS')).toEqual(wanted);
          expect((await log.verify('FACTS')).damage).toEqual([]);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('commits each transaction once and whole, whatever becomes of each publish', async () => {
    const mishap = fc.constantFrom<Mishap>('none', 'none', 'answer-lost', 'never-arrives', 'arrives-late');
    const sizes = fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.array(mishap, { maxLength: 14 }), async (transactions, mishaps) => {
        const server = new MemoryServer();
        const log = createMemoryLog({ server });
        const writer = await openWith(log, ir, 't');
        let at = 0;
        server.mishaps(() => mishaps[at++] ?? 'none');
        const wanted: string[] = [];
        for (const [i, size] of transactions.entries()) {
          const events = [...Array(size).keys()].map((n) => event(`ir.v1.r${n}`, `${i}:${n}`));
          await writer.transact(events, event('revision.v1.r', `commit ${i}`));
          wanted.push(...events.map(textOf), `commit ${i}`);
        }
        expect(await readAll(log, 'IR')).toEqual(wanted);
        const report = await log.verify('IR', { withState: true });
        expect(report.damage).toEqual([]);
        expect(shown(report.state)).toEqual(shown(await log.stateAt('IR')));
      }),
      { numRuns: 30 },
    );
  });

  it('shows only whole transactions, in order, wherever a writer dies', async () => {
    const transaction = fc.record({
      batches: fc.integer({ min: 1, max: 3 }),
      diesAt: fc.option(fc.integer({ min: 1, max: 2 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(transaction, { minLength: 1, maxLength: 5 }), async (transactions) => {
        const server = new MemoryServer();
        let diesAt: number | null = null;
        const failPoints = {
          betweenBatches: (index: number) => {
            if (index === diesAt) throw new Error('killed');
          },
        };
        const reader = createMemoryLog({ server });
        const follower = new Collector(reader, 'IR');
        const wanted: string[] = [];
        let lastSeq = 0;
        for (const [i, each] of transactions.entries()) {
          const writer = await openWith(createMemoryLog({ server, failPoints }), ir, 't');
          const events = [...Array((each.batches - 1) * 1_000 + 3).keys()].map((n) =>
            event(`ir.v1.r${n}`, `${i}:${n}`),
          );
          diesAt = each.diesAt;
          const done = await writer
            .transact(events, event('revision.v1.r', `commit ${i}`))
            .catch(() => undefined);
          expect(done === undefined).toBe(each.diesAt !== null && each.diesAt < each.batches);
          if (done === undefined) continue;
          lastSeq = done.lastSeq;
          wanted.push(...events.map(textOf), `commit ${i}`);
        }
        await follower.caughtUpTo(lastSeq);
        await follower.stop();
        const resets = follower.batches.filter((batch) => batch.reset);
        expect(resets).toHaveLength(1);
        expect(await readAll(reader, 'IR')).toEqual(wanted);
        expect(sorted(projected(follower.items))).toEqual(
          sorted(
            scanned(
              wanted.map((text, n) => ({
                subject: subjectOf(text, n),
                tombstone: false,
                data: new TextEncoder().encode(text),
              })),
            ),
          ),
        );
      }),
      { numRuns: 8 },
    );
  });
});

function subjectOf(text: string, n: number): string {
  return text.startsWith('commit') ? 'revision.v1.r' : `ir.v1.r${text.split(':')[1] ?? n}`;
}
