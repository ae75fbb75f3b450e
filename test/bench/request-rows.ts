// The rows of Envoy's CPU for a request, scoped beside plain.
import { type RequestCost, requestCases } from './request-cost.ts';
import type { Cell, Row } from './row.ts';

/** One row for each case. */
export function requestRows(costs: readonly RequestCost[]): Row[] {
  return requestCases.flatMap((what) => {
    const cells = costs
      .filter((cost) => cost.what === what)
      .map((cost) => [cost.routes, cellOf(cost)] as const);
    if (cells.length === 0) return [];
    return [
      {
        what: `Envoy CPU for a request, ${what}, scoped ← plain, µs (rounds from – to)`,
        hosts: 'own hostnames',
        expected: '',
        cells: new Map(cells),
      } satisfies Row,
    ];
  });
}

function cellOf({ medianUs, cpuUs }: RequestCost): Cell {
  const range = (values: readonly number[]): string =>
    `${Math.min(...values).toFixed(0)} – ${Math.max(...values).toFixed(0)}`;
  const scoped = `${medianUs.scoped.toFixed(0)} (${range(cpuUs.scoped)})`;
  const plain = `${medianUs.plain.toFixed(0)} (${range(cpuUs.plain)})`;
  return { text: `${scoped} ← ${plain}` };
}
