import { describe, expect, it } from 'vitest';
import { Collector, event, events, facts, ir, openWith, textOf } from '../../contract/harness.ts';
import {
  createMemoryLog,
  type DamageNotice,
  followReporting,
  type MemoryLog,
  onDamageReported,
} from '../index.ts';

async function logOf(n: number): Promise<{ log: MemoryLog; lastSeq: number }> {
  const log = createMemoryLog();
  const { lastSeq } = await (await openWith(log, facts, 'w')).append(events(n));
  return { log, lastSeq };
}

describe('damage', () => {
  it.each([
    ['a lost event', 'drop', { kind: 'gap', from: 5, to: 5 }],
    ['a flipped bit', 'flipBit', { kind: 'chain-broken', from: 5, to: 5 }],
  ] as const)('%s is reported with its place', async (_, fault, damage) => {
    const { log, lastSeq } = await logOf(9);
    log.faults[fault]('FACTS', 5);
    const report = await log.verify('FACTS', { withState: true });
    expect(report.damage[0]).toMatchObject(damage);
    expect(report.state).toBeUndefined();
    const follower = await new Collector(log, 'FACTS').until(({ items }) => items.length > 0);
    expect(follower.items[0]).toMatchObject({ kind: 'damage', damage });
    await expect(log.stateAt('FACTS')).rejects.toMatchObject({ code: 'damaged' });
    expect((await log.stateAt('FACTS', 4)).events.size).toBe(3);
    await follower.stop();
    expect(lastSeq).toBe(10);
  });

  it('a message that is none of ours is reported, never skipped', async () => {
    const { log } = await logOf(3);
    log.faults.replace('FACTS', 3, { headers: new Map([['x', 'y']]), data: new Uint8Array() });
    expect((await log.verify('FACTS')).damage[0]).toMatchObject({ kind: 'undecodable-envelope', from: 3 });
  });

  it('at the end of the stream is seen without a further event', async () => {
    const { log, lastSeq } = await logOf(4);
    log.faults.drop('FACTS', lastSeq);
    const follower = await new Collector(log, 'FACTS').until(({ items }) => items.length > 0);
    expect(follower.items[0]).toMatchObject({
      kind: 'damage',
      damage: { kind: 'gap', from: lastSeq, to: lastSeq },
    });
    await follower.stop();
  });

  it('of a head that no checkpoint stands for is reported, and an epoch start mends it', async () => {
    const { log } = await logOf(6);
    const writer = await log.openWriter('FACTS', 'w');
    await log.checkpoint('FACTS', writer, { purge: true });
    const chunk = (await log.info('FACTS')).firstSeq;
    log.faults.flipBit('FACTS', chunk);
    expect((await log.verify('FACTS')).damage[0]).toMatchObject({ kind: 'gap', from: 1, to: chunk - 1 });
    const follower = await new Collector(log, 'FACTS').until(({ items }) => items.length > 0);
    expect(follower.items[0]).toMatchObject({ kind: 'damage' });
    await writer.startEpoch('the head is gone');
    await writer.append([event('object.v1.z', 'new')]);
    await follower.until(({ texts }) => texts.length > 0);
    expect(follower.texts).toEqual(['new']);
    expect((await log.verify('FACTS')).damage).toEqual([]);
    await follower.stop();
  });

  it('of a tail holds a resumed reader until an epoch starts, and is reported again and again', async () => {
    const { log, lastSeq } = await logOf(6);
    const first = await new Collector(log, 'FACTS').caughtUpTo(lastSeq);
    await first.stop();
    const from = first.batches.at(-1)?.position;
    log.faults.cutTail('FACTS', 4);
    const second = await new Collector(log, 'FACTS', from === undefined ? {} : { from }).until(
      ({ items }) => items.length > 0,
    );
    const writer = await log.openWriter('FACTS', 'w', { aboveEpoch: 7 });
    expect(writer.epoch).toBe(8);
    await writer.append(events(1, 'orphan'));
    await writer.startEpoch('the stream went back');
    await writer.append(events(2, 'relisted'));
    await second.until(({ texts }) => texts.length === 2);
    expect(second.items).toMatchObject([
      { kind: 'damage', damage: { kind: 'sequence-went-back', from: 5, to: lastSeq } },
      { kind: 'batch', reset: true },
    ]);
    expect(second.texts).toEqual(['relisted 0', 'relisted 1']);
    await second.stop();
  });

  it('is seen where another event took the place of one that was read', async () => {
    const { log, lastSeq } = await logOf(3);
    const first = await new Collector(log, 'FACTS').caughtUpTo(lastSeq);
    await first.stop();
    log.faults.cutTail('FACTS', 2);
    await (await log.openWriter('FACTS', 'w')).append(events(5, 'other'));
    const from = first.batches.at(-1)?.position;
    const second = await new Collector(log, 'FACTS', from === undefined ? {} : { from }).until(
      ({ items }) => items.length > 0,
    );
    expect(second.items[0]).toMatchObject({
      kind: 'damage',
      damage: { kind: 'sequence-went-back', from: lastSeq },
    });
    await second.stop();
  });

  it('a lost stream does not wipe a reader until the new one holds something', async () => {
    const { log, lastSeq } = await logOf(3);
    const follower = await new Collector(log, 'FACTS').caughtUpTo(lastSeq);
    log.faults.lose('FACTS');
    const writer = await openWith(log, facts, 'w');
    await follower.until(({ items }) => items.some((item) => item.kind === 'damage'));
    expect(follower.texts).toHaveLength(3);
    await writer.append([event('object.v1.a', 'again')]);
    await follower.until(({ texts }) => texts.length === 1);
    expect(follower.texts).toEqual(['again']);
    await follower.stop();
  });

  it('before an epoch start counts as healed', async () => {
    const { log } = await logOf(5);
    log.faults.drop('FACTS', 3);
    const writer = await log.openWriter('FACTS', 'w');
    const [damage] = (await log.verify('FACTS')).damage;
    await writer.startEpoch('an event is lost', damage);
    await writer.append(events(2, 'n'));
    const report = await log.verify('FACTS');
    expect(report.damage).toEqual([]);
    expect(report.healed.map(({ kind }) => kind)).toEqual(['gap', 'chain-broken']);
    expect([...(await log.stateAt('FACTS')).events.values()].map(textOf)).toEqual(['n 0', 'n 1']);
  });

  it('within a transaction reaches the reader instead of half of it', async () => {
    const log = createMemoryLog();
    const writer = await openWith(log, ir, 't');
    const { lastSeq } = await writer.transact(
      events(5).map((_, i) => event(`ir.v1.${i}`, 'large '.repeat(4_000))),
      event('revision.v1.r', 'c'),
    );
    log.faults.drop('IR', lastSeq - 2);
    const follower = await new Collector(log, 'IR').until(({ items }) => items.length > 0);
    expect(follower.items[0]).toMatchObject({ kind: 'damage' });
    expect(follower.batches).toEqual([]);
    await follower.stop();
  });

  it('of a small transaction, which is one message, takes all of it', async () => {
    const log = createMemoryLog();
    const writer = await openWith(log, ir, 't');
    const { lastSeq } = await writer.transact([event('ir.v1.a', '1')], event('revision.v1.r', 'c1'));
    await writer.transact([event('ir.v1.a', '2')], event('revision.v1.r', 'c2'));
    log.faults.flipBit('IR', lastSeq);
    const { damage } = await log.verify('IR');
    expect(damage[0]).toMatchObject({ from: lastSeq, to: lastSeq });
    await expect(log.stateAt('IR')).rejects.toMatchObject({ code: 'damaged' });
  });
});

describe('notices', () => {
  it('reach the owner of the stream from a reader, and no handler gets what is none', async () => {
    const { log } = await logOf(9);
    log.faults.drop('FACTS', 5);
    const notices: DamageNotice[] = [];
    const deaf = onDamageReported(log, 'FACTS', (notice) => notices.push(notice));
    for (const text of ['', 'null', '{"damage":{"stream":"FACTS"},"aboveEpoch":1}'])
      log.notify('damage.FACTS', new TextEncoder().encode(text));
    const reader = followReporting(log, 'FACTS', { aboveEpoch: () => 3 });
    expect((await reader.next()).value).toMatchObject({ kind: 'damage' });
    await expect.poll(() => notices.length).toBe(1);
    expect(notices[0]).toMatchObject({ aboveEpoch: 3, damage: { kind: 'gap', from: 5, to: 5 } });
    await expect.poll(() => notices.length, { timeout: 10_000 }).toBe(2);
    await reader.return(undefined);
    deaf();
  });
});
