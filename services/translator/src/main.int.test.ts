import { join } from 'node:path';
import { connectEventLog, type EventLog } from '@sluice/event-log';
import { type IrResource, irHash, SetHash } from '@sluice/ir';
import { type LaunchedProcess, launch, type RunningNats, startNats, until } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FactInput, translateFromScratch } from './core/index.ts';
import { addressFact, builtInClasses, controllerNames, objectFact, syncedFacts } from './scenario.fixture.ts';
import { Hand, irOn, revisionsOn, statusOn } from './translation.fixture.ts';

let nats: RunningNats;
let log: EventLog;
let hand: Hand;
const written: FactInput[] = [];

beforeAll(async () => {
  nats = await startNats();
  log = await connectEventLog({ url: nats.url, monitorUrl: nats.monitorUrl, name: 'test' });
  hand = await Hand.open(log);
});
afterAll(async () => {
  await log?.close();
  await nats?.[Symbol.asyncDispose]();
});

function start(): Promise<LaunchedProcess> {
  return launch({
    name: 'translator',
    command: process.execPath,
    args: [join(import.meta.dirname, 'main.ts')],
    env: {
      PATH: process.env.PATH,
      SLUICE_NATS_URL: nats.url,
      SLUICE_NATS_MONITOR_URL: nats.monitorUrl,
      SLUICE_CHECKPOINT_EVERY: '40',
    },
  });
}

async function write(facts: readonly FactInput[]): Promise<void> {
  written.push(...facts);
  await hand.facts(facts);
}

function gateway(name: string, address: string): FactInput[] {
  const listeners = [{ name: 'http', protocol: 'HTTP', port: 80 }];
  const manifest = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name },
    spec: { gatewayClassName: 'sluice', listeners },
  };
  return [objectFact(manifest), addressFact(`default/${name}`, [address])];
}

function route(name: string, path: string): FactInput {
  return objectFact({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name },
    spec: {
      parentRefs: [{ name: 'gw' }],
      rules: [{ matches: [{ path: { value: path } }], backendRefs: [{ name: 'web', port: 80 }] }],
    },
  });
}

function hashOf(resources: Iterable<IrResource>): string {
  const sum = new SetHash();
  for (const resource of resources) sum.add(irHash(resource));
  return sum.toString();
}

describe('on a real log', () => {
  test('kill -9 at any moment: the IR ends as an uninterrupted run gives it, each revision is whole', async () => {
    const service = objectFact({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { ports: [{ port: 80 }] },
    });
    await write([
      ...builtInClasses(),
      service,
      ...gateway('gw', '127.80.0.1'),
      route('r0', '/0'),
      ...syncedFacts(),
    ]);
    let translator = await start();
    await using _last = { [Symbol.asyncDispose]: () => translator[Symbol.asyncDispose]() };
    await translator.waitForLine(/translator is active/, 60_000);
    // Each round kills at another moment: before anything, once the lease is on the log, once the revision is, which is one message.
    let before = 0;
    for (let round = 0; round < 6; round++) {
      await write(Array.from({ length: 30 }, (_, i) => route(`r${i}`, `/${round}/${i}`)));
      if (round % 3 > 0)
        await until(async () => (await log.info('IR')).lastSeq >= before + (round % 3), {
          intervalMs: 1,
        });
      translator.kill('SIGKILL');
      await translator.exited;
      before = (await log.info('IR')).lastSeq;
      translator = await start();
    }
    const fresh = translateFromScratch(written, { controllerNames });
    await until(async () => hashOf((await irOn(log)).values()) === fresh.stateHash);
    expect(await irOn(log)).toEqual(fresh.ir);
    await until(async () => (await statusOn(log)).size === 33);
    const revisions = await revisionsOn(log);
    expect(revisions.at(-1)?.stateHash).toBe(fresh.stateHash);
    for (const [i, { revision }] of revisions.slice(1).entries()) {
      const older = revisions[i]?.revision ?? { epoch: 0, seq: 0 };
      expect(
        revision.epoch > older.epoch || (revision.epoch === older.epoch && revision.seq > older.seq),
      ).toBe(true);
    }
    const report = await log.verify('IR');
    expect(report.damage).toEqual([]);
    expect(report.checkpoints.every((c) => c.ok)).toBe(true);
    const end = (await log.info('IR')).lastSeq;
    translator.kill('SIGTERM');
    expect(await translator.exited).toEqual({ code: 0, signal: null });
    expect((await log.info('IR')).lastSeq).toBe(end);
  });

  test('a standby waits, and takes over when the active one is killed', async () => {
    await using active = await start();
    await active.waitForLine(/translator is active/, 60_000);
    await using standby = await start();
    await standby.waitForLine(/service started/, 60_000);
    const facts = [...gateway('second', '127.80.0.2')];
    await write(facts);
    await until(async () => (await irOn(log)).has('gateway:default/second'));
    expect(standby.log()).not.toMatch(/translator is active/);
    active.kill('SIGKILL');
    await write([route('after', '/after')]);
    await until(async () => (await irOn(log)).has('http-route:default/after'));
    expect(standby.log()).toMatch(/translator is active/);
  });

  test('survives the death of NATS', async () => {
    await using translator = await start();
    await translator.waitForLine(/translator is active/, 60_000);
    await nats.kill();
    await nats.restart();
    await write([route('reborn', '/reborn')]);
    await until(async () => (await irOn(log)).has('http-route:default/reborn'));
    expect(translator.running).toBe(true);
  });

  test('kill -9 inside a revision of several batches: readers have none of it, and the next one makes it whole', async () => {
    let cut = 0;
    for (let round = 0; round < 8 && cut === 0; round++) {
      await write(Array.from({ length: 2_400 }, (_, i) => route(`many-${i}`, `/${round}/many/${i}`)));
      const before = (await log.info('IR')).lastSeq;
      await using translator = await start();
      // A lease, and the packs of the first batch of the revision: at most 1,000 events are atomic.
      await until(async () => (await log.info('IR')).lastSeq > before + 10, {
        intervalMs: 1,
      });
      translator.kill('SIGKILL');
      await translator.exited;
      const last = (await revisionsOn(log)).at(-1);
      expect(hashOf((await irOn(log)).values())).toBe(last?.stateHash);
      if (last?.stateHash !== translateFromScratch(written, { controllerNames }).stateHash) cut++;
    }
    expect(cut).toBe(1);
    await using _translator = await start();
    const fresh = translateFromScratch(written, { controllerNames });
    await until(async () => (await revisionsOn(log)).at(-1)?.stateHash === fresh.stateHash, {});
    expect(await irOn(log)).toEqual(fresh.ir);
    expect((await log.verify('IR')).damage).toEqual([]);
  });
});
