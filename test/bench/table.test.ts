import { expect, it } from 'vitest';
import type { ChangeResult } from './changes.ts';
import { endMark, startMark, withBlock } from './marked-block.ts';
import { parseOptions } from './options.ts';
import { percentile, summarize } from './percentile.ts';
import { perProcess } from './processes.ts';
import { failuresOf, parts, type Report, type WorldResult } from './report.ts';
import { renderReport } from './table.ts';

const machine = {
  kernel: 'linux 6',
  cores: 2,
  cpu: 'x',
  memoryGiB: 8,
  node: 'v24',
  load: [0.1, 0.2, 0.3],
  workMs: 1,
};

function change(ms: number, failed = 0): ChangeResult {
  const cost = {
    cpuMs: perProcess(() => 1),
    events: 5,
    logBytes: 5_600,
    xdsBytes: 840,
    xdsResources: 1,
  };
  return {
    kind: 'changed route',
    ms: summarize([ms]),
    warmUpMs: summarize([3 * ms]),
    failed,
    failures: failed === 0 ? [] : [503],
    cost,
  };
}

function report(worlds: readonly WorldResult[], more: Partial<Report> = {}): Report {
  const command = 'npm run bench';
  const empty = {
    requests: [],
    ingress: [],
    envoyConfigs: [],
    kubernetes: [],
    eventLog: undefined,
    skipped: [],
    faults: [],
  };
  return { schema: 1, startedAt: '2026-11-22T00:00:00Z', command, machine, worlds, ...empty, ...more };
}

const rowOf = (text: string, what: string): string | undefined =>
  text.split('\n').find((line) => line.startsWith(`| ${what}`));

it('percentiles are nearest ranks', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  expect([0, 0.5, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([1, 50, 99, 100]);
  expect(summarize([3, 1, 2])).toEqual({ count: 3, p50: 2, p90: 3, p99: 3, max: 3 });
  expect(percentile([], 0.5)).toBeNaN();
});

it('has a column for each number of routes and says what is met', () => {
  const text = renderReport(
    report([
      { hosts: 'own hostnames', routes: 10_000, changes: [change(9)] },
      { hosts: 'own hostnames', routes: 100, changes: [change(4)] },
    ]),
  );
  expect(rowOf(text, 'measured')).toBe('| measured | hosts | 100 | 10,000 | expected |  |');
  expect(rowOf(text, 'changed route, p50 /')).toContain('| 4.0 / 4.0 | 9.0 / 9.0 | ≤ 10 / ≤ 30 | met |');
  expect(rowOf(text, 'the first changed routes')).toContain(
    '| 12.0 / 12.0 | 27.0 / 27.0 | ≤ 10 / ≤ 30 | missed |',
  );
  expect(rowOf(text, 'changed route, p50 to')).toContain('|  | 2.25 × | ≤ 1.5 × | missed |');
  expect(text).toContain('No request failed');
});

it('tells failed requests, missing routes and parts that did not end', () => {
  const start = { servedMs: 1, readyMs: 1, samples: 1, missing: 2 };
  const failed = report([{ hosts: 'one hostname', routes: 10, cold: start, changes: [change(1, 3)] }], {
    faults: ['event log: waited in vain'],
  });
  expect(failuresOf(failed)).toEqual([
    'event log: waited in vain',
    'one hostname, 10 routes, cold start: 2 routes did not answer 200',
    'one hostname, 10 routes, changed route: 3 failed requests (503)',
  ]);
  expect(rowOf(renderReport(failed), 'failed requests')).toContain('| 3 | 0 | missed |');
});

it('replaces what stands between the marks, and nothing else', () => {
  const document = `a\n${startMark}\nold\n${endMark}\nz\n`;
  const once = withBlock(document, 'new');
  expect(once).toBe(`a\n${startMark}\nnew\n${endMark}\nz\n`);
  expect(withBlock(once, 'new')).toBe(once);
  expect(() => withBlock(`${endMark}${startMark}`, '')).toThrow(startMark);
});

it('reads its arguments, and repeats the command without its outputs', () => {
  const options = parseOptions([
    '--routes',
    '10,5',
    '--only',
    'change,churn',
    '--json',
    'x',
    '--hosts',
    'one',
  ]);
  expect(options).toMatchObject({ routes: [5, 10], parts: ['change', 'churn'], hosts: ['one hostname'] });
  expect(options).toMatchObject({
    command: 'npm run bench -- --routes 10,5 --only change,churn --hosts one',
    json: 'x',
    changes: 30,
  });
  expect(parseOptions([]).parts).toEqual(parts);
});

it('shows what was measured behind an API server, with the figure of files beside it', () => {
  const afterMs = summarize([20]);
  const text = renderReport(
    report([{ hosts: 'own hostnames', routes: 100, changes: [change(9)] }], {
      kubernetes: [
        {
          hosts: 'own hostnames',
          routes: 100,
          start: { servedMs: 2_000, statusMs: 3_000, missing: 0 },
          changes: [{ kind: 'changed route', afterMs, writeMs: summarize([5]), failed: 2, failures: [503] }],
          attach: { routes: 1_000, writtenMs: 4_000, seenMs: 400, gatewayWrites: 16 },
        },
      ],
      skipped: ['event-log: no disk'],
    }),
  );
  expect(rowOf(text, 'API server: changed route')).toContain('| 20.0 / 20.0 [9.0 / 9.0] (5.0) |');
  expect(rowOf(text, 'API server: from the last of them')).toContain('| 0.40 | ≤ 1 | met |');
  expect(rowOf(text, 'API server: writes to that Gateway')).toContain('| 16 | ≤ 15 | missed |');
  expect(text).toContain('Not measured: event-log: no disk.');
  expect(text).toContain('- API server, 100 routes, changed route: 2 failed requests (503)');
});
