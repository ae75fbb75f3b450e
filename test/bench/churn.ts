// Changes at a steady rate under an open loop of requests: does any fail, and how far behind is the last change?
import { setTimeout as pause } from 'node:timers/promises';
import { LoadGenerator, type LoadReport } from '@sluice/testkit';
import { placeOf } from '../harness/many-routes.ts';
import { BenchClient, effectOf } from './client.ts';
import { type BaseLoad, cpuBetween } from './cost.ts';
import { type Summary, summarize } from './percentile.ts';
import { type PerProcess, perProcess, readCpu } from './processes.ts';
import type { BenchWorld } from './world.ts';

/** How hard. */
export interface ChurnRate {
  readonly changesPerSecond: number;
  readonly seconds: number;
  readonly requestsPerSecond: number;
}

/** What came of it. */
export interface ChurnResult extends ChurnRate {
  readonly changes: number;
  readonly sent: number;
  readonly failed: number;
  /** Failed requests by what was wrong, e.g. `status 503`; of the first 100. */
  readonly failures: Readonly<Record<string, number>>;
  /** Of the requests, milliseconds. */
  readonly latencyMs: Summary;
  /** From the write of the last change to the first answer that shows it, the load still running. */
  readonly lastChangeMs: number;
  /** CPU milliseconds of each process for a change, without what it uses at rest. Envoy's is that of the requests too. */
  readonly cpuMs: PerProcess;
}

const connections = 16;
/** Routes that change in turn; half of the requests go to them, the others to as many that stand still. */
const changing = 16;
const patienceMs = 60_000;

/** Each change gives a route another header value, and every other time another Service: only 200 is right meanwhile. */
export async function measureChurn(
  world: BenchWorld,
  of: { readonly rate: ChurnRate; readonly base: BaseLoad },
): Promise<ChurnResult> {
  const { rate, base } = of;
  const { target, setup, sluice } = world;
  const step = Math.max(1, Math.floor(setup.routes / (2 * changing)));
  await using client = new BenchClient(target);
  await using load = new LoadGenerator({
    ...target,
    connections,
    ratePerSecond: rate.requestsPerSecond,
    maxSeconds: rate.seconds + patienceMs / 1_000,
    place: (n) => placeOf(setup.hosts, ((n % (2 * changing)) * step) % setup.routes),
  });
  const start = readCpu(sluice);
  const changes = rate.seconds * rate.changesPerSecond;
  const change = (i: number) => {
    const index = (2 * (i % changing) * step) % setup.routes;
    const version = `churn-${rate.changesPerSecond}-${i}`;
    const service = Math.floor(i / changing) % 2 === 0 ? 'other' : 'echo';
    return { index, version, object: world.route(index, version, service) };
  };
  const at = (seconds: number) => pause(Math.max(0, start.atMs + seconds * 1_000 - performance.now()));
  for (let i = 0; i < changes - 1; i += 1) {
    await at(i / rate.changesPerSecond);
    await world.sink.write([change(i).object]);
  }
  await at((changes - 1) / rate.changesPerSecond);
  const last = change(changes - 1);
  const { ms, failures } = await effectOf(client, {
    place: placeOf(setup.hosts, last.index),
    stage: () => world.sink.stage([last.object]),
    seen: (look) => look.version === last.version,
    allowed: [200],
    patienceMs,
    what: 'the last change of the churn',
  });
  await at(rate.seconds);
  const end = readCpu(sluice);
  const report = await load.stop();
  const cpu = cpuBetween(start, end, { base, looks: client.asked });
  return {
    ...rate,
    changes,
    sent: report.sent + client.asked,
    failed: report.failed + failures.length,
    failures: reasonsOf(report),
    latencyMs: summarize(report.latenciesMs),
    lastChangeMs: ms,
    cpuMs: perProcess((name) => cpu[name] / changes),
  };
}

function reasonsOf({ failures }: LoadReport): Record<string, number> {
  const reasons: Record<string, number> = {};
  for (const { what } of failures) reasons[what] = (reasons[what] ?? 0) + 1;
  return reasons;
}
