// HTTPS listeners: the certificate follows the name asked for, and its replacement drops nothing.
import {
  type EchoRequest,
  makeCa,
  makeCertificate,
  request,
  tlsHandshake,
  tlsSecret,
  until,
} from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { condition, gateway, httpRoute, httpsListener, rule } from '../../harness/objects.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const ca = await makeCa();
const bookinfo = await makeCertificate({ dnsNames: ['bookinfo.cilium.rocks'], ca });
const wildcard = await makeCertificate({ dnsNames: ['*.shop.example'], ca });
const expired = await makeCertificate({
  dnsNames: ['old.example'],
  notAfter: new Date(Date.now() - 60_000),
  ca,
});

const listeners = [
  httpsListener('bookinfo', 'bookinfo.cilium.rocks', 'bookinfo-tls'),
  httpsListener('wildcard', '*.shop.example', 'wildcard-tls'),
];
const broken = [
  httpsListener('expired', 'old.example', 'expired-tls'),
  httpsListener('mismatch', 'mismatch.example', 'mismatch-tls'),
  httpsListener('absent', 'absent.example', 'absent-tls'),
];
const foreign = [
  httpsListener('foreign', 'bookinfo.cilium.rocks', { name: 'foreign-tls', namespace: 'vault' }),
];
const grant = {
  apiVersion: 'gateway.networking.k8s.io/v1beta1',
  kind: 'ReferenceGrant',
  metadata: { name: 'edge', namespace: 'vault' },
  spec: {
    from: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'default' }],
    to: [{ group: '', kind: 'Secret', name: 'foreign-tls' }],
  },
};

const world = useSluice({
  backends: ['books', 'shop'],
  manifests: () => ({
    'gateway.yaml': [gateway('edge', listeners), gateway('broken', broken), gateway('foreign', foreign)],
    'secrets.yaml': [
      tlsSecret('bookinfo-tls', bookinfo),
      tlsSecret('wildcard-tls', wildcard),
      tlsSecret('expired-tls', expired),
      tlsSecret('mismatch-tls', bookinfo, { keyPem: wildcard.keyPem }),
      tlsSecret('foreign-tls', bookinfo, { namespace: 'vault' }),
    ],
    'routes.yaml': [
      httpRoute('books', { parent: 'edge', hostnames: ['bookinfo.cilium.rocks'], rules: [rule('books')] }),
      httpRoute('shop', { parent: 'edge', hostnames: ['*.shop.example'], rules: [rule('shop')] }),
      httpRoute('foreign', { parent: 'foreign', rules: [rule('books')] }),
    ],
  }),
});

const tlsFor = (servername: string) => ({ servername, ca: ca.pem });

async function present(gatewayName: string, servername: string) {
  return tlsHandshake({ ...(await world().sluice.target(gatewayName, 443)), tls: tlsFor(servername) });
}

async function listenerCondition(gatewayName: string, listener: string, type: string) {
  const found = await world().sluice.find('gateways', gatewayName);
  return condition(found?.status?.listeners?.find(({ name }) => name === listener)?.conditions, type);
}

describe('one address and port, two names', () => {
  it.each([
    ['bookinfo.cilium.rocks', 'bookinfo.cilium.rocks', 'books'],
    ['a.shop.example', '*.shop.example', 'shop'],
  ])('%s gets the certificate for %s and reaches %s', async (servername, dnsName, backend) => {
    expect(await present('edge', servername)).toMatchObject({
      dnsNames: [dnsName],
      authorized: true,
      alpn: 'h2',
    });
    const target = await world().sluice.target('edge', 443);
    for (const http2 of [false, true]) {
      const answer = await request({ ...target, host: servername, tls: tlsFor(servername), http2 });
      expect(answer.status).toBe(200);
      expect(answer.json<EchoRequest>()).toMatchObject({
        name: backend,
        headers: { 'x-forwarded-proto': 'https' },
      });
    }
  });

  it('a name of no listener gets no certificate at all', async () => {
    await expect(present('edge', 'elsewhere.example')).rejects.toThrow();
  });

  it('a Host of another listener than the name asked for is sent to a connection of its own', async () => {
    const target = await world().sluice.target('edge', 443);
    const answer = await request({ ...target, host: 'a.shop.example', tls: tlsFor('bookinfo.cilium.rocks') });
    expect(answer.status).toBe(421);
  });
});

describe('a certificate that cannot be served', () => {
  it.each([
    ['mismatch', 'InvalidCertificateRef'],
    ['absent', 'InvalidCertificateRef'],
  ])('%s: the listener says %s and is not programmed', async (listener, reason) => {
    expect(await listenerCondition('broken', listener, 'ResolvedRefs')).toMatchObject({
      status: 'False',
      reason,
    });
    expect(await listenerCondition('broken', listener, 'Programmed')).toMatchObject({ status: 'False' });
  });

  it('an expired one is named with its date', async () => {
    const found = await world().sluice.find('gateways', 'broken');
    const conditions = found?.status?.listeners?.find(({ name }) => name === 'expired')?.conditions ?? [];
    expect(conditions.some(({ message }) => /expired/i.test(message))).toBe(true);
  });
});

describe('a Secret of another namespace', () => {
  const resolved = (status: string, reason: string) =>
    until(
      async () => {
        const found = await listenerCondition('foreign', 'foreign', 'ResolvedRefs');
        return found?.status === status && found.reason === reason;
      },
      { intervalMs: 200, message: `ResolvedRefs=${status} ${reason}` },
    );

  it('is not used without a ReferenceGrant', async () => {
    await resolved('False', 'RefNotPermitted');
    await expect(present('foreign', 'bookinfo.cilium.rocks')).rejects.toThrow();
  });

  it('is used once it is granted, and no longer when the grant is taken back', async () => {
    const { sluice } = world();
    sluice.write({ 'grant.yaml': grant });
    await resolved('True', 'ResolvedRefs');
    await until(() => present('foreign', 'bookinfo.cilium.rocks').then(({ authorized }) => authorized), {});
    sluice.write({ 'grant.yaml': null });
    await resolved('False', 'RefNotPermitted');
    await until(() =>
      present('foreign', 'bookinfo.cilium.rocks').then(
        () => false,
        () => true,
      ),
    );
  });
});

it('a replaced certificate is presented to new connections; no request fails meanwhile', async () => {
  const { sluice } = world();
  const target = await sluice.target('edge', 443);
  const before = await present('edge', 'a.shop.example');
  const deadline = performance.now() + 15_000;
  const next = await makeCertificate({ dnsNames: ['*.shop.example'], ca });
  sluice.write({ 'secrets.yaml': [tlsSecret('bookinfo-tls', bookinfo), tlsSecret('wildcard-tls', next)] });
  const statuses = new Set<number>();
  const replaced = async () => {
    const answer = await request({ ...target, host: 'a.shop.example', tls: tlsFor('a.shop.example') });
    statuses.add(answer.status);
    const now = await present('edge', 'a.shop.example');
    return now.authorized && now.fingerprint !== before.fingerprint;
  };
  while (!(await replaced())) expect(performance.now()).toBeLessThan(deadline);
  expect([...statuses]).toEqual([200]);
  expect((await present('edge', 'bookinfo.cilium.rocks')).authorized).toBe(true);
});
