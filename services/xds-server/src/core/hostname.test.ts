import { expect, test } from 'vitest';
import { covers, serverFor } from './hostname.ts';

test.each([
  ['*', 'a.example', true],
  ['*', '*', true],
  ['*', '*.example', true],
  ['a.example', 'a.example', true],
  ['a.example', 'b.a.example', false],
  ['*.example', 'a.example', true],
  ['*.example', 'a.b.example', true],
  ['*.example', 'example', false],
  ['*.example', '.example', false],
  ['*.example', '*.example', true],
  ['*.example', '*.a.example', true],
  ['*.a.example', '*.example', false],
  ['*.example', '*', false],
  ['*.ample', 'a.example', false],
])('%s covers %s: %s', (outer, inner, expected) => {
  expect(covers(outer, inner)).toBe(expected);
});

test('the most specific server answers, whatever the order', () => {
  const servers = ['*', '*.example', '*.a.example', 'x.a.example'].map((hostname) => ({ hostname }));
  const chosen = (host: string) => [
    serverFor(servers, host)?.hostname,
    serverFor(servers.toReversed(), host)?.hostname,
  ];
  expect(chosen('x.a.example')).toEqual(['x.a.example', 'x.a.example']);
  expect(chosen('y.a.example')).toEqual(['*.a.example', '*.a.example']);
  expect(chosen('*.a.example')).toEqual(['*.a.example', '*.a.example']);
  expect(chosen('b.example')).toEqual(['*.example', '*.example']);
  expect(chosen('other')).toEqual(['*', '*']);
  expect(serverFor([{ hostname: '*.example' }], 'example')).toBe(undefined);
});
