// A Maglev table takes as much memory as a thousand Services: there is one only where somebody asks for it, and one for all who would
// have the same.
import type { IrL4Service } from '@sluice/ir';
import { describe, expect, test } from 'vitest';
import { endpoints, service } from '../../testing/ir.ts';
import { type DatapathChange, DesiredMaps, type MapsChange } from './desired-maps.ts';
import type { NodeSettings } from './service-rows.ts';
import { sizeOf, stepsOf } from './steps.ts';

const node: NodeSettings = {
  ...{ name: 'n1', zone: 'a', ipv4: '192.0.2.1', ipv6: 'fd00:1::1', tableSize: 32_749 },
};
const maglev = { algorithm: 'maglev' as const };

const put = (resource: ReturnType<typeof service> | ReturnType<typeof endpoints>): DatapathChange => {
  return { kind: resource.kind, key: resource.key, resource };
};
const address = (index: number): string => `10.96.${index >> 8}.${index & 255}`;
const clusterIp = (index: number, settings: Partial<IrL4Service> = {}): DatapathChange =>
  put(service(`s${index}`, [{ address: address(index) }], settings));
const pods = (index: number, ...list: readonly string[]): DatapathChange => put(endpoints(`s${index}`, list));

const tablesOf = (maps: DesiredMaps): number =>
  [...maps.sets].filter(({ tableSize }) => tableSize > 0).length;
/** Tables that a change writes, and those that it removes. */
function tablesIn(change: MapsChange): { written: number; removed: number } {
  const count = (kind: 'put-tables' | 'remove-tables'): number =>
    stepsOf(change)
      .filter((step) => step.kind === kind)
      .reduce((sum, step) => sum + sizeOf(step), 0);
  return { written: count('put-tables'), removed: count('remove-tables') };
}

describe('Maglev tables', () => {
  test('are none for 10,000 Services that do not ask, and one for the one that does, as long as it does', () => {
    const maps = new DesiredMaps(node);
    const all = Array.from({ length: 10_000 }, (_, i) => [
      clusterIp(i),
      pods(i, `10.0.${i >> 8}.${i & 255}`, '10.1.0.1'),
    ]);
    expect(tablesIn(maps.apply(all.flat()))).toEqual({ written: 0, removed: 0 });
    expect(maps.counts).toMatchObject({ frontends: 20_000, sets: 10_000 });
    expect(tablesOf(maps)).toBe(0);
    expect(tablesIn(maps.apply([clusterIp(7, maglev)]))).toEqual({ written: 1, removed: 0 });
    const asks = [...maps.frontends].filter(({ tableSize }) => tableSize > 0);
    expect(asks.map((row) => [row.address, row.tableSize])).toEqual([[address(7), node.tableSize]]);
    expect(tablesIn(maps.apply([clusterIp(7)]))).toEqual({ written: 0, removed: 1 });
    expect(tablesOf(maps)).toBe(0);
  });

  test('are one for all Services with the same backends, and go with the last of them', () => {
    const maps = new DesiredMaps(node);
    const all = Array.from({ length: 1_000 }, (_, i) => [
      clusterIp(i, maglev),
      pods(i, '10.0.0.1', '10.0.0.2'),
    ]);
    expect(tablesIn(maps.apply(all.flat()))).toEqual({ written: 1, removed: 0 });
    expect(tablesIn(maps.apply([pods(3, '10.0.0.1', '10.0.0.3')]))).toEqual({ written: 1, removed: 0 });
    expect(tablesIn(maps.apply([pods(3, '10.0.0.2', '10.0.0.1')]))).toEqual({ written: 0, removed: 1 });
    const gone = (i: number): DatapathChange => ({ kind: 'l4-service', key: `default/s${i}` });
    const butOne = Array.from({ length: 999 }, (_, i) => gone(i));
    expect(tablesIn(maps.apply(butOne))).toEqual({ written: 0, removed: 0 });
    expect(tablesIn(maps.apply([gone(999)]))).toEqual({ written: 0, removed: 1 });
  });

  test('are none for who asks and has no backend, or an Envoy in their place', () => {
    const maps = new DesiredMaps(node);
    const proxied = service('s2', [{ address: address(2), proxy: { address: '', port: 20_080 } }], maglev);
    const change = maps.apply([clusterIp(1, maglev), put(proxied), pods(2, '10.0.0.1', '10.0.0.2')]);
    expect(tablesIn(change)).toEqual({ written: 0, removed: 0 });
    expect(maps.counts).toMatchObject({ frontends: 4 });
  });
});
