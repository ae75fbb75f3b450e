// A report as one Markdown table: a row for each figure, a column for each number of routes.
import type { EventLogFigures } from './event-log.ts';
import { kubernetesRows } from './kubernetes-rows.ts';
import { machineLine } from './machine.ts';
import { manyRows } from './many-rows.ts';
import { failuresOf, type Report } from './report.ts';
import { requestRows } from './request-rows.ts';
import type { Cell, Row } from './row.ts';
import { worldRows } from './world-rows.ts';

/** The whole output: machine, table, what else was measured, and what went wrong. */
export function renderReport(report: Report): string {
  const sizes = [
    ...new Set(
      [
        ...report.worlds,
        ...report.requests,
        ...report.ingress,
        ...report.envoyConfigs,
        ...report.kubernetes,
      ].map(({ routes }) => routes),
    ),
  ];
  const rows = [
    ...worldRows(report.worlds),
    ...kubernetesRows(report.kubernetes, report.worlds),
    ...manyRows('Ingress', report.ingress),
    ...manyRows('CiliumEnvoyConfig', report.envoyConfigs),
    ...requestRows(report.requests),
  ];
  const failures = failuresOf(report);
  return [
    `\`${report.command}\` on ${report.startedAt.slice(0, 10)}: ${machineLine(report.machine)}.`,
    ...(rows.length === 0
      ? []
      : [
          renderTable(
            rows,
            sizes.toSorted((a, b) => a - b),
          ),
        ]),
    ...(report.eventLog === undefined ? [] : [eventLogLine(report.eventLog)]),
    ...report.skipped.map((line) => `Not measured: ${line}.`),
    failures.length === 0
      ? 'No request failed, and everything that was waited for came.'
      : `What failed:\n\n${failures.map((line) => `- ${line}`).join('\n')}`,
  ].join('\n\n');
}

function renderTable(rows: readonly Row[], sizes: readonly number[]): string {
  const head = ['measured', 'hosts', ...sizes.map((size) => size.toLocaleString('en')), 'expected', ''];
  const lines = rows.map(({ what, hosts, expected, cells }) => [
    what,
    hosts,
    ...sizes.map((size) => cells.get(size)?.text ?? ''),
    expected,
    verdict([...cells.values()]),
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = `|---|---|${sizes.map(() => '--:|').join('')}---|---|`;
  return [line(head), rule, ...lines.map(line)].join('\n');
}

function verdict(cells: readonly Cell[]): string {
  const judged = cells.flatMap(({ met }) => (met === undefined ? [] : [met]));
  if (judged.length === 0) return '';
  return judged.every((met) => met) ? 'met' : 'missed';
}

function eventLogLine({ appendMs, hopMs, appendRates, readRate, foldRate }: EventLogFigures): string {
  const rates = Object.entries(appendRates).map(([size, rate]) => `${rate.toFixed(0)} in batches of ${size}`);
  const time = ({ p50, p99 }: EventLogFigures['appendMs']) => `${p50.toFixed(2)} / ${p99.toFixed(2)} ms`;
  return [
    `Event log, events of 1 KiB, every write synced, p50 / p99: appended in ${time(appendMs)}, seen by a follower in ${time(hopMs)}.`,
    `Events a second: ${rates.join(', ')}; read ${readRate.toFixed(0)}, folded ${foldRate.toFixed(0)}.`,
  ].join(' ');
}
