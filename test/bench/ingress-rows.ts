// The rows of what was measured with Ingresses.
import type { IngressResult } from './ingress.ts';
import type { Cell, Row } from './row.ts';
import { expected } from './world-rows.ts';

/** All rows. */
export function ingressRows(results: readonly IngressResult[]): Row[] {
  if (results.length === 0) return [];
  const row = (what: string, cell: (result: IngressResult) => Cell, wanted = ''): Row => ({
    what,
    hosts: 'own hostnames',
    expected: wanted,
    cells: new Map(results.map((result) => [result.routes, cell(result)])),
  });
  return [
    row(
      'changed Ingress, p50 / p99 ms',
      ({ ms: { p50, p99 } }) => ({
        text: `${p50.toFixed(1)} / ${p99.toFixed(1)}`,
        met: p50 <= expected.changeP50Ms && p99 <= expected.changeP99Ms,
      }),
      `≤ ${expected.changeP50Ms} / ≤ ${expected.changeP99Ms}`,
    ),
    row('resources and xDS bytes for a changed Ingress', ({ cost }) => ({
      text: [cost.xdsResources.toFixed(1), cost.xdsBytes.toFixed(0)].join(' / '),
    })),
    row('events and log bytes for a changed Ingress', ({ cost }) => ({
      text: [cost.events.toFixed(1), cost.logBytes.toFixed(0)].join(' / '),
    })),
    row(
      'failed requests during these changes',
      ({ failed }) => ({ text: `${failed}`, met: failed === 0 }),
      '0',
    ),
  ];
}
