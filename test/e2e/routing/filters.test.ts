// Gateway API v1.7.0, HTTPRouteFilter: redirects, rewrites, header changes.
import { type EchoRequest, request } from '@sluice/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { backendRef, gateway, httpRoute, path, rule } from '../../harness/objects.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const redirect = (at: string, requestRedirect: object) => ({
  matches: [path('PathPrefix', at)],
  filters: [{ type: 'RequestRedirect', requestRedirect }],
});
const rewrite = (at: string, urlRewrite: object) =>
  rule('one', { matches: [path('PathPrefix', at)], filters: [{ type: 'URLRewrite', urlRewrite }] });
const prefixTo = (replacePrefixMatch: string) => ({
  path: { type: 'ReplacePrefixMatch', replacePrefixMatch },
});
const fullTo = (replaceFullPath: string) => ({ path: { type: 'ReplaceFullPath', replaceFullPath } });
const requestHeaders = (requestHeaderModifier: object) => ({
  type: 'RequestHeaderModifier',
  requestHeaderModifier,
});
const responseHeaders = (responseHeaderModifier: object) => ({
  type: 'ResponseHeaderModifier',
  responseHeaderModifier,
});
const edits = {
  set: [{ name: 'X-Set', value: 'new' }],
  add: [{ name: 'X-Add', value: 'second' }],
  remove: ['X-Remove'],
};
/** Envoy would fill this in if it ever became a format string. */
const literal = '%DOWNSTREAM_REMOTE_ADDRESS% 100%';

const redirects = [
  redirect('/to/host', { hostname: 'other.example' }),
  redirect('/to/https', { scheme: 'https', statusCode: 301 }),
  redirect('/to/port', { port: 8443 }),
  redirect('/to/full', fullTo('/replaced')),
  redirect('/to/prefix', { ...prefixTo('/new'), statusCode: 307 }),
  redirect('/to/all', {
    scheme: 'https',
    hostname: 'other.example',
    port: 8443,
    ...fullTo('/x'),
    statusCode: 308,
  }),
];
const rewrites = [
  rewrite('/re/host', { hostname: 'inner.example' }),
  rewrite('/re/full', fullTo('/replaced')),
  rewrite('/re/prefix', prefixTo('/new')),
  rewrite('/re/strip', prefixTo('/')),
];
const modifiers = [
  rule('one', { matches: [path('PathPrefix', '/headers/request')], filters: [requestHeaders(edits)] }),
  rule('one', { matches: [path('PathPrefix', '/headers/response')], filters: [responseHeaders(edits)] }),
  rule('one', {
    matches: [path('PathPrefix', '/headers/literal')],
    filters: [
      requestHeaders({ set: [{ name: 'x-literal', value: literal }] }),
      responseHeaders({ set: [{ name: 'x-literal', value: literal }] }),
    ],
  }),
  {
    matches: [path('PathPrefix', '/headers/backend')],
    backendRefs: [
      backendRef('one', { filters: [requestHeaders({ set: [{ name: 'x-of', value: 'backend' }] })] }),
    ],
  },
];

const world = useSluice({
  backends: ['one'],
  manifests: () => ({
    'gateway.yaml': gateway('edge'),
    'redirects.yaml': httpRoute('redirects', { parent: 'edge', rules: redirects }),
    'rewrites.yaml': httpRoute('rewrites', { parent: 'edge', rules: rewrites }),
    'headers.yaml': httpRoute('headers', { parent: 'edge', rules: modifiers }),
  }),
});

afterEach(() => world().backend('one').respond(undefined));

async function ask(at: string, headers: Record<string, string> = {}) {
  return request({ ...(await world().sluice.target('edge', 80)), host: 'shop.example', path: at, headers });
}

describe('a redirect changes what it names and keeps the rest', () => {
  it.each([
    ['/to/host/a?b=c', 302, 'http://other.example/to/host/a?b=c'],
    ['/to/https/a', 301, 'https://shop.example/to/https/a'],
    ['/to/port', 302, 'http://shop.example:8443/to/port'],
    ['/to/full/a?b=c', 302, 'http://shop.example/replaced?b=c'],
    ['/to/prefix/a?b=c', 307, 'http://shop.example/new/a?b=c'],
    ['/to/prefix', 307, 'http://shop.example/new'],
    ['/to/all', 308, 'https://other.example:8443/x'],
  ])('%s', async (at, status, location) => {
    const before = world().backend('one').requests;
    const answer = await ask(at);
    expect({ status: answer.status, location: answer.headers.location }).toEqual({ status, location });
    expect(world().backend('one').requests).toBe(before);
  });
});

describe('a rewrite changes what the backend sees', () => {
  it.each([
    ['/re/host/a?b=c', { host: 'inner.example', path: '/re/host/a?b=c' }],
    ['/re/full/a?b=c', { host: 'shop.example', path: '/replaced?b=c' }],
    ['/re/prefix/a?b=c', { host: 'shop.example', path: '/new/a?b=c' }],
    ['/re/prefix', { host: 'shop.example', path: '/new' }],
    ['/re/strip/a', { host: 'shop.example', path: '/a' }],
    ['/re/strip', { host: 'shop.example', path: '/' }],
  ])('%s', async (at, seen) => {
    const answer = await ask(at);
    expect(answer.status).toBe(200);
    expect(answer.json<EchoRequest>()).toMatchObject(seen);
  });
});

describe('header modifiers', () => {
  const sent = { 'x-set': 'old', 'x-add': 'first', 'x-remove': 'gone', 'x-keep': 'kept' };

  it('set, add and remove headers of the request', async () => {
    const { headers } = (await ask('/headers/request', sent)).json<EchoRequest>();
    expect(headers).toMatchObject({ 'x-set': 'new', 'x-keep': 'kept' });
    expect(headers['x-add']).toBe('first, second');
    expect(headers).not.toHaveProperty('x-remove');
  });

  it('set, add and remove headers of the response', async () => {
    world()
      .backend('one')
      .respond(() => ({ headers: sent }));
    const { headers } = await ask('/headers/response');
    expect(headers).toMatchObject({ 'x-set': 'new', 'x-keep': 'kept' });
    expect([headers['x-add']].flat().join(', ')).toBe('first, second');
    expect(headers).not.toHaveProperty('x-remove');
  });

  it('take values as literal text, whatever they look like', async () => {
    const answer = await ask('/headers/literal');
    expect(answer.headers['x-literal']).toBe(literal);
    expect(answer.json<EchoRequest>().headers['x-literal']).toBe(literal);
  });

  it('work for one backend', async () => {
    expect((await ask('/headers/backend')).json<EchoRequest>().headers['x-of']).toBe('backend');
  });
});
