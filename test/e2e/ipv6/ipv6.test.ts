// Gateways on IPv6: an address that is asked for, and one out of a pool. RFC 3986: an IPv6 address stands in brackets.
import { networkInterfaces } from 'node:os';
import {
  describeIf,
  type EchoRequest,
  freePort,
  makeCertificate,
  request,
  startBackend,
  type TestCertificate,
  tlsSecret,
  until,
} from '@sluice/testkit';
import { expect, it } from 'vitest';
import {
  condition,
  gateway,
  httpListener,
  httpRoute,
  httpsListener,
  path,
  rule,
} from '../../harness/objects.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const loopback = '::1';
const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === loopback),
);
const missing = hasIpv6 ? undefined : 'this machine has no IPv6 loopback address';
const redirect = (at: string, requestRedirect: object) => ({
  matches: [path('PathPrefix', at)],
  filters: [{ type: 'RequestRedirect', requestRedirect }],
});

describeIf(missing)('a Gateway that asks for ::1', () => {
  // Every instance of this machine shares the one address: ports of our own keep tests apart.
  let http = 0;
  let https = 0;
  let certificate: TestCertificate;
  const world = useSluice({
    backends: ['one'],
    manifests: async () => {
      [http, https] = await Promise.all([freePort(), freePort()]);
      certificate = await makeCertificate({ dnsNames: ['six.example'] });
      const listeners = [
        httpListener({ port: http }),
        { ...httpsListener('https', 'six.example', 'six-tls'), port: https },
      ];
      return {
        'gateway.yaml': [
          gateway('six', listeners, {
            spec: { addresses: [{ type: 'IPAddress', value: '0:0:0:0:0:0:0:1' }] },
          }),
          tlsSecret('six-tls', certificate),
        ],
        'route.yaml': httpRoute('route', {
          parent: 'six',
          rules: [
            rule('one', { matches: [path('PathPrefix', '/')] }),
            redirect('/to-https', { scheme: 'https' }),
            redirect('/to-path', { path: { type: 'ReplaceFullPath', replaceFullPath: '/there' } }),
            redirect('/to-port', { port: 8443 }),
            redirect('/to-host', { hostname: 'shop.example', port: 80 }),
          ],
        }),
      };
    },
  });

  it('is programmed, and its status has the address in canonical form', async () => {
    const found = await world().sluice.find('gateways', 'six');
    expect(found?.status?.addresses).toEqual([{ type: 'IPAddress', value: loopback }]);
    expect(condition(found?.status?.conditions, 'Programmed')?.status).toBe('True');
  });

  it('is printed so that it can be opened', () => {
    expect(world().sluice.output()).toContain(`http://[::1]:${http}/`);
    expect(world().sluice.output()).toContain(`https://[::1]:${https}/ (six.example)`);
  });

  it.each([undefined, 'shop.example'])('serves HTTP, the Host header as sent: %s', async (host) => {
    const answer = await request({ address: loopback, port: http, ...(host === undefined ? {} : { host }) });
    expect(answer.json<EchoRequest>()).toMatchObject({ name: 'one', host: host ?? `[::1]:${http}` });
  });

  it.each([false, true])('serves HTTPS (HTTP/2: %s)', async (http2) => {
    const tls = { servername: 'six.example', ca: certificate.chainPem };
    const answer = await request({ address: loopback, port: https, host: 'six.example', tls, http2 });
    expect(answer.json<EchoRequest>()).toMatchObject({ name: 'one', host: 'six.example' });
  });

  it.each([
    // The port is written since the listener's is no well-known one: Envoy would keep that of the Host header.
    ['/to-https', () => 'https://[::1]:443/to-https'],
    ['/to-path', () => `http://[::1]:${http}/there`],
    ['/to-port', () => 'http://[::1]:8443/to-port'],
    ['/to-host', () => 'http://shop.example/to-host'],
  ])('redirects %s with brackets around an address', async (at, location) => {
    const answer = await request({ address: loopback, port: http, path: at });
    expect(answer.status).toBe(302);
    expect(answer.headers.location).toBe(location());
  });

  it('reaches endpoints on IPv6', async () => {
    await using backend = await startBackend({ name: 'far', address: loopback });
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'far' },
      spec: { ports: [{ name: 'http', port: 8080 }] },
    };
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'far-1', labels: { 'kubernetes.io/service-name': 'far' } },
      addressType: 'IPv6',
      ports: [{ name: 'http', port: backend.port }],
      endpoints: [{ addresses: [loopback] }],
    };
    const route = httpRoute('far', {
      parent: 'six',
      rules: [rule('far', { matches: [path('PathPrefix', '/far')] })],
    });
    world().sluice.write({ 'far.yaml': [service, slice, route] });
    const answer = await until(async () => {
      const got = await request({ address: loopback, port: http, path: '/far' });
      return got.status === 200 && got.json<EchoRequest>().name === 'far' ? got : undefined;
    });
    expect(answer.json<EchoRequest>().path).toBe('/far');
  });
});

describeIf(missing)('a pool of IPv6 addresses', () => {
  let port = 0;
  const world = useSluice({
    backends: ['one'],
    args: ['--pool', '::1/128'],
    manifests: async () => {
      port = await freePort();
      return {
        'gateway.yaml': [
          gateway('first', [httpListener({ port })]),
          gateway('second', [httpListener({ port })]),
        ],
        'route.yaml': httpRoute('route', { parent: 'first', rules: [rule('one')] }),
      };
    },
  });

  it('gives its one address to one Gateway, which serves', async () => {
    expect(await world().sluice.address('first')).toBe(loopback);
    expect((await request({ address: loopback, port })).json<EchoRequest>().name).toBe('one');
  });

  it('tells the next that none is left', async () => {
    const found = await world().sluice.find('gateways', 'second');
    const programmed = condition(found?.status?.conditions, 'Programmed');
    expect(programmed).toMatchObject({ status: 'False', reason: 'AddressNotUsable' });
    expect(programmed?.message).toContain('no address of the pool is free');
  });
});
