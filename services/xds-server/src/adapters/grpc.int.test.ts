import {
  callGrpc,
  freePort,
  type GrpcTarget,
  openGrpcStream,
  startGrpcBackend,
  until,
} from '@sluice/testkit';
import { expect, test } from 'vitest';
import { call, calls, grpcRoute, header, served } from '../testing/grpc.ts';
import { gateway, listener, rule } from '../testing/ir.ts';
import { Rig } from '../testing/rig.ts';

const loopback = '127.0.0.1';
const methods = [
  '/shop.v1.Orders/Get',
  '/shop.v1.Orders/List',
  '/shop.v1.Orders/Watch',
  '/shop.v1.Other/Get',
];

async function backendOf(target: GrpcTarget): Promise<string> {
  const { code, echo } = await callGrpc(target);
  return echo?.backend ?? code;
}

test('the service, then the method, then headers decide; what nothing matches is UNIMPLEMENTED', async () => {
  await using rig = new Rig();
  const names = ['both', 'service', 'method', 'any', 'headers'];
  const all = await Promise.all(names.map((name) => startGrpcBackend({ name, methods })));
  const port = await freePort();
  const at = `${loopback}:${port}`;
  await rig.startServer();
  await rig.startEnvoy();
  await rig.apply([
    gateway([loopback], ['shop/edge/80']),
    listener(port),
    ...served(Object.fromEntries(names.map((name, i) => [name, all[i]]))),
    grpcRoute('least', [
      rule(calls({ any: 1 }), { matches: [call('', '', { headers: [header('x-any', '1')] })] }),
      rule(calls({ method: 1 }), { matches: [call('', 'Get')] }),
    ]),
    grpcRoute('most', [
      rule(calls({ service: 1 }), { matches: [call('shop.v1.Orders', '')] }),
      rule(calls({ both: 1 }), { matches: [call('shop.v1.Orders', 'Get')] }),
      rule(calls({ headers: 1 }), {
        matches: [
          call('shop.v1.Orders', '', { headers: [header('x-version', 'two'), header('x-color', 'red')] }),
        ],
      }),
    ]),
  ]);
  expect(await backendOf({ at, path: '/shop.v1.Orders/Get' })).toBe('both');
  expect(await backendOf({ at, path: '/shop.v1.Orders/List' })).toBe('service');
  expect(await backendOf({ at, path: '/shop.v1.Other/Get' })).toBe('method');
  const metadata = { 'X-Version': 'two', 'x-color': 'red' };
  expect(await backendOf({ at, path: '/shop.v1.Orders/List', metadata })).toBe('headers');
  expect(await backendOf({ at, path: '/shop.v1.Orders/Get', metadata })).toBe('both');
  expect(await backendOf({ at, path: '/shop.v1.Orders/List', metadata: { 'x-version': 'two' } })).toBe(
    'service',
  );
  expect(await backendOf({ at, path: '/shop.v1.Other/List' })).toBe('UNIMPLEMENTED');
  // A dot is a dot.
  expect(await backendOf({ at, path: '/shopXv1.Orders/List' })).toBe('UNIMPLEMENTED');
  for (const backend of all) await backend[Symbol.asyncDispose]();
  expect(await rig.rejections()).toEqual([]);
});

test('weights are kept to; an invalid backend and one without endpoints are UNAVAILABLE for their share', async () => {
  await using rig = new Rig();
  await using one = await startGrpcBackend({ name: 'one', methods });
  await using two = await startGrpcBackend({ name: 'two', methods });
  const port = await freePort();
  const target = { at: `${loopback}:${port}`, path: '/shop.v1.Orders/Get' };
  const count = async (total: number) => {
    const found: Record<string, number> = {};
    for (const name of await Promise.all(Array.from({ length: total }, () => backendOf(target))))
      found[name] = (found[name] ?? 0) + 1;
    return found;
  };
  await rig.startServer();
  await rig.startEnvoy();
  const to = (weights: Readonly<Record<string, number>>) =>
    grpcRoute('orders', [rule(calls(weights), { matches: [call('', '')] })]);
  await rig.apply([
    gateway([loopback], ['shop/edge/80']),
    listener(port),
    ...served({ one, two, none: undefined }),
    to({ one: 70, two: 30 }),
  ]);
  const split = await count(300);
  expect(split.one).toBeGreaterThan(170);
  expect(split.two).toBeGreaterThan(50);
  expect((split.one ?? 0) + (split.two ?? 0)).toBe(300);

  await rig.apply([to({ one: 1, invalid: 1 })]);
  const half = await count(100);
  expect(half.one).toBeGreaterThan(20);
  expect(half.UNAVAILABLE).toBeGreaterThan(20);
  expect(Object.keys(half).sort()).toEqual(['UNAVAILABLE', 'one']);

  await rig.apply([to({ none: 1 })]);
  expect(await count(10)).toEqual({ UNAVAILABLE: 10 });

  const respond = { type: 'respond', statusCode: 503, reason: 'no valid backend' } as const;
  await rig.apply([grpcRoute('orders', [rule(respond, { matches: [call('', '')] })])]);
  expect(await count(10)).toEqual({ UNAVAILABLE: 10 });
});

test('another backend takes effect without a failed call, and a stream goes on where it is', async () => {
  await using rig = new Rig();
  await using one = await startGrpcBackend({ name: 'one', methods });
  await using two = await startGrpcBackend({ name: 'two', methods });
  const port = await freePort();
  const at = `${loopback}:${port}`;
  await rig.startServer();
  await rig.startEnvoy();
  const to = (name: string) =>
    grpcRoute('orders', [rule(calls({ [name]: 1 }), { matches: [call('shop.v1.Orders', '')] })]);
  await rig.apply([
    gateway([loopback], ['shop/edge/80']),
    listener(port),
    ...served({ one, two }),
    to('one'),
  ]);
  using stream = openGrpcStream({ at, path: '/shop.v1.Orders/Watch' });
  expect((await stream.ask('a')).backend).toBe('one');

  const seen = new Set<string>();
  let stop = false;
  const load = (async () => {
    while (!stop) seen.add(await backendOf({ at, path: '/shop.v1.Orders/Get' }));
  })();
  for (const name of ['two', 'one', 'two']) {
    await rig.apply([to(name)]);
    await until(async () => (await backendOf({ at, path: '/shop.v1.Orders/Get' })) === name);
  }
  await until(() => seen.size === 2);
  stop = true;
  await load;
  expect([...seen].sort()).toEqual(['one', 'two']);
  expect(await stream.ask('b')).toMatchObject({ backend: 'one', message: 'b' });
  expect(rig.failures).toEqual([]);
});

test('headers are edited both ways, and a mirror gets a copy', async () => {
  await using rig = new Rig();
  await using one = await startGrpcBackend({ name: 'one', methods });
  await using copy = await startGrpcBackend({ name: 'copy', methods });
  const port = await freePort();
  await rig.startServer();
  await rig.startEnvoy();
  await rig.apply([
    gateway([loopback], ['shop/edge/80']),
    listener(port),
    ...served({ one, copy }),
    grpcRoute('orders', [
      rule(calls({ one: 1 }, { mirrors: [{ cluster: 'shop/copy/80#h2c', perMillion: 1_000_000 }] }), {
        matches: [call('', '')],
        requestHeaders: { set: [{ name: 'x-env', value: 'prod' }], add: [], remove: ['x-secret'] },
        responseHeaders: { set: [{ name: 'x-served', value: 'sluice' }], add: [], remove: [] },
      }),
    ]),
  ]);
  const answer = await callGrpc({
    at: `${loopback}:${port}`,
    path: '/shop.v1.Orders/Get',
    metadata: { 'x-secret': '1', 'x-kept': '2' },
  });
  expect(answer.echo).toMatchObject({ backend: 'one', metadata: { 'x-env': 'prod', 'x-kept': '2' } });
  expect(answer.echo?.metadata).not.toHaveProperty('x-secret');
  expect(answer.headers).toMatchObject({ 'x-served': 'sluice' });
  await until(() => copy.count() === 1);
});
