// gRPC over TLS on the real Envoy: from clients at an HTTPS listener, and to backends with a BackendTLSPolicy.
import type { IrClusterTls } from '@sluice/ir';
import {
  callGrpc,
  freePort,
  type GrpcTarget,
  makeCa,
  makeCertificate,
  openGrpcStream,
  startGrpcBackend,
  until,
} from '@sluice/testkit';
import { expect, test } from 'vitest';
import { call, calls, grpcRoute, served } from '../testing/grpc.ts';
import { attached, certificate, gateway, listener, rule, server } from '../testing/ir.ts';
import { Rig } from '../testing/rig.ts';
import { openSecrets, sealFor, testSealingKey } from '../testing/seal.ts';

const methods = ['/shop.v1.Orders/Get', '/shop.v1.Orders/Watch'];
const host = 'api.example';

test('over an HTTPS listener: calls, streams, and statuses of gRPC where nothing takes the call', async () => {
  await using rig = new Rig({ sealingKey: testSealingKey });
  await using orders = await startGrpcBackend({ name: 'orders', methods });
  const pair = await makeCertificate({ dnsNames: [host] });
  const port = await freePort();
  const at: Omit<GrpcTarget, 'path'> = { at: `127.0.0.1:${port}`, authority: host, caPem: pair.caPem };
  await rig.startServer();
  await rig.startEnvoy();
  await sealFor(await openSecrets(rig.log), certificate('api', 'd1'), pair);
  await rig.apply([
    gateway(['127.0.0.1'], ['shop/edge/443']),
    listener(port, { protocol: 'HTTPS', servers: [server(host, { certificates: ['shop/api'] })] }),
    certificate('api', 'd1'),
    ...served({ orders, none: undefined }),
    grpcRoute(
      'orders',
      [
        rule(calls({ orders: 1 }), { matches: [call('shop.v1.Orders', '')] }),
        rule(calls({ none: 1 }), { matches: [call('shop.v1.None', '')] }),
      ],
      attached([host], { listener: 'shop/edge/443' }),
    ),
  ]);
  const get = await until(async () => {
    const answer = await callGrpc({ ...at, path: '/shop.v1.Orders/Get' });
    return answer.code === 'OK' ? answer : undefined;
  });
  expect(get.echo).toMatchObject({ backend: 'orders', metadata: { 'x-forwarded-proto': 'https' } });
  using stream = openGrpcStream({ ...at, path: '/shop.v1.Orders/Watch' });
  for (const message of ['a', 'b']) expect(await stream.ask(message)).toMatchObject({ message });
  expect((await callGrpc({ ...at, path: '/shop.v1.Other/Get' })).code).toBe('UNIMPLEMENTED');
  expect((await callGrpc({ ...at, path: '/shop.v1.None/Get' })).code).toBe('UNAVAILABLE');
  expect(await rig.rejections()).toEqual([]);
});

test('to a backend with TLS: HTTP/2 by ALPN; a name or an authority that does not hold is UNAVAILABLE', async () => {
  await using rig = new Rig();
  const ca = await makeCa();
  const foreign = await makeCa('Somebody else');
  const pair = await makeCertificate({ dnsNames: ['orders.internal'], ca });
  await using secured = await startGrpcBackend({ name: 'secured', methods, tls: pair });
  const port = await freePort();
  const at = { at: `127.0.0.1:${port}`, path: '/shop.v1.Orders/Get' };
  const tls = (name: string, caPem: string): IrClusterTls => ({
    type: 'verified',
    sni: name,
    names: [{ type: 'dns', value: name }],
    caPem,
  });
  const to = (each: IrClusterTls) => served({ secured }, { tls: each });
  await rig.startServer();
  await rig.startEnvoy();
  await rig.apply([
    gateway(['127.0.0.1'], ['shop/edge/80']),
    listener(port),
    ...to(tls('orders.internal', ca.pem)),
    grpcRoute('orders', [rule(calls({ secured: 1 }), { matches: [call('', '')] })]),
  ]);
  const code = async () => (await callGrpc(at)).code;
  expect((await callGrpc(at)).echo).toMatchObject({ backend: 'secured' });
  for (const bad of [
    tls('other.internal', ca.pem),
    tls('orders.internal', foreign.pem),
    { type: 'refused' as const },
  ]) {
    await rig.apply(to(bad));
    await until(async () => (await code()) === 'UNAVAILABLE');
    const before = secured.count();
    expect(await code()).toBe('UNAVAILABLE');
    expect(secured.count()).toBe(before);
  }
  await rig.apply(to(tls('orders.internal', ca.pem)));
  await until(async () => (await code()) === 'OK');
  expect(await rig.rejections()).toEqual([]);
});
