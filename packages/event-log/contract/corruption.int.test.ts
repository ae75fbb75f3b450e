// Damage to the real files of a real nats-server, which NATS itself does not report.
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { EventLog } from '../src/index.ts';
import { appendApart, Collector, events, facts, openWith, textOf } from './harness.ts';
import { type JetStreamWorld, makeJetStreamWorld } from './jetstream-world.ts';

let world: JetStreamWorld;
let log: EventLog;
beforeEach(async () => {
  world = await makeJetStreamWorld();
  log = await world.connect();
});
afterEach(() => world.close());

async function messageFiles(): Promise<{ blocks: string[]; index: string }> {
  const dir = join(world.server.storeDir, 'jetstream', '$G', 'streams', 'FACTS', 'msgs');
  const names = await readdir(dir);
  return {
    blocks: names.filter((name) => name.endsWith('.blk')).map((name) => join(dir, name)),
    index: join(dir, 'index.db'),
  };
}

async function onlyBlock(): Promise<{ block: string; index: string }> {
  const { blocks, index } = await messageFiles();
  expect(blocks).toHaveLength(1);
  return { block: blocks[0] ?? '', index };
}

/** Flips one bit of the data of the event whose text is `text`. */
async function flipBit(text: string): Promise<void> {
  const { block } = await onlyBlock();
  const bytes = await readFile(block);
  const at = bytes.indexOf(`\r\n\r\n${text}`);
  expect(at).toBeGreaterThan(0);
  bytes[at + 5] = (bytes[at + 5] ?? 0) ^ 1;
  await writeFile(block, bytes);
}

it('finds the event that one flipped bit destroyed, holds readers until an epoch start, and is healed by it', async () => {
  const writer = await openWith(log, facts, 'w');
  await appendApart(writer, events(300));
  const reader = new Collector(log, 'FACTS');
  const first = await reader.until(({ batches }) => batches.length > 0);
  const early = first.batches[0]?.position;
  await reader.stop();
  await appendApart(writer, events(200, 'later'));
  const seq = 1 + 300 + 101;
  await world.restart(() => flipBit('later 100'));

  const report = await log.verify('FACTS');
  expect(report.damage).toMatchObject([{ kind: 'gap', from: seq, to: seq }, { kind: 'chain-broken' }]);
  await expect(log.stateAt('FACTS')).rejects.toMatchObject({ code: 'damaged' });

  const resumed = new Collector(log, 'FACTS', early === undefined ? {} : { from: early });
  const fresh = new Collector(log, 'FACTS');
  for (const follower of [resumed, fresh])
    await follower.until(({ items }) => items.some((item) => item.kind === 'damage'));
  expect(resumed.items.find((item) => item.kind === 'damage')).toMatchObject({
    damage: { kind: 'gap', from: seq, to: seq },
  });
  expect(resumed.texts.length).toBeLessThanOrEqual(100);
  expect(fresh.batches).toEqual([]);

  await writer.startEpoch('one event is lost', report.damage[0]);
  const { lastSeq } = await writer.append(events(3, 'relisted'));
  for (const follower of [resumed, fresh]) {
    await follower.caughtUpTo(lastSeq);
    expect(follower.batches.at(-1)?.position.seq).toBe(lastSeq);
    expect(follower.texts).toEqual(events(3, 'relisted').map(textOf));
    await follower.stop();
  }
  const healed = await log.verify('FACTS');
  expect(healed.damage).toEqual([]);
  expect(healed.healed.map((damage) => damage.from)).toContain(seq);
  expect((await log.stateAt('FACTS')).events.size).toBe(3);
});

it('misses all events of a message of which one flipped bit destroyed one', async () => {
  const writer = await openWith(log, facts, 'w');
  await writer.append(events(100));
  const { lastSeq } = await writer.append(events(1, 'after'));
  await world.restart(async () => {
    const { block } = await onlyBlock();
    const bytes = await readFile(block);
    const at = bytes.indexOf('e 50');
    expect(at).toBeGreaterThan(0);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(block, bytes);
  });
  const report = await log.verify('FACTS');
  const lost = { from: lastSeq - 1, to: lastSeq - 1 };
  expect(report.damage).toMatchObject([{ kind: 'gap', ...lost }, { kind: 'chain-broken' }]);
  await writer.startEpoch('events are lost', report.damage[0]);
  await writer.append(events(50, 'relisted'));
  expect((await log.verify('FACTS')).damage).toEqual([]);
  expect((await log.stateAt('FACTS')).events.size).toBe(50);
});

it('notices that a sequence went back when a flipped bit met a lost index', async () => {
  const writer = await openWith(log, facts, 'w');
  const { lastSeq } = await appendApart(writer, events(100));
  const reader = new Collector(log, 'FACTS');
  await reader.caughtUpTo(lastSeq);
  await world.crash(() => flipBit('e 50'));
  await reader.until(({ items }) => items.some((item) => item.kind === 'damage'));
  await reader.stop();
  expect(reader.items.find((item) => item.kind === 'damage')).toMatchObject({
    damage: { kind: 'sequence-went-back', from: 52, to: lastSeq },
  });
});

it('notices that a sequence went back after index and tail were lost', async () => {
  const writer = await openWith(log, facts, 'w');
  const { lastSeq } = await appendApart(writer, events(100));
  const reader = new Collector(log, 'FACTS');
  await reader.caughtUpTo(lastSeq);
  const position = reader.batches.at(-1)?.position;
  await reader.stop();
  await world.crash(async () => {
    const { block, index } = await onlyBlock();
    const bytes = await readFile(block);
    await rm(index, { force: true });
    await truncate(block, Math.floor(bytes.length / 2));
  });
  const after = await log.info('FACTS');
  expect(after.lastSeq).toBeLessThan(lastSeq);
  const resumed = new Collector(log, 'FACTS', position === undefined ? {} : { from: position });
  await resumed.until(({ items }) => items.length > 0);
  expect(resumed.items[0]).toMatchObject({
    kind: 'damage',
    damage: { kind: 'sequence-went-back', from: after.lastSeq + 1 },
  });
  expect(resumed.batches).toEqual([]);
  await writer.append(events(1, 'orphan'));
  await resumed.until(({ items }) =>
    items.some((item) => item.kind === 'damage' && item.damage.kind === 'chain-broken'),
  );
  expect((await log.verify('FACTS')).damage).toMatchObject([{ kind: 'chain-broken' }]);
  await resumed.stop();
});

it('reports the events of a truncated block', async () => {
  const writer = await openWith(log, facts, 'w');
  const { lastSeq } = await appendApart(writer, events(100));
  await world.crash(async () => {
    const { block } = await onlyBlock();
    await truncate(block, Math.floor((await readFile(block)).length / 2));
  });
  const report = await log.verify('FACTS');
  const { lastSeq: now } = await log.info('FACTS');
  if (now === lastSeq) expect(report.damage).toMatchObject([{ kind: 'gap', to: lastSeq }]);
  else {
    await writer.append(events(1, 'after'));
    expect((await log.verify('FACTS')).damage.map((damage) => damage.kind)).toContain('chain-broken');
  }
});

it('falls back to the checkpoint before a damaged one', async () => {
  const writer = await openWith(log, facts, 'w');
  await writer.append(events(20));
  const good = await log.checkpoint('FACTS', writer);
  await writer.append(events(20, 'more'));
  await log.checkpoint('FACTS', writer);
  await world.restart(async () => {
    const { block } = await onlyBlock();
    const bytes = await readFile(block);
    const at = bytes.lastIndexOf('more 19');
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(block, bytes);
  });
  const report = await log.verify('FACTS');
  expect(report.checkpoints).toMatchObject([{ seq: good.seq, ok: true }, { ok: false }]);
  expect(report.damage[0]).toMatchObject({ kind: 'gap' });
  expect((await log.stateAt('FACTS', good.seq)).hash).toBe(good.hash);
});
