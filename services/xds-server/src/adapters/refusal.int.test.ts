import { freePort, type RunningEnvoy, request, startBackend, until } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { cluster, endpoints, forward, gateway, listener, match, prefix, route, rule } from '../testing/ir.ts';
import { Rig } from '../testing/rig.ts';

/** RE2 has no look-ahead, so Envoy refuses any route table with it. */
const refused = match({ path: { type: 'regex', value: '/(?=x)' } });

test('of many changes Envoy refuses the guilty ones alone; their last version stays, over restarts, until they are mended', async () => {
  await using rig = new Rig();
  await using backend = await startBackend({ name: 'one' });
  const ports = await Promise.all(Array.from({ length: 5 }, () => freePort()));
  const key = (n: number) => `shop/edge/${80 + n}`;
  const on = (n: number) => ({ attachments: [{ listener: key(n), server: 'main', hostnames: ['*'] }] });
  const table = (n: number, path: string) =>
    route(`r${n}`, [rule(forward('one'), { matches: [prefix(path)] })], on(n));
  const get = (n: number, path: string) => request({ address: '127.0.0.1', port: ports[n] ?? 0, path });
  await rig.startServer();
  await rig.startEnvoy();
  await rig.apply([
    gateway(
      ['127.0.0.1'],
      ports.map((_, n) => key(n)),
    ),
    ...ports.map((port, n) => listener(port, { key: key(n), port: 80 + n })),
    cluster('one'),
    endpoints('one', [backend.port]),
    ...ports.map((_, n) => table(n, '/old')),
  ]);

  const bad = [1, 3].map((n) =>
    route(`r${n}`, [rule(forward('one'), { matches: [refused, prefix('/new')] })], on(n)),
  );
  await rig.apply([table(0, '/new'), ...bad, table(2, '/new'), table(4, '/new')]);
  const rejections = await until(async () => {
    const all = await rig.rejections();
    return all.length === 2 && all;
  });
  const refusedName = (n: number) => (rig.layout === 'scoped' ? `${key(n)}|*` : key(n));
  expect(rejections.map((rejection) => rejection.resource).sort()).toEqual([1, 3].map(refusedName));
  expect(rejections[0]).toMatchObject({ node: 'envoy-0', revision: { epoch: 1, seq: 2 } });
  expect(rejections[0]?.message).toContain('(?=');
  expect(rejections.flatMap((rejection) => rejection.sources.map((source) => source.name)).sort()).toEqual([
    'r1',
    'r3',
  ]);
  for (const n of [0, 2, 4]) expect((await get(n, '/new')).status).toBe(200);
  for (const n of [1, 3]) expect((await get(n, '/old')).status).toBe(200);

  // A new server neither tries the refused again nor loses what was refused.
  await rig.stopServer();
  await rig.startServer();
  await until(async () => (await rig.state())?.state === 'connected');
  expect(await rig.sent()).toEqual({});
  expect(await rig.rejections()).toHaveLength(2);

  // Mended: delivered, and the rejection is over. Gone: over as well.
  await rig.apply([table(1, '/new')]);
  expect((await get(1, '/new')).status).toBe(200);
  await until(async () => (await rig.rejections()).length === 1);
  await rig.commit([], bad.slice(1));
  await until(async () => (await rig.rejections()).length === 0);
  expect(rig.failures).toEqual([]);
});

test('an Envoy that starts anew while its newest routes are refused gets the last good ones', async () => {
  await using rig = new Rig();
  await using backend = await startBackend({ name: 'one' });
  const port = await freePort();
  await rig.startServer();
  const first = await rig.startEnvoy();
  await rig.apply([
    gateway(['127.0.0.1'], ['shop/edge/80']),
    listener(port),
    cluster('one'),
    endpoints('one', [backend.port]),
    route('r', [rule(forward('one'), { matches: [prefix('/old')] })]),
  ]);
  await rig.apply([route('r', [rule(forward('one'), { matches: [refused] })])]);
  await until(async () => (await rig.rejections()).length === 1);
  await rig.stopServer();
  await first[Symbol.asyncDispose]();
  await rig.startServer();
  await rig.startEnvoy('envoy-0', 'serving');
  const answer = await until(() => request({ address: '127.0.0.1', port, path: '/old' }));
  expect(answer.status).toBe(200);
});

test('what every Envoy refuses stays at its last version on all of them, and on one that comes later', async () => {
  await using rig = new Rig();
  await using backend = await startBackend({ name: 'one' });
  const [port, others] = [await freePort(), await freePort()];
  const table = (path: Parameters<typeof rule>[1]) => route('r', [rule(forward('one'), path)]);
  const paths = async (envoy: RunningEnvoy) => {
    const { RoutesConfigDump, ScopedRoutesConfigDump } = await envoy.configDump();
    return JSON.stringify([RoutesConfigDump, ScopedRoutesConfigDump]);
  };
  await rig.startServer();
  const first = await rig.startEnvoy('envoy-0');
  const second = await rig.startEnvoy('envoy-1');
  const whole = await rig.apply([
    gateway(['127.0.0.1'], ['shop/edge/80', 'shop/edge/81']),
    listener(port),
    listener(others, { key: 'shop/edge/81', port: 81 }),
    cluster('one'),
    endpoints('one', [backend.port]),
    table({ matches: [prefix('/old')] }),
  ]);
  await rig.acked(whole, 'envoy-1');

  await rig.apply([table({ matches: [refused] })]);
  const names = async () => (await rig.rejections()).map(({ node }) => node).sort();
  await until(async () => (await names()).join() === 'envoy-0,envoy-1');
  // A third that never had a good version: it is not left without the route.
  const third = await rig.startEnvoy('envoy-2', 'serving');
  await until(async () => (await names()).length === 3);
  for (const envoy of [first, second, third]) await until(async () => (await paths(envoy)).includes('/old'));
  expect((await request({ address: '127.0.0.1', port, path: '/old' })).status).toBe(200);

  // Nor is one after a restart of the server.
  await rig.stopServer();
  await third[Symbol.asyncDispose]();
  await rig.startServer();
  const again = await rig.startEnvoy('envoy-2', 'serving');
  await until(async () => (await paths(again)).includes('/old'));

  // Mended: all of them have it, and nothing is refused any more.
  await rig.apply([table({ matches: [prefix('/mended')] })]);
  for (const envoy of [first, second, again])
    await until(async () => (await paths(envoy)).includes('/mended'));
  await until(async () => (await names()).length === 0);
});

test('a listener that cannot be bound is named, and the others serve', async () => {
  await using rig = new Rig();
  await using backend = await startBackend({ name: 'one' });
  const port = await freePort();
  await rig.startServer();
  await rig.startEnvoy();
  await rig.apply([
    gateway(['127.0.0.1'], ['shop/edge/80', 'shop/edge/81']),
    listener(port),
    // 192.0.2.1 is of no machine (RFC 5737).
    listener(port, { key: 'shop/edge/81', port: 81, addresses: ['192.0.2.1'] }),
    cluster('one'),
    endpoints('one', [backend.port]),
    route('r', [rule(forward('one'))]),
  ]);
  const [rejection] = await until(async () => {
    const all = await rig.rejections();
    return all.length > 0 && all;
  });
  expect(rejection).toMatchObject({ resource: 'shop/edge/81', sources: [{ kind: 'Gateway', name: 'edge' }] });
  expect((await request({ address: '127.0.0.1', port })).status).toBe(200);
});
