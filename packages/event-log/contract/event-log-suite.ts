import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EventLog, LogError } from '../src/index.ts';
import {
  acks,
  appendApart,
  Collector,
  event,
  events,
  facts,
  ir,
  type LogWorld,
  openWith,
  readAll,
  textOf,
  toArray,
} from './harness.ts';

/** The promises of the port, on any implementation. */
export function eventLogSuite(name: string, makeWorld: () => Promise<LogWorld>): void {
  describe(`${name}: event log`, () => {
    let world: LogWorld;
    let log: EventLog;
    const collectors: Collector[] = [];
    const collect = (...args: ConstructorParameters<typeof Collector>): Collector => {
      const collector = new Collector(...args);
      collectors.push(collector);
      return collector;
    };

    beforeEach(async () => {
      world = await makeWorld();
      log = await world.connect();
    });
    afterEach(async () => {
      for (const collector of collectors.splice(0)) await collector.stop();
      await world.close();
    });

    it('stores in order and reads back what was appended', async () => {
      const writer = await openWith(log, facts, 'w');
      const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
      await writer.append([{ ...event('object.v1.a', 'one'), traceparent }, event('object.v1.a', null)]);
      const read = await toArray(log.read('FACTS', { subjects: ['object.v1.>'] }));
      expect(read.map((e) => [e.subject, e.type, e.tombstone, textOf(e), e.writer])).toEqual([
        ['object.v1.a', 'ThingChanged', false, 'one', { name: 'w', epoch: 1, counter: 1 }],
        ['object.v1.a', 'ThingRemoved', true, '', { name: 'w', epoch: 1, counter: 2 }],
      ]);
      expect(read[0]?.traceparent).toBe(traceparent);
      expect(read[0]?.hash).toMatch(/^[0-9a-f]{64}$/);
      expect(await log.info('FACTS')).toMatchObject({ firstSeq: 1, lastSeq: 3 });
    });

    it('refuses a stream that exists with other settings, and names the field', async () => {
      await log.ensureStream(facts);
      await log.ensureStream(facts);
      await expect(log.ensureStream({ ...facts, keepPerSubject: 3 })).rejects.toMatchObject({
        code: 'stream-mismatch',
      });
      await expect(log.ensureStream({ ...facts, subjects: ['object.v1.>'] })).rejects.toThrow(/subjects/);
    });

    it('refuses an event that is too large, and says how large it may be', async () => {
      const writer = await openWith(log, facts, 'w');
      const data = new Uint8Array(log.maxEventBytes + 1);
      const failure = await writer
        .append([{ subject: 'object.v1.a', type: 'T', tombstone: false, data }])
        .catch((e: unknown) => e);
      expect(failure).toBeInstanceOf(LogError);
      expect(failure).toMatchObject({
        code: 'too-large',
        message: expect.stringContaining(String(log.maxEventBytes)),
      });
      await writer.append([{ subject: 'object.v1.a', type: 'T', tombstone: false, data: data.subarray(1) }]);
      expect((await log.stateAt('FACTS')).events.get('object.v1.a')?.data.length).toBe(log.maxEventBytes);
    });

    it('appends more than one batch holds, and many appends at once, in order', async () => {
      const writer = await openWith(log, facts, 'w');
      await Promise.all([writer.append(events(2_500)), ...events(300, 'x').map((e) => writer.append([e]))]);
      expect(await readAll(log, 'FACTS')).toEqual([...events(2_500), ...events(300, 'x')].map(textOf));
      expect(await log.verify('FACTS')).toMatchObject({ damage: [], healed: [] });
    });

    it('ends an older holder of a lease', async () => {
      const first = await openWith(log, facts, 'w');
      await first.append(events(2));
      const other = await world.connect();
      const second = await other.openWriter('FACTS', 'w');
      expect(second.epoch).toBe(first.epoch + 1);
      expect([await first.held(), await second.held()]).toEqual([false, true]);
      await expect(first.append(events(1, 'late'))).rejects.toMatchObject({ code: 'fenced' });
      await expect(first.append(events(1, 'later'))).rejects.toMatchObject({ code: 'fenced' });
      await expect(first.append(events(5, 'batch'))).rejects.toMatchObject({ code: 'fenced' });
      await second.append(events(1, 'new'));
      expect(await readAll(log, 'FACTS')).toEqual(['e 0', 'e 1', 'new 0']);
      expect(await log.verify('FACTS')).toMatchObject({ damage: [] });
    });

    it('ends an older holder that was the last to write', async () => {
      const first = await openWith(log, facts, 'w');
      for (const each of events(3)) await first.append([each]);
      const second = await (await world.connect()).openWriter('FACTS', 'w');
      await expect(first.append(events(1, 'late'))).rejects.toMatchObject({ code: 'fenced' });
      for (const each of events(3, 'new')) await second.append([each]);
      expect(await readAll(log, 'FACTS')).toEqual([...events(3), ...events(3, 'new')].map(textOf));
      expect(await log.verify('FACTS')).toMatchObject({ damage: [] });
    });

    it('lets writers that take turns append one by one', async () => {
      const a = await openWith(log, facts, 'a');
      const b = await (await world.connect()).openWriter('FACTS', 'b');
      const turns = [a, a, a, b, a, b, b, b, a];
      for (const [i, writer] of turns.entries()) await writer.append(events(1, `${i}-`));
      expect(await readAll(log, 'FACTS')).toEqual(turns.map((_, i) => `${i}- 0`));
      expect(await log.verify('FACTS')).toMatchObject({ damage: [] });
    });

    it('lets writers of different names write one stream', async () => {
      const a = await openWith(log, facts, 'a');
      const b = await (await world.connect()).openWriter('FACTS', 'b');
      await Promise.all(
        [...Array(20).keys()].flatMap((i) => [a.append(events(3, `a${i}-`)), b.append(events(2, `b${i}-`))]),
      );
      expect((await readAll(log, 'FACTS')).length).toBe(100);
      expect(await log.verify('FACTS')).toMatchObject({ damage: [] });
    });

    it('follows from the folded state, then event by event', async () => {
      const writer = await openWith(log, facts, 'w');
      await writer.append([
        event('object.v1.a', '1'),
        event('object.v1.b', '2'),
        event('object.v1.a', '3'),
        event('object.v1.b', null),
      ]);
      const follower = collect(log, 'FACTS');
      await follower.until(({ batches }) => batches.length > 0);
      expect(follower.batches[0]).toMatchObject({ reset: true, caughtUp: true });
      expect(follower.texts).toEqual(['3']);
      const { lastSeq } = await writer.append([event('object.v1.b', '4'), event('object.v1.a', null)]);
      await follower.caughtUpTo(lastSeq);
      expect(follower.texts).toEqual(['3', '4', '']);
    });

    it('gives a follower with a pace all events, those that come while it rests too', async () => {
      const writer = await openWith(log, facts, 'w');
      await writer.append(events(700));
      const follower = collect(log, 'FACTS', { paceMs: 20 });
      await follower.until(({ batches }) => batches.at(-1)?.caughtUp === true);
      for (let i = 0; i < 3; i += 1) {
        const { lastSeq } = await writer.append(events(600, `later${i}-`));
        await follower.caughtUpTo(lastSeq);
      }
      const later = [0, 1, 2].flatMap((i) => events(600, `later${i}-`));
      expect(follower.texts).toEqual([...events(700), ...later].map(textOf));
    });

    it('tells a follower of an empty stream that it is up to date', async () => {
      await log.ensureStream(facts);
      const follower = collect(log, 'FACTS');
      await follower.until(({ batches }) => batches.length > 0);
      expect(follower.items).toMatchObject([
        { kind: 'batch', reset: true, events: [], caughtUp: true, position: { seq: 0 } },
      ]);
    });

    it('waits for a stream that is made later', async () => {
      const follower = collect(log, 'FACTS');
      const { lastSeq } = await (await openWith(log, facts, 'w')).append(events(3));
      await follower.caughtUpTo(lastSeq);
      expect(follower.texts).toEqual(['e 0', 'e 1', 'e 2']);
    });

    it('goes on from a stored position without a reset', async () => {
      const writer = await openWith(log, facts, 'w');
      const { lastSeq } = await writer.append(events(4));
      const first = await collect(log, 'FACTS').caughtUpTo(lastSeq);
      const from = first.batches.at(-1)?.position;
      const second = collect(log, 'FACTS', { from: JSON.parse(JSON.stringify(from)) });
      await second.until(({ batches }) => batches.length > 0);
      const after = await writer.append(events(2, 'more'));
      await second.caughtUpTo(after.lastSeq);
      expect(second.batches.some((batch) => batch.reset)).toBe(false);
      expect(second.texts).toEqual(['more 0', 'more 1']);
    });

    it('filters by subject while the position advances over the rest', async () => {
      const writer = await openWith(log, facts, 'w');
      const follower = collect(log, 'FACTS', { subjects: ['rejection.v1.>'] });
      const { lastSeq } = await writer.append([
        event('object.v1.a', '1'),
        event('rejection.v1.r', '2'),
        event('object.v1.b', '3'),
      ]);
      await follower.caughtUpTo(lastSeq);
      expect(follower.texts).toEqual(['2']);
    });

    it('keeps batches within maxBatch', async () => {
      const writer = await openWith(log, facts, 'w');
      const follower = collect(log, 'FACTS', { maxBatch: 7 });
      await follower.until(({ batches }) => batches.length > 0);
      const { lastSeq } = await appendApart(writer, events(50));
      await follower.caughtUpTo(lastSeq);
      expect(Math.max(...follower.batches.map((batch) => batch.events.length))).toBeLessThanOrEqual(7);
      expect(follower.texts).toEqual(events(50).map(textOf));
    });

    it('lets many events of one domain share messages, and batches hold whole messages', async () => {
      const writer = await openWith(log, facts, 'w');
      const position = (await log.stateAt('FACTS')).position;
      const follower = collect(log, 'FACTS', { from: position, maxBatch: 7 });
      await follower.until(({ batches }) => batches.length > 0);
      const others = events(40).map((e) => ({ ...e, subject: e.subject.replace('object', 'rejection') }));
      const all = [...events(900), ...others, event('object.v1.last', 'last')];
      const { lastSeq } = await writer.append(all);
      await follower.caughtUpTo(lastSeq);
      expect(follower.texts).toEqual(all.map(textOf));
      expect(await readAll(log, 'FACTS')).toEqual(all.map(textOf));
      const seqs = (await toArray(log.read('FACTS', { fromSeq: 2 }))).map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
      const batches = follower.batches.filter((batch) => batch.events.length > 0);
      const ofBatches = batches.map((batch) => batch.events.map(({ seq }) => seq));
      expect(ofBatches.map((own) => own.at(-1))).toEqual([...new Set(seqs)]);
      expect(batches.map((batch) => batch.position.seq)).toEqual(ofBatches.map((own) => own.at(-1)));
      const { messages } = await log.info('FACTS');
      expect(messages).toBeLessThan(20);
      const atFirst = (await log.stateAt('FACTS', seqs[0])).events.size;
      expect(atFirst).toBe(seqs.filter((seq) => seq === seqs[0]).length);
      expect(await log.verify('FACTS')).toMatchObject({ damage: [] });
      const again = collect(log, 'FACTS', { from: batches[0]?.position ?? position });
      await again.caughtUpTo(lastSeq);
      expect(again.texts).toEqual(all.slice(atFirst).map(textOf));
    });

    it('gives each event of a stream that forgets a message of its own', async () => {
      const writer = await openWith(log, acks, 'w');
      const subjects = Array.from({ length: 60 }, (_, i) => `ack.v1.${i % 30}`);
      await writer.append(subjects.map((subject, i) => event(subject, `${i}`)));
      await writer.append(subjects.map((subject, i) => event(subject, `again ${i}`)));
      expect((await log.info('ACKS')).messages).toBe(61);
      expect((await log.stateAt('ACKS')).events.size).toBe(30);
    });

    it('shows a transaction whole or not at all', async () => {
      let dies = false;
      const other = await world.connect({
        failPoints: {
          betweenBatches: () => {
            if (dies) throw new Error('killed between batches');
          },
        },
      });
      const writer = await openWith(other, ir, 't');
      const follower = collect(log, 'IR');
      const big = [...Array(1_500).keys()].map((i) => event(`ir.v1.r${i}`, `${i}`));
      const whole = await writer.transact(big, event('revision.v1.r', 'commit 1'));
      await follower.caughtUpTo(whole.lastSeq);
      expect(follower.texts).toEqual([...big.map(textOf), 'commit 1']);
      expect(follower.batches.filter((batch) => batch.events.length > 0)).toHaveLength(1);

      dies = true;
      const broken = big.map((e) => ({ ...e, data: new TextEncoder().encode('half') }));
      await expect(writer.transact(broken, event('revision.v1.r', 'never'))).rejects.toThrow(/killed/);
      expect((await log.info('IR')).lastSeq).toBeGreaterThan(whole.lastSeq);
      expect((await log.stateAt('IR')).position.seq).toBe(whole.lastSeq);

      const next = await log.openWriter('IR', 't');
      const after = await next.transact([event('ir.v1.r0', 'after')], event('revision.v1.r', 'commit 2'));
      await follower.caughtUpTo(after.lastSeq);
      expect(follower.texts.slice(1_501)).toEqual(['after', 'commit 2']);
      expect(await readAll(log, 'IR')).not.toContain('half');
      const control = await toArray(log.read('IR', { subjects: ['log.>'] }));
      expect(control.map((e) => e.type)).toContain('TransactionAborted');
      expect(await log.verify('IR')).toMatchObject({ damage: [] });
    });

    it('writes small transactions and single appends that meet, in order and unbroken', async () => {
      const writer = await openWith(log, ir, 't');
      const wanted: string[] = [];
      const pending: Promise<unknown>[] = [];
      for (let i = 0; i < 40; i++) {
        const size = i % 9;
        const each = [...Array(size).keys()].map((n) => event(`ir.v1.r${n}`, `${i}:${n}`));
        pending.push(writer.transact(each, event('revision.v1.r', `commit ${i}`)));
        wanted.push(...each.map(textOf), `commit ${i}`);
        if (i % 4 === 0) {
          pending.push(...[0, 1, 2].map((n) => writer.append([event(`ir.v1.single${n}`, `${i}+${n}`)])));
          wanted.push(...[0, 1, 2].map((n) => `${i}+${n}`));
        }
      }
      await Promise.all(pending);
      expect(await readAll(log, 'IR')).toEqual(wanted);
      expect(await log.verify('IR')).toMatchObject({ damage: [] });
    });

    it('resumes before a transaction that was open', async () => {
      let hold: Promise<void> | undefined;
      let release = (): void => {};
      const other = await world.connect({ failPoints: { betweenBatches: () => hold } });
      const writer = await openWith(other, ir, 't');
      const before = await writer.transact([event('ir.v1.a', 'a')], event('revision.v1.r', 'c1'));
      hold = new Promise((resolve) => {
        release = resolve;
      });
      const pending = writer.transact(
        [...Array(1_200).keys()].map((i) => event(`ir.v1.r${i}`, `${i}`)),
        event('revision.v1.r', 'c2'),
      );
      const first = await collect(log, 'IR').until(({ batches }) => batches.length > 0);
      const from = first.batches.at(-1)?.position;
      expect(from?.seq).toBe(before.lastSeq);
      const second = collect(log, 'IR', from === undefined ? {} : { from });
      release();
      await second.caughtUpTo((await pending).lastSeq);
      expect(second.texts).toHaveLength(1_201);
    });

    it('folds up to any retained sequence', async () => {
      const writer = await openWith(log, facts, 'w');
      const one = await writer.append([event('object.v1.a', '1'), event('object.v1.b', '2')]);
      const two = await writer.append([event('object.v1.a', null), event('object.v1.c', '3')]);
      const at = async (seq: number): Promise<string[]> =>
        [...(await log.stateAt('FACTS', seq)).events.values()].map(textOf);
      expect(await at(one.lastSeq)).toEqual(['1', '2']);
      expect(await at(two.lastSeq)).toEqual(['2', '3']);
      expect((await log.stateAt('FACTS')).hash).toBe((await log.stateAt('FACTS', two.lastSeq)).hash);
    });

    it('starts a follower from a checkpoint, with and without the head purged', async () => {
      const writer = await openWith(log, facts, 'w');
      const other = await (await world.connect()).openWriter('FACTS', 'r');
      await other.append([event('rejection.v1.x', 'kept')]);
      await writer.append([...events(30), ...events(10).map((e) => ({ ...e, tombstone: true }))]);
      const before = await log.stateAt('FACTS');
      const kept = await log.checkpoint('FACTS', writer);
      expect(kept.hash).toBe(before.hash);
      const cut = await log.checkpoint('FACTS', writer, { purge: true });
      expect((await log.info('FACTS')).firstSeq).toBe(cut.seq + 1);
      const follower = collect(log, 'FACTS');
      await follower.until(({ batches }) => batches.length > 0);
      expect(follower.batches[0]).toMatchObject({ reset: true });
      expect(follower.texts.toSorted()).toEqual([...before.events.values()].map(textOf).toSorted());
      await expect(log.stateAt('FACTS', 3)).rejects.toMatchObject({ code: 'before-retained-history' });
      const again = await log.stateAt('FACTS');
      expect([...again.events.values()].map(textOf)).toEqual([...before.events.values()].map(textOf));
      await other.append([event('rejection.v1.x', 'still mine')]);
      await writer.append(events(1, 'tail'));
      expect(await log.verify('FACTS')).toMatchObject({ damage: [], checkpoints: [{ ok: true }] });
      const heir = await (await world.connect()).openWriter('FACTS', 'r');
      expect(heir.epoch).toBe(2);
      await expect(other.append(events(1))).rejects.toMatchObject({ code: 'fenced' });
    });

    it('gives a follower whose place was purged the checkpoint instead', async () => {
      const writer = await openWith(log, facts, 'w');
      await writer.append(events(5));
      const first = await collect(log, 'FACTS').until(({ batches }) => batches.length > 0);
      const from = first.batches.at(-1)?.position;
      await writer.append([...events(3), event('object.v1.e1', null)]);
      await log.checkpoint('FACTS', writer, { purge: true });
      const second = collect(log, 'FACTS', from === undefined ? {} : { from });
      await second.until(({ batches }) => batches.some((batch) => batch.reset));
      expect(second.items.every((item) => item.kind === 'batch')).toBe(true);
      expect(second.texts.toSorted()).toEqual(['e 0', 'e 2', 'e 3', 'e 4']);
    });

    it('does not take the head being purged under a slow follower for damage', async () => {
      const writer = await openWith(log, facts, 'w');
      await writer.append(events(1));
      const stop = new AbortController();
      const items = log.follow('FACTS', { maxBatch: 10, signal: stop.signal })[Symbol.asyncIterator]();
      expect((await items.next()).value).toMatchObject({ kind: 'batch', reset: true });
      await writer.append(events(3_000));
      await writer.append(events(2_990).map((e) => ({ ...e, tombstone: true })));
      await log.checkpoint('FACTS', writer, { purge: true });
      const { lastSeq } = await writer.append(events(1, 'tail'));
      let state = new Map<string, string>();
      for (;;) {
        const { value: item } = await items.next();
        if (item?.kind !== 'batch') throw new Error(`not a batch: ${JSON.stringify(item)}`);
        if (item.reset) state = new Map();
        for (const e of item.events) {
          if (e.tombstone) state.delete(e.subject);
          else state.set(e.subject, textOf(e));
        }
        if (item.position.seq === lastSeq) break;
      }
      stop.abort();
      await items.next();
      expect([...state.values()].toSorted()).toEqual(
        [...events(3_000).slice(2_990), ...events(1, 'tail')].map(textOf).toSorted(),
      );
    });

    it('makes checkpoints of states larger than a chunk', async () => {
      const writer = await openWith(log, facts, 'w');
      const data = new Uint8Array(700_000).fill(7);
      for (let i = 0; i < 5; i++)
        await writer.append([{ subject: `object.v1.b${i}`, type: 'T', tombstone: false, data }]);
      const { hash } = await log.checkpoint('FACTS', writer, { purge: true });
      expect((await log.stateAt('FACTS')).hash).toBe(hash);
      const chunks = await toArray(log.read('FACTS', { subjects: ['log.v1.FACTS.chunk.>'] }));
      expect(chunks.length).toBeGreaterThan(3);
      expect(Math.max(...chunks.map((chunk) => chunk.data.length))).toBeLessThanOrEqual(1_000_000);
    });

    it('voids what stood before an epoch start', async () => {
      const writer = await openWith(log, facts, 'w');
      await writer.append(events(3));
      const follower = await collect(log, 'FACTS').until(({ batches }) => batches.length > 0);
      await writer.startEpoch('test');
      const { lastSeq } = await writer.append([event('object.v1.z', 'only')]);
      await follower.until(({ batches }) => batches.filter((batch) => batch.reset).length === 2);
      await follower.caughtUpTo(lastSeq);
      expect(follower.texts).toEqual(['only']);
      expect([...(await log.stateAt('FACTS')).events.keys()]).toEqual(['object.v1.z']);
    });

    it('keeps the newest per subject where told so, without calling it damage', async () => {
      const writer = await openWith(log, acks, 'x');
      for (let i = 0; i < 6; i++)
        await writer.append([event('ack.v1.a', `${i}`), event(`ack.v1.b${i}`, `b${i}`)]);
      expect(await readAll(log, 'ACKS')).toEqual(['b0', 'b1', 'b2', 'b3', '4', 'b4', '5', 'b5']);
      expect(await log.verify('ACKS')).toMatchObject({ damage: [] });
      const heir = await (await world.connect()).openWriter('ACKS', 'x');
      expect(heir.epoch).toBe(2);
      const follower = await collect(log, 'ACKS').until(({ batches }) => batches.length > 0);
      expect(follower.texts).toEqual(['b0', 'b1', 'b2', 'b3', 'b4', '5', 'b5']);
    });

    it('goes on over an outage: appends wait, followers resume, nothing is lost or doubled', async () => {
      const writer = await openWith(log, facts, 'w');
      const follower = collect(log, 'FACTS');
      await writer.append(events(3));
      const during: Promise<unknown>[] = [];
      await world.outage(async () => {
        during.push(
          ...events(10, 'during').map((e) => writer.append([e])),
          writer.append(events(5, 'batch')),
        );
      });
      await Promise.all(during);
      const { lastSeq } = await writer.append(events(1, 'after'));
      await follower.caughtUpTo(lastSeq);
      const want = [...events(3), ...events(10, 'during'), ...events(5, 'batch'), ...events(1, 'after')].map(
        textOf,
      );
      expect(await readAll(log, 'FACTS')).toEqual(want);
      expect(follower.texts).toEqual(want);
      expect(follower.batches.filter((batch) => batch.reset)).toHaveLength(1);
      expect(await log.verify('FACTS')).toMatchObject({ damage: [] });
    });

    it('passes core messages to listeners until they leave', async () => {
      const other = await world.connect();
      const seen: string[] = [];
      let wake = (): void => {};
      const heard = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const leave = other.listen('beat.>', (data) => {
        seen.push(new TextDecoder().decode(data));
        wake();
      });
      await other.ensureStream(facts);
      log.notify('beat.x', new TextEncoder().encode('1'));
      await heard;
      leave();
      expect(seen).toEqual(['1']);
    });

    it('ends followers and refuses appends once closed', async () => {
      const writer = await openWith(log, facts, 'w');
      const follower = collect(log, 'FACTS');
      await follower.until(({ batches }) => batches.length > 0);
      await log.close();
      await follower.stop();
      await expect(writer.append(events(1))).rejects.toMatchObject({ code: 'closed' });
      expect(log.connected).toBe(false);
    });
  });
}
