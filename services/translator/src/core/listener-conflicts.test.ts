import type { Listener } from '@sluice/kinds';
import { expect, test } from 'vitest';
import { conflictOf, conflictsOf } from './listener-conflicts.ts';

function listener(name: string, of: Partial<Listener> = {}): Listener {
  return {
    name,
    port: 80,
    protocol: 'HTTP',
    allowedRoutes: { namespaces: { from: 'Same' }, kinds: [] },
    ...of,
  };
}

test('of listeners with one port, protocol and hostname none wins', () => {
  const all = [listener('a', { hostname: 'x.example.com' }), listener('b', { hostname: 'x.example.com' })];
  for (const one of all) expect(conflictOf(one, all)?.reason).toBe('HostnameConflict');
});

test('of listeners with one port and several protocols none wins', () => {
  const all = [listener('a'), listener('b', { protocol: 'HTTPS', hostname: 'x.example.com' })];
  for (const one of all) expect(conflictOf(one, all)?.reason).toBe('ProtocolConflict');
});

test.each([
  { name: 'another hostname', other: listener('b', { hostname: 'x.example.com' }) },
  { name: 'another port', other: listener('b', { port: 81 }) },
  { name: 'a protocol that is not served', other: listener('b', { protocol: 'UDP' }) },
])('$name is no conflict', ({ other }) => {
  const one = listener('a');
  expect(conflictOf(one, [one, other])).toBeUndefined();
});

test("a listener of a set that loses to the Gateway stands in nobody else's way", () => {
  const ranked = [
    { rank: 0, listener: listener('own', { hostname: 'own.example.com' }) },
    { rank: 1, listener: listener('good', { hostname: 'good.example.com' }) },
    { rank: 1, listener: listener('tcp', { protocol: 'TCP' }) },
    { rank: 2, listener: listener('late', { hostname: 'good.example.com' }) },
    { rank: 2, listener: listener('fine', { hostname: 'fine.example.com' }) },
  ];
  expect(conflictsOf(ranked).map((conflict) => conflict?.reason)).toEqual([
    undefined,
    undefined,
    'ProtocolConflict',
    'HostnameConflict',
    undefined,
  ]);
});

test('of two in one set none wins, and neither keeps a later set from the port', () => {
  const of = (rank: number, name: string) => ({
    rank,
    listener: listener(name, { hostname: 'x.example.com' }),
  });
  expect(conflictsOf([of(1, 'a'), of(1, 'b'), of(2, 'c')]).map((conflict) => conflict?.reason)).toEqual([
    'HostnameConflict',
    'HostnameConflict',
    undefined,
  ]);
});
