import { freePort, request, startBackend, until } from '@sluice/testkit';
import { expect, test } from 'vitest';
import {
  attached,
  cluster,
  endpoints,
  forward,
  gateway,
  listener,
  prefix,
  route,
  rule,
} from '../testing/ir.ts';
import { Rig } from '../testing/rig.ts';

const kinds = { plain: 'route', scoped: 'scope' } as const;

test('an Envoy that comes back to a new server gets nothing while nothing changed, then exactly what did', async () => {
  await using rig = new Rig();
  await using backend = await startBackend({ name: 'one' });
  const [port, other] = [await freePort(), await freePort()];
  await rig.startServer();
  await rig.startEnvoy();
  const names = ['a', 'b', 'c', 'd'];
  const first = await rig.apply([
    gateway(['127.0.0.1'], ['shop/edge/80', 'shop/edge/81']),
    listener(port),
    listener(other, { key: 'shop/edge/81', port: 81 }),
    ...names.map((name) => cluster(name)),
    ...names.map((name) => endpoints(name, [backend.port])),
    ...names.map((name) => route(name, [rule(forward(name))], attached([`${name}.example`]))),
  ]);
  expect((await request({ address: '127.0.0.1', port, host: 'a.example' })).status).toBe(200);

  await rig.stopServer();
  await until(async () => (await rig.state())?.state === 'disconnected');
  await rig.startServer();
  await until(async () => (await rig.state())?.state === 'connected');
  await rig.acked(first);
  expect(await rig.sent()).toEqual({});

  await rig.stopServer();
  // One endpoint group, one cluster, one route: the cluster takes its endpoints along, as Envoy needs them again.
  const second = await rig.commit([
    endpoints('a', [backend.port, { address: '127.0.0.9', port: 9, state: 'draining' }]),
    cluster('b', { connectTimeoutMs: 1_000 }),
    route('c', [rule(forward('d'))], attached(['c.example'])),
  ]);
  await rig.startServer();
  await rig.acked(second);
  expect(await rig.sent()).toEqual({ cluster: 1, endpoint: 2, [kinds[rig.layout]]: 1 });
  expect((await request({ address: '127.0.0.1', port, host: 'c.example' })).status).toBe(200);
  expect(rig.failures).toEqual([]);
});

test('a change of one of 1,000 routes sends one resource, a change of endpoints sends endpoints alone', async () => {
  await using rig = new Rig();
  await using backend = await startBackend({ name: 'one' });
  const port = await freePort();
  await rig.startServer();
  await rig.startEnvoy();
  const host = (n: number) => `h${n}.example`;
  await rig.apply([
    gateway(['127.0.0.1'], ['shop/edge/80']),
    listener(port),
    cluster('one'),
    endpoints('one', [backend.port]),
    ...Array.from({ length: 1_000 }, (_, n) => route(`r${n}`, [rule(forward('one'))], attached([host(n)]))),
  ]);
  const before = await rig.sent();
  const kind = kinds[rig.layout];
  await rig.apply([route('r7', [rule(forward('one'), { matches: [prefix('/only')] })], attached([host(7)]))]);
  expect(await rig.sent()).toEqual({ ...before, [kind]: (before[kind] ?? 0) + 1 });
  expect((await request({ address: '127.0.0.1', port, host: host(7), path: '/x' })).status).toBe(404);
  expect((await request({ address: '127.0.0.1', port, host: host(8), path: '/x' })).status).toBe(200);

  const after = await rig.sent();
  await rig.apply([endpoints('one', [backend.port, { address: '127.0.0.9', port: 9, state: 'draining' }])]);
  expect(await rig.sent()).toEqual({ ...after, endpoint: (after.endpoint ?? 0) + 1 });
});

test('a cluster that is removed goes only after the routes that used it, and after the drain', async () => {
  await using rig = new Rig({ drainMs: 300 });
  await using backend = await startBackend({ name: 'one' });
  const port = await freePort();
  await rig.startServer();
  const envoy = await rig.startEnvoy();
  const old = [cluster('old'), endpoints('old', [backend.port])];
  await rig.apply([
    gateway(['127.0.0.1'], ['shop/edge/80']),
    listener(port),
    cluster('new'),
    endpoints('new', [backend.port]),
    ...old,
    route('r', [rule(forward('old'))]),
  ]);
  await rig.apply([route('r', [rule(forward('new'))])], old);
  const clusters = () => envoy.admin('/clusters');
  // The revision is acknowledged before the drain is over: the cluster is still there.
  expect(await clusters()).toContain('shop/old/80::');
  await until(async () => !(await clusters()).includes('shop/old/80::'));
  expect((await request({ address: '127.0.0.1', port })).status).toBe(200);
});

test('no endpoint is a 503 that says so; endpoints that drain are used while none is ready', async () => {
  await using rig = new Rig();
  await using ready = await startBackend({ name: 'ready' });
  await using leaving = await startBackend({ name: 'leaving' });
  const port = await freePort();
  await rig.startServer();
  await rig.startEnvoy();
  await rig.apply([
    gateway(['127.0.0.1'], ['shop/edge/80']),
    listener(port),
    cluster('one'),
    route('r', [rule(forward('one'))]),
  ]);
  const empty = await request({ address: '127.0.0.1', port });
  expect(empty.status).toBe(503);
  expect(empty.json()).toMatchObject({ error: 'no_endpoint', flags: 'UH' });

  const draining = { address: '127.0.0.1', port: leaving.port, state: 'draining' } as const;
  await rig.apply([endpoints('one', [draining])]);
  expect((await request({ address: '127.0.0.1', port })).json()).toMatchObject({ name: 'leaving' });

  await rig.apply([endpoints('one', [draining, ready.port])]);
  const seen = leaving.requests;
  for (let n = 0; n < 20; n++)
    expect((await request({ address: '127.0.0.1', port })).json()).toMatchObject({ name: 'ready' });
  expect(leaving.requests).toBe(seen);
});
