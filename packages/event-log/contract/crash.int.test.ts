import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { EventLog } from '../src/index.ts';
import { Collector, event, events, facts, ir, openWith, readAll, textOf } from './harness.ts';
import { type JetStreamWorld, makeJetStreamWorld } from './jetstream-world.ts';

let world: JetStreamWorld;
let log: EventLog;
beforeEach(async () => {
  world = await makeJetStreamWorld();
  log = await world.connect();
});
afterEach(() => world.close());

it('loses and doubles nothing when the server is killed amid a stream of appends', async () => {
  const writer = await openWith(log, facts, 'w');
  const follower = new Collector(log, 'FACTS');
  const wanted: string[] = [];
  let crashes: Promise<void> = Promise.resolve();
  let done = false;
  const killing = (async () => {
    for (let round = 0; round < 6; round++) {
      await follower.until(({ texts }) => done || texts.length > (round + 1) * 150);
      if (done) return;
      crashes = world.crash();
      await crashes;
    }
  })();
  for (let i = 0; i < 400; i++) {
    const batch = events(1 + (i % 7), `i${i}-`);
    wanted.push(...batch.map(textOf));
    const appended = writer.append(batch);
    if (i % 3 === 0) await appended;
    else appended.catch(() => {});
  }
  const { lastSeq } = await writer.append(events(1, 'end'));
  done = true;
  wanted.push('end 0');
  await crashes;
  await follower.caughtUpTo(lastSeq);
  await follower.stop();
  await killing;
  expect(await readAll(log, 'FACTS')).toEqual(wanted);
  expect(follower.texts).toEqual(wanted);
  expect(await log.verify('FACTS')).toMatchObject({ damage: [], healed: [] });
});

it('commits each small transaction once and whole while the server is killed again and again', async () => {
  const writer = await openWith(log, ir, 't');
  const follower = await new Collector(log, 'IR').until(({ batches }) => batches.length > 0);
  const wanted: string[] = [];
  let crashing: Promise<void> | undefined;
  let last = 0;
  for (let i = 0; i < 150; i++) {
    const each = [0, 1, 2].map((n) => event(`ir.v1.r${n}`, `${i}:${n}`));
    wanted.push(...each.map(textOf), `commit ${i}`);
    const done = writer.transact(each, event('revision.v1.r', `commit ${i}`));
    if (i % 40 === 20) crashing = world.crash();
    ({ lastSeq: last } = await done);
    await crashing;
  }
  await follower.caughtUpTo(last);
  await follower.stop();
  expect(follower.texts).toEqual(wanted);
  expect(await log.verify('IR')).toMatchObject({ damage: [] });
});

it('commits a transaction of several batches whole though the server is killed within it', async () => {
  let crash: (() => Promise<void>) | undefined = () => world.crash();
  const other = await world.connect({
    failPoints: {
      betweenBatches: async () => {
        const kill = crash;
        crash = undefined;
        await kill?.();
      },
    },
  });
  const writer = await openWith(other, ir, 't');
  const many = [...Array(2_400).keys()].map((i) => event(`ir.v1.r${i}`, `${i}`));
  const follower = new Collector(log, 'IR');
  const { lastSeq } = await writer.transact(many, event('revision.v1.r', 'commit'));
  await follower.caughtUpTo(lastSeq);
  await follower.stop();
  expect(follower.texts).toEqual([...many.map(textOf), 'commit']);
  expect(await log.verify('IR')).toMatchObject({ damage: [] });
});

it('tells a reader that the stream was lost, and gives it the new one once that holds something', async () => {
  const writer = await openWith(log, facts, 'w');
  const { lastSeq } = await writer.append(events(5));
  const follower = new Collector(log, 'FACTS');
  await follower.caughtUpTo(lastSeq);
  await world.crash(async () => {
    await rm(world.server.storeDir, { recursive: true });
  });
  const reborn = await openWith(await world.connect(), facts, 'w');
  await follower.until(({ items }) => items.some((item) => item.kind === 'damage'));
  expect(follower.items.at(-1)).toMatchObject({ kind: 'damage', damage: { kind: 'stream-lost' } });
  await reborn.append(events(2, 'new'));
  await follower.until(
    ({ batches, texts }) => batches.filter((batch) => batch.reset).length === 2 && texts.length === 2,
  );
  await follower.stop();
  expect(follower.texts).toEqual(['new 0', 'new 1']);
});
