// What the event log costs, on a real nats-server with every write synced. Compare the ratios; the absolute numbers are
// those of the machine.
import { connectEventLog, type EventLog, type NewEvent, type StreamDefinition } from '@sluice/event-log';
import { startNats } from '@sluice/testkit';
import { type Summary, summarize } from './percentile.ts';

/** The figures of the log; events of 1 KiB. */
export interface EventLogFigures {
  /** Milliseconds of an append of one event until it is acknowledged, one by one. */
  readonly appendMs: Summary;
  /** Until a follower on another connection sees it. */
  readonly hopMs: Summary;
  /** Events a second, by the number that is appended at once. */
  readonly appendRates: Readonly<Record<string, number>>;
  /** Events a second of a reader, and of a fold. */
  readonly readRate: number;
  readonly foldRate: number;
}

const stream: StreamDefinition = { name: 'BENCH', subjects: ['bench.v1.>'], transactional: false };
const subjects = 5_000;
const data = new TextEncoder().encode('x'.repeat(1_024));

function event(i: number): NewEvent {
  return { subject: `bench.v1.s${i % subjects}`, type: 'BenchEvent', tombstone: false, data };
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}

async function appendRates(log: EventLog, total: number): Promise<Record<string, number>> {
  const writer = await log.openWriter('BENCH', 'bench');
  const rates: Record<string, number> = {};
  for (const size of [10, 100, 1_000]) {
    const rounds = Math.max(2, Math.floor(total / size));
    const time = await seconds(async () => {
      for (let r = 0; r < rounds; r++)
        await writer.append(Array.from({ length: size }, (_, i) => event(r * size + i)));
    });
    rates[size] = (rounds * size) / time;
  }
  await writer.close();
  return rates;
}

/** Appends one by one, and follows from another connection. */
async function hops(
  log: EventLog,
  reader: EventLog,
  count: number,
): Promise<{ acks: number[]; hops: number[] }> {
  const writer = await log.openWriter('BENCH', 'bench');
  const stop = new AbortController();
  let arrived: (at: number) => void = () => {};
  const caughtUp = Promise.withResolvers<void>();
  const { incarnation, lastSeq } = await log.info('BENCH');
  const from = { incarnation, seq: lastSeq, hash: '' };
  const following = (async () => {
    for await (const item of reader.follow('BENCH', { from, signal: stop.signal })) {
      if (item.kind === 'batch' && item.events.length > 0) arrived(performance.now());
      caughtUp.resolve();
    }
  })();
  await caughtUp.promise;
  const result = { acks: [] as number[], hops: [] as number[] };
  for (let i = 0; i < count; i++) {
    const at = new Promise<number>((resolve) => {
      arrived = resolve;
    });
    const start = performance.now();
    await writer.append([event(i)]);
    result.acks.push(performance.now() - start);
    result.hops.push((await at) - start);
  }
  stop.abort();
  await following;
  await writer.close();
  return result;
}

/** @param events appended in each way, at least 100 */
export async function measureEventLog(events: number): Promise<EventLogFigures> {
  await using nats = await startNats();
  const connect = (name: string) =>
    connectEventLog({ url: nats.url, monitorUrl: nats.monitorUrl, name: `bench-${name}` });
  const log = await connect('writer');
  const reader = await connect('reader');
  try {
    await log.ensureStream(stream);
    const single = await hops(log, reader, Math.min(1_000, events));
    const rates = await appendRates(log, events);
    const { lastSeq } = await log.info('BENCH');
    const readSeconds = await seconds(async () => {
      for await (const _ of log.read('BENCH'));
    });
    const foldSeconds = await seconds(() => log.stateAt('BENCH'));
    return {
      appendMs: summarize(single.acks),
      hopMs: summarize(single.hops),
      appendRates: rates,
      readRate: lastSeq / readSeconds,
      foldRate: lastSeq / foldSeconds,
    };
  } finally {
    await Promise.all([log.close(), reader.close()]);
  }
}
