// The rows of what was measured on a running platform, with what the project expects of them.
import type { HostLayout } from '../harness/many-routes.ts';
import type { ChangeKind } from './change-steps.ts';
import type { ChangeResult } from './changes.ts';
import type { ChurnResult } from './churn.ts';
import type { Summary } from './percentile.ts';
import { controlPlaneOf, type Memory, type PerProcess, processNames, sumOf } from './processes.ts';
import type { WorldResult } from './report.ts';
import { type Cell, type Row, rowOf } from './row.ts';

/** What is expected of every number of routes up to 10,000, in both shapes. */
export const expected = {
  changeP50Ms: 10,
  changeP99Ms: 30,
  /** p50 to that of the smallest number of routes: more is not noise. */
  toSmallest: 1.5,
  coldStartMs: 5_000,
  controlPlaneMiB: 512,
};

const layouts: readonly HostLayout[] = ['own hostnames', 'one hostname'];

/** All rows, the shapes below each other. */
export function worldRows(worlds: readonly WorldResult[]): Row[] {
  return layouts.flatMap((hosts) => {
    const same = worlds.filter((world) => world.hosts === hosts).toSorted((a, b) => a.routes - b.routes);
    return [
      ...changeRows(same, hosts),
      ...costRows(same, hosts),
      ...startRows(same, hosts),
      ...memoryRows(same, hosts),
      ...churnRows(same, hosts),
    ];
  });
}

const changeOf = ({ changes = [] }: WorldResult, kind: ChangeKind): ChangeResult | undefined =>
  changes.find((change) => change.kind === kind);

const names = processNames.join(' · ');

const listed = (figures: PerProcess, digits: number): string =>
  processNames.map((name) => figures[name].toFixed(digits)).join(' · ');

const pair = (a: number, b: number): string => `${a.toFixed(1)} / ${b.toFixed(1)}`;

function changeRows(worlds: readonly WorldResult[], hosts: HostLayout): Row[] {
  const kinds: readonly ChangeKind[] = [
    'changed route',
    'new route',
    'removed route',
    'backend flip',
    'endpoint change',
  ];
  const timesOf = (what: string, of: (world: WorldResult) => Summary | undefined): Row[] =>
    rowOf(worlds, {
      what: `${what}, p50 / p99 ms`,
      hosts,
      expected: `≤ ${expected.changeP50Ms} / ≤ ${expected.changeP99Ms}`,
      cell: (world) => {
        const ms = of(world);
        if (ms === undefined) return undefined;
        const met = ms.p50 <= expected.changeP50Ms && ms.p99 <= expected.changeP99Ms;
        return { text: pair(ms.p50, ms.p99), met };
      },
    });
  const times = kinds.map((kind) => timesOf(kind, (world) => changeOf(world, kind)?.ms));
  const first = timesOf(
    'the first changed routes after a start',
    (world) => changeOf(world, 'changed route')?.warmUpMs,
  );
  const smallest = worlds[0] === undefined ? undefined : changeOf(worlds[0], 'changed route')?.ms.p50;
  const ratio = rowOf(worlds.slice(1), {
    what: 'changed route, p50 to that of the fewest routes',
    hosts,
    expected: `≤ ${expected.toSmallest} ×`,
    cell: (world) => {
      const p50 = changeOf(world, 'changed route')?.ms.p50;
      if (p50 === undefined || smallest === undefined) return undefined;
      return { text: `${(p50 / smallest).toFixed(2)} ×`, met: p50 / smallest <= expected.toSmallest };
    },
  });
  const failed = rowOf(worlds, {
    what: 'failed requests during all these changes',
    hosts,
    expected: '0',
    cell: ({ changes }) => {
      if (changes === undefined) return undefined;
      const count = changes.reduce((sum, change) => sum + change.failed, 0);
      return { text: `${count}`, met: count === 0 };
    },
  });
  return [...(times[0] ?? []), ...first, ...ratio, ...times.slice(1).flat(), ...failed];
}

function costRows(worlds: readonly WorldResult[], hosts: HostLayout): Row[] {
  const cost = (what: string, text: (cost: ChangeResult['cost']) => string): Row[] =>
    rowOf(worlds, {
      what,
      hosts,
      expected: '',
      cell: (world) => {
        const change = changeOf(world, 'changed route');
        return change === undefined ? undefined : { text: text(change.cost) };
      },
    });
  return [
    ...cost(`CPU for a changed route, ms: ${names}`, ({ cpuMs }) => listed(cpuMs, 1)),
    ...cost('CPU for a changed route, all, ms', ({ cpuMs }) => sumOf(cpuMs).toFixed(1)),
    ...cost('events and log bytes for a changed route', ({ events, logBytes }) =>
      [events.toFixed(1), logBytes.toFixed(0)].join(' / '),
    ),
    ...cost('resources and xDS bytes for a changed route', ({ xdsResources, xdsBytes }) =>
      [xdsResources.toFixed(1), xdsBytes.toFixed(0)].join(' / '),
    ),
  ];
}

function startRows(worlds: readonly WorldResult[], hosts: HostLayout): Row[] {
  const seconds = (start: 'cold' | 'warm') => (world: WorldResult) => {
    const result = world[start];
    if (result === undefined) return undefined;
    return {
      text: (result.servedMs / 1_000).toFixed(1),
      met: start === 'cold' ? result.servedMs <= expected.coldStartMs && result.missing === 0 : undefined,
    };
  };
  return [
    ...rowOf(worlds, {
      what: 'cold start to the last route served, s',
      hosts,
      expected: `≤ ${expected.coldStartMs / 1_000}`,
      cell: seconds('cold'),
    }),
    ...rowOf(worlds, {
      what: 'everything started again to the last route served, s',
      hosts,
      expected: '',
      cell: seconds('warm'),
    }),
  ];
}

function memoryRows(worlds: readonly WorldResult[], hosts: HostLayout): Row[] {
  const memory = (of: { what: string; cell: (memory: Memory) => Cell; expected?: string }): Row[] =>
    rowOf(worlds, {
      what: `memory ${of.what}, MiB`,
      hosts,
      expected: of.expected ?? '',
      cell: (world) => (world.memory === undefined ? undefined : of.cell(world.memory)),
    });
  const limit = (rss: number): Cell => ({ text: rss.toFixed(0), met: rss <= expected.controlPlaneMiB });
  return [
    ...memory({
      what: `after the load: ${names}`,
      cell: ({ rssMiB }) => ({ text: listed(rssMiB, 0) }),
    }),
    ...memory({
      what: 'after the load, all but Envoy',
      expected: `≤ ${expected.controlPlaneMiB}`,
      cell: ({ rssMiB }) => limit(controlPlaneOf(rssMiB)),
    }),
    ...memory({
      what: 'after the load, all but Envoy, shared pages counted once',
      cell: ({ pssMiB }) => ({ text: controlPlaneOf(pssMiB).toFixed(0) }),
    }),
    ...rowOf(worlds, {
      what: 'memory after changes and churn, all but Envoy, MiB',
      hosts,
      expected: `≤ ${expected.controlPlaneMiB}`,
      cell: ({ memoryAfter }) =>
        memoryAfter === undefined ? undefined : limit(controlPlaneOf(memoryAfter.rssMiB)),
    }),
  ];
}

function churnRows(worlds: readonly WorldResult[], hosts: HostLayout): Row[] {
  const rates = worlds.flatMap(({ churn = [] }) => churn.map(({ changesPerSecond }) => changesPerSecond));
  return [...new Set(rates)].flatMap((rate) => {
    const row = (of: { what: string; cell: (churn: ChurnResult) => Cell; expected?: string }): Row[] =>
      rowOf(worlds, {
        what: `${rate} changes/s: ${of.what}`,
        hosts,
        expected: of.expected ?? '',
        cell: ({ churn = [] }) => {
          const result = churn.find(({ changesPerSecond }) => changesPerSecond === rate);
          return result === undefined ? undefined : of.cell(result);
        },
      });
    return [
      ...row({
        what: 'requests sent / failed',
        expected: '0 failed',
        cell: ({ sent, failed }) => ({ text: `${sent} / ${failed}`, met: failed === 0 }),
      }),
      ...row({
        what: 'latency p50 / p99 / max, ms',
        cell: ({ latencyMs: { p50, p99, max } }) => ({ text: `${pair(p50, p99)} / ${max.toFixed(0)}` }),
      }),
      ...row({
        what: 'last change visible after, ms',
        cell: ({ lastChangeMs }) => ({ text: lastChangeMs.toFixed(0) }),
      }),
      ...row({
        what: 'CPU for a change, all but Envoy, ms',
        cell: ({ cpuMs }) => ({ text: controlPlaneOf(cpuMs).toFixed(1) }),
      }),
    ];
  });
}
