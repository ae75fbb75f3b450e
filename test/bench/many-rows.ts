// The rows of one object changed among many of its kind.
import type { ManyResult } from './one-of-many.ts';
import { controlPlaneOf } from './processes.ts';
import type { Cell, Row } from './row.ts';
import { expected } from './world-rows.ts';

/** All rows of a kind. @param what e.g. `Ingress` */
export function manyRows(what: string, results: readonly ManyResult[]): Row[] {
  if (results.length === 0) return [];
  const row = (name: string, cell: (result: ManyResult) => Cell, wanted = ''): Row => ({
    what: name,
    hosts: 'own hostnames',
    expected: wanted,
    cells: new Map(results.map((result) => [result.routes, cell(result)])),
  });
  return [
    row(
      `changed ${what}, p50 / p99 ms`,
      ({ ms: { p50, p99 } }) => ({
        text: `${p50.toFixed(1)} / ${p99.toFixed(1)}`,
        met: p50 <= expected.changeP50Ms && p99 <= expected.changeP99Ms,
      }),
      `≤ ${expected.changeP50Ms} / ≤ ${expected.changeP99Ms}`,
    ),
    row(`resources and xDS bytes for a changed ${what}`, ({ cost }) => ({
      text: [cost.xdsResources.toFixed(1), cost.xdsBytes.toFixed(0)].join(' / '),
    })),
    row(`events and log bytes for a changed ${what}`, ({ cost }) => ({
      text: [cost.events.toFixed(1), cost.logBytes.toFixed(0)].join(' / '),
    })),
    row(`CPU for a changed ${what}, control plane / Envoy, ms`, ({ cost: { cpuMs } }) => ({
      text: [controlPlaneOf(cpuMs), cpuMs.envoy].map((ms) => ms.toFixed(1)).join(' / '),
    })),
    row(
      `failed requests while a changed ${what} comes in`,
      ({ failed }) => ({ text: `${failed}`, met: failed === 0 }),
      '0',
    ),
  ];
}
