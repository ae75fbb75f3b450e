// The rows of what was measured through a real API server, the figure of files beside it where the same run has it.
import type { KubernetesChange, KubernetesResult } from './kubernetes.ts';
import type { WorldResult } from './report.ts';
import type { Cell, Row } from './row.ts';

/** What is expected of the status of a Gateway that 1,000 routes attach to. */
export const expectedAttach = { seenMs: 1_000, gatewayWrites: 15 };

const kinds: readonly KubernetesChange['kind'][] = [
  'changed route',
  'new route',
  'removed route',
  'backend flip',
  'endpoint change',
];

/** All rows; none where nothing was measured. */
export function kubernetesRows(results: readonly KubernetesResult[], worlds: readonly WorldResult[]): Row[] {
  const row = (what: string, cell: (result: KubernetesResult) => Cell | undefined, expected = ''): Row[] => {
    const cells = results.flatMap((result) => {
      const made = cell(result);
      return made === undefined ? [] : [[result.routes, made] as const];
    });
    const [first] = results;
    if (first === undefined || cells.length === 0) return [];
    return [{ what: `API server: ${what}`, hosts: first.hosts, expected, cells: new Map(cells) }];
  };
  return [
    ...kinds.flatMap((kind) => changeRows(row, kind, worlds)),
    ...row(
      'failed requests during all these changes',
      ({ changes }) => {
        if (changes === undefined) return undefined;
        const failed = changes.reduce((sum, change) => sum + change.failed, 0);
        return { text: `${failed}`, met: failed === 0 };
      },
      '0',
    ),
    ...row('start of the services to the last route served, s', ({ start }) =>
      start === undefined ? undefined : { text: seconds(start.servedMs) },
    ),
    ...row('start of the services to the last status written, s', ({ start }) =>
      start === undefined ? undefined : { text: seconds(start.statusMs) },
    ),
    ...attachRows(row),
  ];
}

type MakeRow = (
  what: string,
  cell: (result: KubernetesResult) => Cell | undefined,
  expected?: string,
) => Row[];

function changeRows(row: MakeRow, kind: KubernetesChange['kind'], worlds: readonly WorldResult[]): Row[] {
  const find = ({ changes = [] }: KubernetesResult): KubernetesChange | undefined =>
    changes.find((change) => change.kind === kind);
  return row(`${kind}, p50 / p99 ms after the write [files] (p50 of the write)`, (result) => {
    const change = find(result);
    if (change === undefined) return undefined;
    const { afterMs, writeMs } = change;
    const same = worlds.find(({ hosts, routes }) => hosts === result.hosts && routes === result.routes);
    const files = same?.changes?.find((one) => one.kind === kind)?.ms;
    const beside = files === undefined ? '' : ` [${files.p50.toFixed(1)} / ${files.p99.toFixed(1)}]`;
    return {
      text: `${afterMs.p50.toFixed(1)} / ${afterMs.p99.toFixed(1)}${beside} (${writeMs.p50.toFixed(1)})`,
    };
  });
}

function attachRows(row: MakeRow): Row[] {
  return [
    ...row('routes attach to one Gateway: count, written in s', ({ attach }) =>
      attach === undefined
        ? undefined
        : { text: `${attach.routes.toLocaleString('en')}, ${seconds(attach.writtenMs)}` },
    ),
    ...row(
      'from the last of them to `attachedRoutes` with all, s',
      ({ attach }) =>
        attach === undefined
          ? undefined
          : { text: (attach.seenMs / 1_000).toFixed(2), met: attach.seenMs <= expectedAttach.seenMs },
      `≤ ${expectedAttach.seenMs / 1_000}`,
    ),
    ...row(
      'writes to that Gateway meanwhile',
      ({ attach }) =>
        attach === undefined
          ? undefined
          : { text: `${attach.gatewayWrites}`, met: attach.gatewayWrites <= expectedAttach.gatewayWrites },
      `≤ ${expectedAttach.gatewayWrites}`,
    ),
  ];
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
