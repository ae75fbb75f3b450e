import { expect, test } from 'vitest';
import type { IrHttpAction } from '../http-route.ts';
import { hostOf } from './host.ts';
import type { ReadRequest } from './request.ts';
import { locationOf, rewritePath } from './rewrite.ts';

// The table of Gateway API v1.7.0, HTTPPathModifier.replacePrefixMatch; a match has no trailing slash in the IR.
test.each([
  ['/foo/bar', '/foo', '/xyz', '/xyz/bar'],
  ['/foo/bar', '/foo', '/xyz/', '/xyz/bar'],
  ['/foo', '/foo', '/xyz', '/xyz'],
  ['/foo/', '/foo', '/xyz', '/xyz/'],
  ['/foo/bar', '/foo', '', '/bar'],
  ['/foo/', '/foo', '', '/'],
  ['/foo', '/foo', '', '/'],
  ['/foo/', '/foo', '/', '/'],
  ['/foo', '/foo', '/', '/'],
  ['/foo/bar', '/', '/xyz', '/xyz/foo/bar'],
  ['/', '/', '/xyz', '/xyz/'],
  ['/foo', '/', '/', '/foo'],
])('%s with the prefix %s replaced by %j is %s', (path, prefix, value, expected) => {
  expect(rewritePath(path, { type: 'prefix', value }, { type: 'prefix', value: prefix })).toBe(expected);
});

test('a full replacement takes nothing of the old path and begins with a slash', () => {
  expect(rewritePath('/a/b', { type: 'full', value: '/c' }, { type: 'prefix', value: '/a' })).toBe('/c');
  expect(rewritePath('/a/b', { type: 'full', value: 'c' }, { type: 'regex', value: '.*' })).toBe('/c');
});

type Redirect = Extract<IrHttpAction, { type: 'redirect' }>;

test.each<[string, ReadRequest['scheme'], Partial<Redirect>, string]>([
  ['a.test', 'http', {}, 'http://a.test/old?q=1'],
  ['a.test', 'http', { scheme: 'https' }, 'https://a.test/old?q=1'],
  ['a.test', 'http', { scheme: 'https', port: 443 }, 'https://a.test/old?q=1'],
  ['a.test', 'http', { scheme: 'https', port: 8443 }, 'https://a.test:8443/old?q=1'],
  ['a.test:80', 'http', { scheme: 'https' }, 'https://a.test/old?q=1'],
  ['a.test:8080', 'http', { scheme: 'https', port: 443 }, 'https://a.test/old?q=1'],
  ['a.test:8080', 'http', {}, 'http://a.test:8080/old?q=1'],
  ['a.test:8080', 'http', { hostname: 'b.test' }, 'http://b.test/old?q=1'],
  ['a.test', 'https', { hostname: 'b.test', port: 80 }, 'https://b.test:80/old?q=1'],
  ['[::1]:8080', 'http', { port: 80 }, 'http://[::1]/old?q=1'],
  ['a.test', 'http', { path: { type: 'full', value: '/new' } }, 'http://a.test/new?q=1'],
  ['a.test', 'http', { path: { type: 'prefix', value: '/new' } }, 'http://a.test/new?q=1'],
])('%s over %s, redirected by %j, goes to %s', (authority, scheme, action, expected) => {
  const request: ReadRequest = {
    scheme,
    authority,
    host: hostOf(authority),
    method: 'GET',
    path: '/old',
    query: '?q=1',
    headers: new Map(),
  };
  const match = { type: 'prefix', value: '/old' } as const;
  const listener = scheme === 'https' ? { port: 443, bindPort: 443 } : { port: 80, bindPort: 80 };
  const of = { path: match, listener };
  expect(locationOf({ type: 'redirect', statusCode: 302, ...action }, request, of)).toBe(expected);
});

test.each<[string, Partial<Redirect>, { port: number; bindPort: number }, string]>([
  ['a.test', {}, { port: 8080, bindPort: 8080 }, 'http://a.test:8080/'],
  ['a.test:9', {}, { port: 8080, bindPort: 8080 }, 'http://a.test:8080/'],
  ['a.test', { hostname: 'b.test' }, { port: 8080, bindPort: 8080 }, 'http://b.test:8080/'],
  ['a.test', { scheme: 'https' }, { port: 8080, bindPort: 8080 }, 'https://a.test/'],
  ['a.test', { port: 81 }, { port: 8080, bindPort: 8080 }, 'http://a.test:81/'],
  ['a.test:10080', {}, { port: 80, bindPort: 10_080 }, 'http://a.test:10080/'],
])('%s, redirected by %j from listener %j, goes to %s', (authority, action, listener, expected) => {
  const request: ReadRequest = {
    scheme: 'http',
    authority,
    host: hostOf(authority),
    method: 'GET',
    path: '/',
    query: '',
    headers: new Map(),
  };
  const path = { type: 'prefix', value: '/' } as const;
  expect(locationOf({ type: 'redirect', statusCode: 302, ...action }, request, { path, listener })).toBe(
    expected,
  );
});
