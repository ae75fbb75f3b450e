import { expect, test } from 'vitest';
import { readTarget } from './path.ts';

// Each of these was sent to Envoy 1.40 as it is configured here; the right side is what a backend got.
test.each([
  ['/a/./b', '/a/b'],
  ['/a/../b', '/b'],
  ['/a/..', '/'],
  ['/a/.', '/a/'],
  ['/..', '/'],
  ['/a/b/../../../c', '/c'],
  ['/a/%2e%2E/b', '/b'],
  ['/a/.%2e/', '/'],
  ['/a/.../b', '/a/.../b'],
  ['/a//b', '/a/b'],
  ['/a///b//', '/a/b/'],
  ['/a//../b', '/a/b'],
  ['//a/../b', '/b'],
  ['//', '//'],
  ['/.//', '//'],
  ['/a\\b', '/a/b'],
  ['/a/..;x=y/b', '/b'],
  ['/a/.;x/b', '/a/b'],
  ['/a/..;x\\b', '/'],
  ['/a\\..;/b', '/a/..;/b'],
  ['/a/%2e%2e;/b', '/a/..;/b'],
  ['/a/..%3b/b', '/a/..%3b/b'],
  ['/a;x=y/../b', '/b'],
  ['/a;..;/b', '/a;..;/b'],
  ['/%61%2D%5f%7E', '/a-_~'],
  ['/%25%32%65', '/%252e'],
  ['/%20%7f%c3%A9', '/%20%7f%c3%A9'],
  ['/%zz%2', '/%zz%2'],
  ['/"<>^`{|}', '/%22%3C%3E%5E%60%7B%7C%7D'],
])('%s becomes %s', (sent, path) => {
  expect(readTarget(sent)).toEqual({ ok: true, path, query: '' });
});

test.each([
  ['/a?x=//y/../z', '/a', '?x=//y/../z'],
  ['/a?%2f\\', '/a', '?%2f\\'],
  ['/?', '/', '?'],
])('the query of %s stays as it is', (sent, path, query) => {
  expect(readTarget(sent)).toEqual({ ok: true, path, query });
});

test.each([
  ['*', 'slash'],
  ['a', 'slash'],
  ['/a%2Fb', 'escaped slash'],
  ['/a%5cb', 'backslash'],
  ['/%00', 'NUL'],
  ['/a#b', '#'],
  ['/a?b#c', '#'],
  ['/é', 'ASCII'],
  ['/a b', 'space'],
])('%s is refused', (sent, reason) => {
  expect(readTarget(sent)).toEqual({ ok: false, reason: expect.stringContaining(reason) });
});
