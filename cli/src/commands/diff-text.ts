// A comparison for people: first how much, then what by name, then requests, then (asked for) line by line.

import type { RequestChange, RequestComparison, Routing } from '../model/compare-requests.ts';
import { type Change, parts } from '../model/comparison.ts';
import { escapeText } from '../output/escape.ts';
import { formatTable } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { unifiedLines } from '../output/unified.ts';
import type { DiffReport } from './diff-document.ts';
import { formatFault } from './validate-action.ts';

/** Lines of one change that are shown. */
const maxLines = 60;

interface Style {
  readonly details?: boolean;
  readonly limit: number;
  readonly colors: Terminal['colors'];
}

/** Lines to print; text of users is escaped. */
export function reportLines(report: DiffReport, style: Style): string[] {
  const { from, to, faults, notes, irHash } = report;
  return [
    `from   ${escapeText(from.label)}`,
    `to     ${escapeText(to.label)}`,
    ...(irHash === undefined
      ? []
      : [`hash   ${irHash.from === irHash.to ? 'the same' : 'another'}: ${irHash.from} and ${irHash.to}`]),
    ...notes.map((note) => `note   ${escapeText(note)}`),
    ...(faults.length === 0
      ? []
      : ['', 'faults, and all else is compared:', ...faults.map((f) => formatFault(f))]),
    ...(report.equal ? ['', 'no difference'] : ['', ...countLines(report), ...nameLines(report, style)]),
    ...requestLines(report.requests, style),
    ...(style.details === true ? detailLines(report, style) : []),
  ];
}

function countLines({ changes }: DiffReport): string[] {
  const count = (list: readonly Change[], kind: Change['change']) =>
    `${list.filter(({ change }) => change === kind).length}`;
  const rows = parts
    .map((part) => [part, changes[part]] as const)
    .filter(([, list]) => list.length > 0)
    .map(([part, list]) => [part, count(list, 'added'), count(list, 'removed'), count(list, 'changed')]);
  if (rows.length === 0) return [];
  return formatTable({ head: ['PART', 'ADDED', 'REMOVED', 'CHANGED'], rows }).split('\n');
}

function nameLines({ changes }: DiffReport, style: Style): string[] {
  const rows = parts.flatMap((part) =>
    limited(changes[part], style.limit).map(({ id, change }) => [change, part, id]),
  );
  if (rows.length === 0) return [];
  const table = formatTable({
    head: ['CHANGE', 'PART', 'NAME'],
    rows,
    paint: (cell, column) => (column === 0 ? paintChange(style.colors, cell) : cell),
  });
  const more = parts.flatMap((part) => leftOut(changes[part].length, style.limit, `changes of ${part}`));
  return ['', ...table.split('\n'), ...more];
}

function requestLines(requests: RequestComparison | null, style: Style): string[] {
  if (requests === null || requests.read === 0) return [];
  const { read, distinct, since, cut, changes } = requests;
  const differ = changes.filter(({ verdict }) => verdict === 'differs').length;
  const mayDiffer = changes.length - differ;
  const may = mayDiffer === 0 ? '' : `, ${mayDiffer} may be, by headers or query, which are not logged`;
  const head = `requests: ${differ} of ${distinct} different ones would be routed otherwise${may}`;
  const asked = `(${cut ? 'the newest ' : ''}${read} in the access log since ${since ?? ''}, judged without headers and query)`;
  if (changes.length === 0) return ['', head, asked];
  const table = formatTable({
    head: ['REQUEST', 'VERDICT', 'COUNT', 'BEFORE', 'AFTER'],
    rows: limited(changes, style.limit).map((change) => [
      requestText(change),
      change.verdict,
      `${change.count}`,
      routingText(change.before),
      routingText(change.after),
    ]),
    paint: (cell, column) => (column === 1 ? paintChange(style.colors, cell) : cell),
  });
  return ['', head, asked, '', ...table.split('\n'), ...leftOut(changes.length, style.limit, 'requests')];
}

function requestText({ method, host, path, local }: RequestChange): string {
  return `${method} ${host}${path} at ${local}`;
}

/** Where a request goes, in a few words. */
export function routingText({ route, rule, outcome }: Routing): string {
  const by = route === null ? '' : `${route} rule ${rule ?? 0}: `;
  if (outcome.type === 'refused') return outcome.status === null ? 'refused' : `${outcome.status}`;
  if (outcome.type === 'respond') return `${by}${outcome.status}`;
  if (outcome.type === 'redirect') return `${by}${outcome.status} to ${outcome.location}`;
  if (outcome.type === 'preflight')
    return `${by}preflight request, ${outcome.allowed ? 'allowed' : 'not allowed'}`;
  const targets = outcome.targets.map(({ cluster, share, status }) => {
    const name = cluster ?? 'invalid';
    const part = share === 1 ? '' : `${Math.round(share * 1000) / 10} % `;
    return `${part}${name}${status === undefined ? '' : ` (${status})`}`;
  });
  return `${by}${targets.join(', ')}`;
}

function detailLines({ changes }: DiffReport, style: Style): string[] {
  return parts.flatMap((part) => [
    ...limited(changes[part], style.limit).flatMap(({ id, change, before, after }) => [
      '',
      style.colors.bold(`${change} ${part} ${escapeText(id)}`),
      ...cutLines(unifiedLines(before, after)).map((line) => paintLine(style.colors, line)),
    ]),
    ...leftOut(changes[part].length, style.limit, `changes of ${part}`),
  ]);
}

function cutLines(lines: readonly string[] | undefined): string[] {
  if (lines === undefined) return ['  too different to be shown line by line; -o json has both'];
  const rest = lines.length - maxLines;
  return rest <= 0 ? [...lines] : [...lines.slice(0, maxLines), `  and ${rest} more lines (-o json has all)`];
}

function limited<T>(list: readonly T[], limit: number): readonly T[] {
  return limit === 0 ? list : list.slice(0, limit);
}

function leftOut(count: number, limit: number, what: string): string[] {
  const rest = limit === 0 ? 0 : count - limit;
  return rest <= 0 ? [] : [`and ${rest} more ${what} (--limit 0 names all, -o json holds all)`];
}

function paintChange(colors: Terminal['colors'], word: string): string {
  if (word === 'added') return colors.green(word);
  if (word === 'removed' || word === 'differs') return colors.red(word);
  return word === 'changed' || word === 'may-differ' ? colors.yellow(word) : word;
}

function paintLine(colors: Terminal['colors'], line: string): string {
  if (line.startsWith('+')) return colors.green(line);
  return line.startsWith('-') ? colors.red(line) : line;
}
