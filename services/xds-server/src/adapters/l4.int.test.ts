import {
  askDatagram,
  askStream,
  connectStream,
  freePort,
  makeCertificate,
  startTcpEcho,
  startUdpEcho,
  until,
} from '@sluice/testkit';
import { expect, test } from 'vitest';
import { attached, endpoints, gateway, l4Route, listener, server } from '../testing/ir.ts';
import { Rig } from '../testing/rig.ts';

const loopback = '127.0.0.1';

/** The records of the access log that a key of which has a value. */
function records(rig: Rig, key: string, value: string): Record<string, unknown>[] {
  return rig
    .envoyLog()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((record) => record[key] === value);
}

test('TCP: another backend, weights and endpoints take effect without a connection ended, and stand in the log', async () => {
  await using rig = new Rig();
  await using one = await startTcpEcho({ name: 'one' });
  await using two = await startTcpEcho({ name: 'two' });
  const port = await freePort();
  await rig.startServer();
  const envoy = await rig.startEnvoy();
  const at = { address: loopback, port };
  await rig.apply([
    gateway([loopback], ['shop/edge/80']),
    listener(port, { protocol: 'TCP' }),
    endpoints('one', [one.port]),
    endpoints('two', [two.port]),
    l4Route('db', ['one']),
  ]);
  using client = await connectStream(at);
  expect(await client.ask('a')).toBe('one:a');

  const before = await rig.sent();
  const revision = await rig.apply([l4Route('db', ['two'])]);
  await until(async () => (await askStream(at)) === 'two:hello');
  expect(await client.ask('b')).toBe('one:b');
  // One assignment, and nothing else: no listener is touched.
  expect(await rig.sent()).toEqual({ ...before, endpoint: (before.endpoint ?? 0) + 1 });
  const stats = await envoy.stats('listener_manager');
  expect(stats['listener_manager.listener_modified'] ?? 0).toBe(0);
  await until(() => records(rig, 'route', 'tcp:shop/db').length > 0);
  expect(records(rig, 'route', 'tcp:shop/db')[0]).toMatchObject({
    kind: 'connection',
    revision: `${revision.epoch}-${revision.seq}`,
    upstream: `${loopback}:${two.port}`,
  });

  await rig.apply([
    l4Route('db', [
      { service: 'shop/one/80', weight: 9 },
      { service: 'shop/two/80', weight: 1 },
    ]),
  ]);
  const answers = await until(async () => {
    const all = await Promise.all(Array.from({ length: 200 }, () => askStream(at)));
    return all.includes('one:hello') && all.includes('two:hello') ? all : undefined;
  });
  const share = answers.filter((answer) => answer === 'one:hello').length / answers.length;
  expect(share).toBeGreaterThan(0.75);
  expect(share).toBeLessThan(0.99);
  expect(await client.ask('c')).toBe('one:c');
  expect(rig.failures).toEqual([]);
});

test('TCP: the share of an invalid backend, or of one without endpoints, is refused', async () => {
  await using rig = new Rig();
  await using one = await startTcpEcho({ name: 'one' });
  const port = await freePort();
  await rig.startServer();
  await rig.startEnvoy();
  const at = { address: loopback, port };
  const outcomes = async (count: number) => {
    const all = await Promise.all(Array.from({ length: count }, () => askStream(at).catch(() => 'refused')));
    return {
      taken: all.filter((answer) => answer === 'one:hello').length,
      refused: all.filter((answer) => answer === 'refused').length,
    };
  };
  await rig.apply([
    gateway([loopback], ['shop/edge/80']),
    listener(port, { protocol: 'TCP' }),
    endpoints('one', [one.port]),
    l4Route('db', ['one', { service: null, weight: 1 }, 'none']),
  ]);
  const { taken, refused } = await until(async () => {
    const seen = await outcomes(300);
    return seen.taken > 0 ? seen : undefined;
  });
  expect(taken + refused).toBe(300);
  expect(taken).toBeGreaterThan(60);
  expect(taken).toBeLessThan(140);

  await rig.apply([l4Route('db', [])]);
  await until(async () => (await outcomes(10)).refused === 10);
  // A port without any route ends what connects to it.
  await rig.apply([], [l4Route('db', [])]);
  await until(async () => (await outcomes(10)).refused === 10);
  await rig.apply([l4Route('db', ['one'])]);
  await until(async () => (await outcomes(10)).taken === 10);
  expect(await rig.rejections()).toEqual([]);
});

test('TLS: passed through by SNI, the most specific name first, and a new route leaves the others alone', async () => {
  await using rig = new Rig();
  const [exactPair, wildPair] = await Promise.all(
    [['a.example'], ['*.example']].map((dnsNames) => makeCertificate({ dnsNames })),
  );
  if (exactPair === undefined || wildPair === undefined) throw new Error('no certificates');
  await using exact = await startTcpEcho({ name: 'exact', tls: exactPair });
  await using wild = await startTcpEcho({ name: 'wild', tls: wildPair });
  const port = await freePort();
  await rig.startServer();
  const envoy = await rig.startEnvoy();
  const at = (servername: string) => ({ address: loopback, port, servername });
  const on443 = (hostnames: string[], name = 'main') =>
    attached(hostnames, { listener: 'shop/edge/443', server: name });
  const tls = (name: string, hostnames: string[], to: string, createdAt = '') =>
    l4Route(name, [to], { protocol: 'TLS', createdAt, ...on443(hostnames) });
  await rig.apply([
    gateway([loopback], ['shop/edge/443']),
    listener(port, {
      key: 'shop/edge/443',
      protocol: 'TLS',
      servers: [
        server('*', { passthrough: true }),
        server('own.example', { name: 'own', passthrough: true }),
      ],
    }),
    endpoints('exact', [exact.port]),
    endpoints('wild', [wild.port]),
    tls('exact', ['a.example'], 'exact'),
    tls('wild', ['*.example'], 'wild'),
    tls('younger', ['a.example'], 'wild', '2026-01-01T00:00:00Z'),
  ]);
  using client = await until(() => connectStream(at('a.example')));
  expect(client.commonName).toBe('a.example');
  expect(await client.ask('x')).toBe('exact:x');
  expect(await askStream(at('b.c.example'))).toBe('wild:hello');
  // Neither a name that no route has, nor one of another server, nor what is not TLS.
  await expect(askStream(at('other.org'))).rejects.toThrow();
  await expect(askStream(at('own.example'))).rejects.toThrow();
  await expect(askStream({ address: loopback, port })).rejects.toThrow();

  await rig.apply([tls('more', ['more.org'], 'wild')]);
  await until(async () => (await askStream(at('more.org'))) === 'wild:hello');
  expect(await client.ask('y')).toBe('exact:y');
  const stats = await envoy.stats('listener_manager');
  expect(stats['listener_manager.listener_in_place_updated']).toBe(1);
  await until(() => records(rig, 'sni', 'b.c.example').length > 0);
  expect(records(rig, 'sni', 'b.c.example')[0]).toMatchObject({ kind: 'connection', route: 'tls:shop/wild' });
  expect(await rig.rejections()).toEqual([]);
});

test('UDP: datagrams go to the oldest route, and to its newest backend', async () => {
  await using rig = new Rig();
  await using one = await startUdpEcho({ name: 'one' });
  await using two = await startUdpEcho({ name: 'two' });
  const port = await freePort();
  await rig.startServer();
  await rig.startEnvoy();
  const at = { address: loopback, port };
  const udp = (name: string, to: string, createdAt: string) =>
    l4Route(name, [to], { protocol: 'UDP', createdAt });
  await rig.apply([
    gateway([loopback], ['shop/edge/80']),
    listener(port, { protocol: 'UDP' }),
    endpoints('one', [one.port]),
    endpoints('two', [two.port]),
    udp('younger', 'two', '2026-02-01T00:00:00Z'),
    udp('older', 'one', '2026-01-01T00:00:00Z'),
  ]);
  expect(await until(() => askDatagram(at))).toBe('one:hello');
  const before = await rig.sent();
  await rig.apply([udp('older', 'two', '2026-01-01T00:00:00Z')]);
  await until(async () => (await askDatagram(at)) === 'two:hello');
  expect(await rig.sent()).toEqual({ ...before, endpoint: (before.endpoint ?? 0) + 1 });
  await rig.apply([], [udp('older', 'two', ''), udp('younger', 'two', '')]);
  await expect(askDatagram(at, 'gone', 300)).rejects.toThrow();
  expect(await rig.rejections()).toEqual([]);
});
