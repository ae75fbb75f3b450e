// What the event log costs, on a real nats-server with every write synced: `node test/bench/event-log.ts`.
// Compare the ratios; the absolute numbers are those of the machine.
import { connectEventLog, type EventLog, type NewEvent, type StreamDefinition } from '@sluice/event-log';
import { startNats } from '@sluice/testkit';

const stream: StreamDefinition = { name: 'BENCH', subjects: ['bench.v1.>'], transactional: false };
const data = new TextEncoder().encode('x'.repeat(1_024));

function event(i: number): NewEvent {
  return { subject: `bench.v1.s${i % 5_000}`, type: 'BenchEvent', tombstone: false, data };
}

function print(what: string, value: string): void {
  process.stdout.write(`${what.padEnd(58)} ${value}\n`);
}

function percentile(values: readonly number[], at: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * at)] ?? Number.NaN;
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}

async function appends(log: EventLog): Promise<void> {
  const writer = await log.openWriter('BENCH', 'bench');
  const single = 1_000;
  const one = await seconds(async () => {
    for (let i = 0; i < single; i++) await writer.append([event(i)]);
  });
  print('append one by one, 1 KiB', `${Math.round(single / one)} events/s`);
  for (const size of [10, 100, 1_000]) {
    const rounds = Math.max(10, 5_000 / size);
    const many = await seconds(async () => {
      for (let r = 0; r < rounds; r++) await writer.append(Array.from({ length: size }, (_, i) => event(i)));
    });
    const rate = (rounds * size) / many;
    print(
      `append in batches of ${size}`,
      `${Math.round(rate)} events/s, ${(rate / (single / one)).toFixed(1)} x`,
    );
  }
  const together = await seconds(() =>
    Promise.all(Array.from({ length: 5_000 }, (_, i) => writer.append([event(i)]))),
  );
  print('5,000 single appends at once', `${Math.round(5_000 / together)} events/s`);
  await writer.close();
}

/** Milliseconds from the call of `append` to its event at a follower of another connection. */
async function hop(log: EventLog, reader: EventLog): Promise<void> {
  const writer = await log.openWriter('BENCH', 'bench');
  const stop = new AbortController();
  let arrived: (at: number) => void = () => {};
  let ready: () => void = () => {};
  const caughtUp = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const from = {
    incarnation: (await log.info('BENCH')).incarnation,
    seq: (await log.info('BENCH')).lastSeq,
    hash: '',
  };
  const following = (async () => {
    for await (const item of reader.follow('BENCH', { from, signal: stop.signal })) {
      if (item.kind === 'batch' && item.events.length > 0) arrived(performance.now());
      ready();
    }
  })();
  await caughtUp;
  const hops: number[] = [];
  const acks: number[] = [];
  for (let i = 0; i < 1_000; i++) {
    const at = new Promise<number>((resolve) => {
      arrived = resolve;
    });
    const start = performance.now();
    await writer.append([event(i)]);
    acks.push(performance.now() - start);
    hops.push((await at) - start);
  }
  stop.abort();
  await following;
  const show = (values: readonly number[]): string =>
    `p50 ${percentile(values, 0.5).toFixed(2)} ms, p99 ${percentile(values, 0.99).toFixed(2)} ms`;
  print('append until acknowledged', show(acks));
  print('append until seen by a follower', show(hops));
  print('a hop over an append, p50', `${(percentile(hops, 0.5) / percentile(acks, 0.5)).toFixed(2)} x`);
}

async function replay(log: EventLog): Promise<void> {
  const { lastSeq } = await log.info('BENCH');
  let seen = 0;
  const time = await seconds(async () => {
    for await (const _ of log.read('BENCH')) seen += 1;
  });
  print(`read of ${seen} events`, `${Math.round(lastSeq / time)} events/s`);
  print('fold', `${Math.round(lastSeq / (await seconds(() => log.stateAt('BENCH'))))} events/s`);
  const writer = await log.openWriter('BENCH', 'bench');
  print(
    'checkpoint of 5,000 events',
    `${((await seconds(() => log.checkpoint('BENCH', writer, { purge: true }))) * 1_000).toFixed(0)} ms`,
  );
  print(
    'state from the checkpoint',
    `${((await seconds(() => log.stateAt('BENCH'))) * 1_000).toFixed(0)} ms`,
  );
}

await using nats = await startNats();
const log = await connectEventLog({ url: nats.url, monitorUrl: nats.monitorUrl, name: 'bench-writer' });
const reader = await connectEventLog({ url: nats.url, monitorUrl: nats.monitorUrl, name: 'bench-reader' });
await log.ensureStream(stream);
await appends(log);
await hop(log, reader);
await replay(log);
await Promise.all([log.close(), reader.close()]);
