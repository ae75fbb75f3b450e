import { type Backend, freePort, request, startBackend } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RouteLayoutName } from '../core/route-layouts.ts';
import { scopeHeaders } from '../core/scope-key.ts';
import {
  attached,
  cluster,
  endpoints,
  forward,
  gateway,
  listener,
  match,
  prefix,
  route,
  rule,
} from '../testing/ir.ts';
import { Rig } from '../testing/rig.ts';

/** A route that says its name in a response header. */
function named(name: string, matches: ReturnType<typeof match>[], rest: object) {
  const responseHeaders = { set: [{ name: 'x-route', value: name }], add: [], remove: [] };
  return route(name, [rule(forward('one'), { matches, responseHeaders })], rest);
}

const exact = (value: string) => match({ path: { type: 'exact', value } });
const all = [prefix('/')];
const second = { listener: 'shop/edge/81' };
const services = Array.from({ length: 200 }, (_, n) =>
  named(`svc-${n}`, [prefix(`/svc-${n}`)], attached(['big.example'])),
);
const routes = [
  named('exact', [prefix('/only')], attached(['a.example'])),
  named('wild', all, attached(['*.example'])),
  named('wild-b', all, attached(['*.b.example'])),
  named('deep', all, attached(['*.1.2.3.4.5.example'])),
  named('deeper', all, attached(['*.0.1.2.3.4.5.example'])),
  named('rest', all, attached(['*.4.5.example'])),
  named('second', all, attached(['a.example'], second)),
  ...services,
  named('big-deep', [exact('/svc-7/x'), prefix('/svc-7/y/z')], attached(['big.example'])),
  named(
    'big-header',
    [match({ headers: [{ name: 'x-v', match: { type: 'exact', value: '1' } }] })],
    attached(['big.example']),
  ),
  named('big-regex', [match({ path: { type: 'regex', value: '/svc-8/[0-9]+' } })], attached(['big.example'])),
];

/** Host, path, headers, and the route that takes it: undefined for 404. */
const requests: readonly (readonly [string, string, Record<string, string>, string | undefined])[] = [
  ['a.example', '/only', {}, 'exact'],
  ['A.EXAMPLE', '/only', {}, 'exact'],
  ['a.example:8080', '/only', {}, 'exact'],
  ['A.Example:8080', '/only/x', {}, 'exact'],
  // Where no match of a hostname holds, no wildcard takes its place.
  ['a.example', '/other', {}, undefined],
  ['A.example:1', '/other', {}, undefined],
  ['a.example.', '/only', {}, undefined],
  ['x.example', '/', {}, 'wild'],
  ['x.y.example:80', '/', {}, 'wild'],
  ['X.B.example', '/', {}, 'wild-b'],
  ['x.y.b.example', '/', {}, 'wild-b'],
  ['b.example', '/', {}, 'wild'],
  ['example', '/', {}, undefined],
  ['.example', '/', {}, undefined],
  ['x..example', '/', {}, 'wild'],
  ['*.example', '/', {}, 'wild'],
  ['a.1.2.3.4.5.example', '/', {}, 'deep'],
  ['A.0.1.2.3.4.5.example:80', '/', {}, 'deeper'],
  ['1.2.3.4.5.example', '/', {}, 'rest'],
  ['[::1]:80', '/', {}, undefined],
  ['[::1]', '/', {}, undefined],
  ['a.example:1:2', '/only', {}, undefined],
  ['big.example', '/svc-7', {}, 'svc-7'],
  ['BIG.example:80', '/svc-7?x=/svc-8', {}, 'svc-7'],
  ['big.example', '/svc-7/x', {}, 'big-deep'],
  ['big.example', '/svc-7/y/z/w', {}, 'big-deep'],
  ['big.example', '/svc-7/y', {}, 'svc-7'],
  ['big.example', '//svc-7//x', {}, 'big-deep'],
  ['big.example', '/svc-7;x=y', {}, undefined],
  ['big.example', '/svc-7%20', {}, undefined],
  ['big.example', '/svc-8/1', {}, 'big-regex'],
  ['big.example', '/svc-8/a', { 'x-v': '1' }, 'svc-8'],
  ['big.example', '/svc-999', {}, undefined],
  ['big.example', '/svc-999', { 'x-v': '1' }, 'big-header'],
  ['big.example', '/', { 'x-v': '1' }, 'big-header'],
  ['big.example', '/', {}, undefined],
  // What a client says under the names of the private headers is not read.
  ['a.example', '/only', { [scopeHeaders.host]: 'shop/edge/80|x.example' }, 'exact'],
  ['a.example', '/other', { [scopeHeaders.host]: 'shop/edge/80|*.example' }, undefined],
  ['a.example', '/other', { [scopeHeaders.host]: 'shop/edge/81|a.example' }, undefined],
  ['big.example', '/svc-7', { [scopeHeaders.path]: '?/svc-8' }, 'svc-7'],
];

describe.each<RouteLayoutName>(['plain', 'scoped'])('%s', (layout) => {
  const rig = new Rig({ layout });
  let backend: Backend;
  const ports: number[] = [];

  beforeAll(async () => {
    backend = await startBackend({ name: 'one' });
    ports.push(await freePort(), await freePort());
    await rig.startServer();
    await rig.startEnvoy();
    await rig.apply([
      gateway(['127.0.0.1'], ['shop/edge/80', 'shop/edge/81']),
      listener(ports[0] ?? 0),
      listener(ports[1] ?? 0, { key: 'shop/edge/81', port: 81 }),
      cluster('one'),
      endpoints('one', [backend.port]),
      ...routes,
    ]);
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
    await backend[Symbol.asyncDispose]();
  });

  const get = (host: string, path: string, headers: Record<string, string> = {}, on = 0) =>
    request({ address: '127.0.0.1', port: ports[on] ?? 0, host, path, headers });

  test.each(requests)('%s %s %j is taken by %s', async (host, path, headers, expected) => {
    const answer = await get(host, path, headers);
    expect(answer.headers['x-route']).toBe(expected);
    if (expected !== undefined) {
      expect(answer.status).toBe(200);
      const { headers: seen } = answer.json<{ headers: Record<string, string> }>();
      if (layout === 'scoped')
        expect(Object.keys(seen).filter((name) => name.startsWith('x-sluice'))).toEqual([]);
    } else {
      expect(answer.status).toBe(404);
      expect(answer.json()).toMatchObject({ error: 'no_route', flags: 'NR', details: 'route_not_found' });
    }
  });

  test('each listener has its own routes', async () => {
    expect((await get('a.example', '/x', {}, 1)).headers['x-route']).toBe('second');
    expect((await get('x.example', '/x', {}, 1)).status).toBe(404);
  });
});

test('what answers a path moves between scopes without a moment in which nothing answers', async () => {
  await using rig = new Rig({ layout: 'scoped' });
  await using backend = await startBackend({ name: 'one' });
  const port = await freePort();
  await rig.startServer();
  await rig.startEnvoy();
  const moving = (path: string) => named('moving', [prefix(path)], attached(['big.example']));
  await rig.apply([
    gateway(['127.0.0.1'], ['shop/edge/80']),
    listener(port),
    cluster('one'),
    endpoints('one', [backend.port]),
    ...services,
    moving('/'),
  ]);
  const ended = new AbortController();
  const statuses = new Map<number, number>();
  const client = async () => {
    while (!ended.signal.aborted) {
      const { status } = await request({ address: '127.0.0.1', port, host: 'big.example', path: '/api/x' });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  const clients = [client(), client()];
  // To a scope of its own and back, and across the number of matches from which a hostname is split.
  for (let round = 0; round < 5; round++) {
    await rig.apply([moving('/api')]);
    await rig.apply([moving('/')]);
    await rig.apply([], services);
    await rig.apply([moving('/api')]);
    await rig.apply(services);
    await rig.apply([moving('/')]);
  }
  ended.abort();
  await Promise.all(clients);
  expect([...statuses.keys()]).toEqual([200]);
});
