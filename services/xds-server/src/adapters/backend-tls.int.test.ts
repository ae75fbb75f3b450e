// TLS to backends on a real Envoy: whom it trusts, which names it asks for, and that it never speaks in the clear.
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { IrClusterTls, IrResource } from '@sluice/ir';
import { freePort, makeCa, makeCertificate, request } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attached, cluster, endpoints, forward, gateway, listener, route, rule } from '../testing/ir.ts';
import { Rig } from '../testing/rig.ts';

const rig = new Rig();
let port = 0;
let backend: Server;
let trusted = '';
let foreign = '';

type Verified = Extract<IrClusterTls, { type: 'verified' }>;
const dns = (value: string) => ({ type: 'dns', value }) as const;
const uri = (value: string) => ({ type: 'uri', value }) as const;

/** A cluster to the backend with this TLS, and a route to it for `<name>.example`. */
function secured(name: string, tls: IrClusterTls | undefined): IrResource[] {
  return [
    cluster(name, tls === undefined ? {} : { tls }),
    endpoints(name, [(backend.address() as AddressInfo).port]),
    route(name, [rule(forward(name))], attached([`${name}.example`])),
  ];
}

function verified(rest: Partial<Verified> = {}): Verified {
  return { type: 'verified', sni: 'api.internal', names: [dns('api.internal')], caPem: trusted, ...rest };
}

beforeAll(async () => {
  const ca = await makeCa();
  trusted = ca.pem;
  foreign = (await makeCa('Somebody else')).pem;
  const { chainPem, keyPem } = await makeCertificate({
    dnsNames: ['api.internal', 'a.pods.internal'],
    uris: ['spiffe://internal/ns/shop/sa/api'],
    ca,
  });
  backend = createServer({ cert: chainPem, key: keyPem }, (incoming, response) => {
    response.end(JSON.stringify({ sni: (incoming.socket as TLSSocket & { servername: string }).servername }));
  });
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  port = await freePort();
  await rig.startServer();
  await rig.startEnvoy();
  await rig.apply([
    gateway(['127.0.0.1'], ['shop/edge/80']),
    listener(port),
    ...secured('good', verified()),
    ...secured('wrong-name', verified({ names: [dns('other.internal')] })),
    ...secured('wrong-authority', verified({ caPem: foreign })),
    ...secured('two-authorities', verified({ caPem: `${foreign}\n${trusted}` })),
    ...secured('system', verified({ caPem: null })),
    ...secured('by-uri', verified({ names: [uri('spiffe://internal/ns/shop/sa/api')] })),
    ...secured('wrong-uri', verified({ names: [uri('spiffe://internal/ns/shop/sa/other')] })),
    ...secured('by-wildcard', verified({ names: [dns('*.pods.internal')] })),
    ...secured('wrong-wildcard', verified({ names: [dns('*.internal.example'), dns('*.b.pods.internal')] })),
    ...secured('one-of-two', verified({ names: [dns('other.internal'), dns('a.pods.internal')] })),
    ...secured('refused', { type: 'refused' }),
    ...secured('changing', verified()),
  ]);
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  backend.closeAllConnections();
  backend.close();
});

const get = (name: string) => request({ address: '127.0.0.1', port, host: `${name}.example` });

test.each([
  ['good', 200],
  ['wrong-name', 503],
  ['wrong-authority', 503],
  ['two-authorities', 200],
  ['system', 503],
  ['by-uri', 200],
  ['wrong-uri', 503],
  ['by-wildcard', 200],
  ['wrong-wildcard', 503],
  ['one-of-two', 200],
  ['refused', 503],
])('%s is %i', async (name, status) => {
  const answer = await get(name);
  expect(answer.status).toBe(status);
  if (status === 200) expect(answer.json()).toEqual({ sni: 'api.internal' });
});

test('Envoy refuses none of these', async () => {
  expect(await rig.rejections()).toEqual([]);
});

test('a change touches its cluster alone, and takes effect', async () => {
  expect((await get('changing')).status).toBe(200);
  const before = await rig.sent();
  await rig.apply([cluster('changing', { tls: verified({ names: [dns('other.internal')] }) })]);
  const after = await rig.sent();
  expect((after.cluster ?? 0) - (before.cluster ?? 0)).toBe(1);
  for (const kind of ['route', 'scope', 'listener', 'secret'] as const)
    expect(after[kind] ?? 0, kind).toBe(before[kind] ?? 0);
  expect((await get('changing')).status).toBe(503);
  await rig.apply([cluster('changing', { tls: { type: 'refused' } })]);
  expect((await get('changing')).status).toBe(503);
  await rig.apply([cluster('changing', { tls: verified() })]);
  expect((await get('changing')).status).toBe(200);
});
