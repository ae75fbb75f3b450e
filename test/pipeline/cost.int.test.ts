// Cost follows the change: what one change writes, runs and sends with 10,000 routes is what it is with 100. Counted by
// the running services and the log's server, not timed.
import { type Backend, serviceObjects, startBackend, until } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { costBetween, type Footprint, footprintAtRest } from '../harness/footprint.ts';
import { type HostLayout, manyRoutesGateway, oneOfMany } from '../harness/many-routes.ts';
import { metricsOf, total } from '../harness/metrics.ts';
import { type Sluice, startSluice } from '../harness/sluice.ts';

const few = 100;
const many = 10_000;
const perFile = 100;
const patienceMs = 240_000;

describe.each<HostLayout>(['own hostnames', 'one hostname'])('%s', (layout) => {
  const stack = new AsyncDisposableStack();
  let sluice: Sluice;
  let backend: Backend;
  let scoped = false;
  let version = 0;

  /** Files of the routes from `from` on; the last route of all has a file of its own. */
  function files(from: number, to: number): Record<string, object[]> {
    const all: Record<string, object[]> = {};
    for (let start = from; start < to; start += perFile)
      all[`routes-${start}.yaml`] = Array.from({ length: Math.min(perFile, to - start) }, (_, i) =>
        oneOfMany(layout, start + i, '0'),
      );
    return all;
  }

  async function grow(from: number, to: number, count: number): Promise<void> {
    sluice.write(files(from, to));
    const series = 'sluice_source_objects{kind="HTTPRoute"}';
    await until(async () => (await metricsOf(sluice.dataDir, 'api-watcher')).get(series) === count, {
      timeoutMs: patienceMs,
      intervalMs: 200,
      message: `${count} routes on the log`,
    });
  }

  /** Every 10,000 facts a checkpoint is written, which is no cost of the change that happens to come last. */
  async function checkpointed(): Promise<void> {
    const args = ['log', '--type', 'CheckpointClosed', '-o', 'json'];
    const closed = async () => (await sluice.cli(...args)).stdout.includes('CheckpointClosed');
    await until(closed, { timeoutMs: patienceMs, intervalMs: 500, message: 'the checkpoint of FACTS' });
  }

  function changeRoute(): void {
    version += 1;
    sluice.write({ 'changed.yaml': oneOfMany(layout, many - 1, `${version}`) });
  }

  function publish(ready: boolean): void {
    const endpoint = {
      address: backend.address,
      port: backend.port,
      conditions: { ready: true, serving: true },
    };
    const second = { ...endpoint, address: '127.0.0.2', conditions: { ready } };
    sluice.write({ 'echo.yaml': serviceObjects({ name: 'echo', endpoints: [endpoint, second] }) });
  }

  async function costOf(change: () => void): Promise<Footprint> {
    const before = await footprintAtRest(sluice.dataDir, patienceMs);
    change();
    let after = before;
    while (after.acknowledged === before.acknowledged)
      after = await footprintAtRest(sluice.dataDir, patienceMs);
    return costBetween(before, after);
  }

  async function measure() {
    return {
      route: await costOf(changeRoute),
      withEqualWrite: await costOf(() => {
        sluice.write(files(0, perFile));
        changeRoute();
      }),
      endpoint: await costOf(() => publish(true)),
      back: await costOf(() => publish(false)),
    };
  }

  let small: Awaited<ReturnType<typeof measure>>;
  let large: Awaited<ReturnType<typeof measure>>;

  beforeAll(async () => {
    backend = stack.use(await startBackend({ name: 'echo' }));
    sluice = stack.use(await startSluice({ manifests: { 'gateway.yaml': manyRoutesGateway } }));
    publish(false);
    changeRoute();
    await grow(0, few, few + 1);
    small = await measure();
    await grow(few, many - 1, many);
    await checkpointed();
    large = await measure();
    scoped =
      total(await metricsOf(sluice.dataDir, 'xds-server'), 'sluice_xds_resources_sent_total{kind="scope"}') >
      0;
  }, 2 * patienceMs);
  afterAll(() => stack.disposeAsync());

  it('one changed route is one fact, one revision, one status and one resource', () => {
    for (const cost of [small.route, large.route]) {
      expect(cost.events).toEqual({ FACTS: 1, IR: 1, STATUS: 1 });
      expect(cost.sent).toEqual({ [scoped ? 'scope' : 'route']: 1 });
    }
    expect(large.route.transforms).toBe(small.route.transforms);
    for (const stream of ['FACTS', 'IR', 'STATUS'] as const) {
      const growth = large.route.bytes[stream] - small.route.bytes[stream];
      // Sequences and revisions have more digits.
      expect([stream, Math.abs(growth) < 100]).toEqual([stream, true]);
    }
  });

  it('the bytes sent for it do not grow with the number of routes', (context) => {
    if (!scoped) context.skip('plain RDS sends the whole table of a listener');
    expect(large.route.sentBytes).toBeLessThan(small.route.sentBytes + 200);
  });

  it('a change of an endpoint sends endpoints, and touches no route', () => {
    for (const cost of [small.endpoint, large.endpoint, small.back, large.back]) {
      expect(cost.sent).toEqual({ endpoint: 1 });
      expect(cost.events).toEqual({ FACTS: 1, IR: 1, STATUS: 0 });
    }
    expect(large.endpoint.transforms).toBe(small.endpoint.transforms);
    expect(Math.abs(large.endpoint.sentBytes - small.endpoint.sentBytes)).toBeLessThan(100);
  });

  it('a change is worked on while the log writes it to disk', async () => {
    const series = 'early_total{outcome="came"}';
    const came = async () => [
      total(await metricsOf(sluice.dataDir, 'translator'), `sluice_translator_${series}`),
      total(await metricsOf(sluice.dataDir, 'xds-server'), `sluice_xds_${series}`),
    ];
    const before = await came();
    // Early words may be lost, and come too late on a busy machine.
    const moreCame = async (): Promise<boolean> => {
      await costOf(changeRoute);
      return (await came()).every((count, i) => count > (before[i] ?? 0));
    };
    await until(moreCame, { timeoutMs: patienceMs, message: 'early words that were of use' });
  });

  it('a file that is written again as it was raises no event', () => {
    for (const [cost, plain] of [
      [small.withEqualWrite, small.route],
      [large.withEqualWrite, large.route],
    ] as const) {
      expect(cost.events).toEqual(plain.events);
      expect(cost.sent).toEqual(plain.sent);
      expect(cost.transforms).toBe(plain.transforms);
    }
  });
});
