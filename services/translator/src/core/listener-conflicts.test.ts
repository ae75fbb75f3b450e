import type { Listener } from '@sluice/kinds';
import { expect, test } from 'vitest';
import { conflictOf } from './listener-conflicts.ts';

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
