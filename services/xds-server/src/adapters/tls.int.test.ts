import { readFileSync } from 'node:fs';
import {
  connectClient,
  freePort,
  makeCertificate,
  request,
  startBackend,
  tlsHandshake,
  until,
} from '@sluice/testkit';
import { expect, test } from 'vitest';
import {
  attached,
  certificate,
  cluster,
  endpoints,
  forward,
  gateway,
  listener,
  route,
  rule,
  server,
} from '../testing/ir.ts';
import { Rig } from '../testing/rig.ts';
import { openSecrets, sealFor, testSealingKey } from '../testing/seal.ts';

test('HTTPS: certificates by SNI, HTTP/2 by ALPN, renewal by SDS alone, and no key on disk', async () => {
  await using rig = new Rig({ sealingKey: testSealingKey });
  await using backend = await startBackend({ name: 'one' });
  const port = await freePort();
  const [shop, wild, renewed] = await Promise.all(
    [['shop.example'], ['*.wild.example'], ['shop.example']].map((dnsNames) => makeCertificate({ dnsNames })),
  );
  if (shop === undefined || wild === undefined || renewed === undefined) throw new Error('no certificates');
  await rig.startServer();
  await rig.startEnvoy();
  const https = listener(port, {
    protocol: 'HTTPS',
    servers: [
      server('shop.example', { certificates: ['shop/shop'] }),
      server('*.wild.example', { name: 'wild', certificates: ['shop/wild'] }),
    ],
  });
  const on443 = attached(['shop.example'], { listener: 'shop/edge/443' }).attachments;
  const wild443 = attached(['*.wild.example'], { listener: 'shop/edge/443', server: 'wild' }).attachments;
  const pending = await rig.commit([
    gateway(['127.0.0.1'], ['shop/edge/443']),
    https,
    certificate('shop', 'd1'),
    certificate('wild', 'd1'),
    cluster('one'),
    endpoints('one', [backend.port]),
    route('r', [rule(forward('one'))], { attachments: [...on443, ...wild443] }),
  ]);
  // Without its keys the listener is not there, and not said to be.
  await until(async () => (await rig.state())?.state === 'connected');
  expect((await rig.state())?.acked).toBe(null);
  const writer = await openSecrets(rig.log);
  await sealFor(writer, certificate('shop', 'd1'), shop);
  await sealFor(writer, certificate('wild', 'd1'), wild);
  await rig.acked(pending);

  const at = (servername: string) => ({ address: '127.0.0.1', port, tls: { servername } });
  const facts = await until(() => tlsHandshake(at('shop.example')));
  expect(facts).toMatchObject({ dnsNames: ['shop.example'], alpn: 'h2' });
  expect(await tlsHandshake(at('a.wild.example'))).toMatchObject({ dnsNames: ['*.wild.example'] });
  await expect(tlsHandshake(at('other.example'))).rejects.toThrow();
  const trusted = { ...at('shop.example'), tls: { servername: 'shop.example', ca: shop.caPem } };
  for (const http2 of [false, true]) {
    const answer = await request({ ...trusted, host: 'shop.example', http2 });
    expect(answer.json()).toMatchObject({ name: 'one', headers: { 'x-forwarded-proto': 'https' } });
  }

  const before = await rig.sent();
  await rig.commit([certificate('shop', 'd2')]);
  await sealFor(writer, certificate('shop', 'd2'), renewed);
  await until(async () => (await tlsHandshake(at('shop.example'))).fingerprint !== facts.fingerprint);
  expect(await rig.sent()).toEqual({ ...before, secret: (before.secret ?? 0) + 1 });

  const state =
    readFileSync(rig.dir.file('xds.sqlite'), 'latin1') +
    readFileSync(rig.dir.file('xds.sqlite-wal'), 'latin1');
  expect(state).not.toContain('PRIVATE KEY');
  expect(rig.failures).toEqual([]);
});

test('a new server and certificate leave connections of the others alone', async () => {
  await using rig = new Rig({ sealingKey: testSealingKey });
  await using backend = await startBackend({ name: 'one' });
  const port = await freePort();
  const pair = await makeCertificate({ dnsNames: ['a.example', 'b.example'] });
  await rig.startServer();
  const envoy = await rig.startEnvoy();
  const writer = await openSecrets(rig.log);
  for (const name of ['a', 'b', 'c']) await sealFor(writer, certificate(name, 'd1'), pair);
  const serverA = server('a.example', { name: 'a', certificates: ['shop/a', 'shop/c'] });
  const serverB = server('b.example', { name: 'b', certificates: ['shop/b'] });
  const r = route('r', [rule(forward('one'))], {
    attachments: attached(['a.example'], { listener: 'shop/edge/443', server: 'a' }).attachments,
  });
  await rig.apply([
    gateway(['127.0.0.1'], ['shop/edge/443']),
    listener(port, { protocol: 'HTTPS', servers: [serverA] }),
    certificate('a', 'd1'),
    certificate('c', 'd1'),
    cluster('one'),
    endpoints('one', [backend.port]),
    r,
  ]);
  const client = connectClient({ address: '127.0.0.1', port, tls: { servername: 'a.example' } });
  let disconnects = 0;
  client.on('disconnect', () => {
    disconnects += 1;
  });
  const get = async () => {
    const answer = await client.request({ path: '/', method: 'GET', headers: { host: 'a.example' } });
    await answer.body.dump();
    return answer.statusCode;
  };
  expect(await get()).toBe(200);
  await rig.apply([
    listener(port, { protocol: 'HTTPS', servers: [serverA, serverB] }),
    certificate('b', 'd1'),
  ]);
  await until(() => tlsHandshake({ address: '127.0.0.1', port, tls: { servername: 'b.example' } }));
  expect(await get()).toBe(200);
  expect(disconnects).toBe(0);
  await client.destroy();
  const stats = await envoy.stats('listener_manager');
  expect(stats['listener_manager.listener_in_place_updated']).toBe(1);
  expect(stats['listener_manager.listener_modified']).toBe(1);
});
