// The benchmark itself, with few routes: it measures what it says, and nothing fails. No figure is judged by its time.
import { clusterUnavailable } from '@sluice/testkit/cluster';
import { beforeAll, expect, it } from 'vitest';
import { parseOptions } from './options.ts';
import { failuresOf, type Report } from './report.ts';
import { runBench } from './run.ts';
import { renderReport } from './table.ts';

const args =
  '--routes 40 --hosts one --changes 2 --churn-seconds 1 --churn-rates 5 --requests-per-second 100 --rounds 1 --requests-per-round 100 --envoy-configs 10 --attached-routes 30 --log-events 100';
const said: string[] = [];
/** Four platforms and an API server are started in turn, beside other tests. */
const patienceMs = 300_000;
let report: Report;

beforeAll(async () => {
  report = await runBench({
    options: { ...parseOptions(args.split(' ')), idleMs: 200, tidyMs: 0, looks: 20 },
    progress: (text) => said.push(text),
    signal: new AbortController().signal,
  });
}, patienceMs);

it('ends without a failure and shows how far it is', () => {
  expect(failuresOf(report)).toEqual([]);
  expect(said).toContain('one hostname, 40 routes: cold start');
  expect(said).toContain('event log');
});

it('measures starts, memory, changes and churn', () => {
  expect(report.worlds).toHaveLength(1);
  const [world] = report.worlds;
  expect(world?.changes?.map(({ kind, ms }) => [kind, ms.count])).toEqual([
    ['changed route', 2],
    ['new route', 2],
    ['removed route', 2],
    ['backend flip', 2],
    ['endpoint change', 2],
  ]);
  // The fact, the resource of the IR with its marker, the status, and the acknowledgement.
  expect(world?.changes?.[0]?.cost).toMatchObject({ xdsResources: 1 });
  expect(world?.changes?.[0]?.cost.events).toBeGreaterThanOrEqual(4);
  expect(world?.changes?.[0]?.cost.logBytes).toBeGreaterThan(1_000);
  expect(world?.churn).toMatchObject([{ changes: 5, failed: 0 }]);
  expect(world?.churn?.[0]?.sent).toBeGreaterThan(50);
  expect(world?.memory?.rssMiB.envoy).toBeGreaterThan(10);
  expect(world?.cold?.servedMs).toBeGreaterThan(0);
  expect(world?.warm?.servedMs).toBeGreaterThan(0);
});

it('measures a changed Ingress', () => {
  expect(report.ingress).toMatchObject([{ routes: 40, failed: 0, cost: { xdsResources: 1 } }]);
  expect(report.ingress[0]?.ms.count).toBe(2);
});

it('measures a changed CiliumEnvoyConfig', () => {
  expect(report.envoyConfigs).toMatchObject([{ routes: 10, failed: 0, cost: { xdsResources: 1 } }]);
  expect(report.envoyConfigs[0]?.ms.count).toBe(2);
});

it('measures requests in both layouts, and the log', () => {
  expect(report.requests.map(({ what, failed }) => [what, failed])).toEqual([
    ['exact host', 0],
    ['path of many', 0],
    ['wildcard', 0],
    ['no such host', 0],
  ]);
  for (const { cpuUs } of report.requests)
    expect(Math.min(...cpuUs.scoped, ...cpuUs.plain)).toBeGreaterThan(0);
  expect(report.eventLog?.hopMs.count).toBe(100);
});

it.skipIf(clusterUnavailable() !== undefined)('measures the same behind a real API server', () => {
  expect(report.skipped).toEqual([]);
  const [result] = report.kubernetes;
  expect(result?.start?.missing).toBe(0);
  expect(result?.changes?.map(({ kind, afterMs }) => [kind, afterMs.count])).toEqual(
    report.worlds[0]?.changes?.map(({ kind, ms }) => [kind, ms.count]),
  );
  expect(result?.attach?.routes).toBe(30);
  expect(result?.attach?.gatewayWrites).toBeGreaterThan(0);
  expect(renderReport(report)).toContain('| API server: changed route, p50');
});

it('says what could not be measured here, and why', () => {
  const skipped = clusterUnavailable() === undefined ? [] : [`kubernetes: ${clusterUnavailable()}`];
  expect(report.skipped).toEqual(skipped);
});

it('prints a row for each of them', () => {
  const text = renderReport(report);
  for (const what of [
    'changed route',
    'cold start',
    '5 changes/s',
    'Envoy CPU for a request, wildcard',
    'changed Ingress',
    'changed CiliumEnvoyConfig',
  ])
    expect(text).toContain(`| ${what}`);
  expect(text).toContain('Event log');
});
