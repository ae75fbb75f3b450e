// Ingress with the real Envoy: path types and their order, hosts, the default backend, TLS, redirects, what is passed
// through, time limits, shared addresses, and what becomes of wrong values.
import type { IrResource } from '@sluice/ir';
import { explainRequest, IrIndex } from '@sluice/ir/explain';
import {
  connectStream,
  type EchoRequest,
  makeCa,
  makeCertificate,
  type RequestTarget,
  request,
  serviceObjects,
  startTcpEcho,
  tlsHandshake,
  tlsSecret,
  until,
} from '@sluice/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { condition, ingress, ingressPath } from '../../harness/objects.ts';
import { useSluice } from '../../harness/use-sluice.ts';
import { RawClient } from '../../pipeline/explain/http-client.ts';

const ca = await makeCa();
const shop = await makeCertificate({ dnsNames: ['shop.example', '*.shop.example'], ca });
const vault = await startTcpEcho({
  name: 'vault',
  tls: await makeCertificate({ dnsNames: ['vault.example'], ca }),
});
afterAll(() => vault[Symbol.asyncDispose]());

const toWeb = { service: { name: 'web', port: { number: 8080 } } };
const toSlow = { service: { name: 'slow', port: { name: 'http' } } };
const shared = { 'ingress.cilium.io/loadbalancer-mode': 'shared' };

const world = useSluice({
  backends: ['web', 'exact', 'regex', 'long', 'short', 'wild', 'fallback', 'slow', 'other'],
  manifests: () => ({
    'paths.yaml': [
      ingress('paths', {
        defaultBackend: { service: { name: 'fallback', port: { number: 8080 } } },
        rules: [
          {
            host: 'paths.example',
            http: {
              paths: [
                ingressPath('Prefix', '/', 'web'),
                ingressPath('Prefix', '/a', 'short'),
                ingressPath('Prefix', '/a/b/', 'long'),
                ingressPath('ImplementationSpecific', '/a/[0-9]+', 'regex'),
                ingressPath('Exact', '/a/1', 'exact'),
                ingressPath('Prefix', '/"\'`%REQ(x)%', 'other'),
              ],
            },
          },
          { host: '*.paths.example', http: { paths: [ingressPath('Prefix', '/', 'wild')] } },
          { host: 'some.example', http: { paths: [ingressPath('Prefix', '/some', 'web')] } },
          { host: 'bare.example' },
        ],
      }),
    ],
    'tls.yaml': [
      tlsSecret('shop-tls', shop),
      ingress('tls', {
        tls: [{ hosts: ['shop.example', '*.shop.example'], secretName: 'shop-tls' }],
        rules: [
          { host: 'shop.example', http: { paths: [ingressPath('Prefix', '/', 'web')] } },
          { http: { paths: [ingressPath('Prefix', '/any', 'other')] } },
        ],
      }),
      ingress('everyone', {
        tls: [{ secretName: 'shop-tls' }, { hosts: ['*.shop.example'], secretName: 'shop-tls' }],
        rules: [{ http: { paths: [ingressPath('Prefix', '/any', 'other')] } }],
      }),
      ingress(
        'both',
        {
          tls: [{ hosts: ['shop.example'], secretName: 'shop-tls' }],
          rules: [{ host: 'shop.example', http: { paths: [ingressPath('Prefix', '/', 'web')] } }],
        },
        { annotations: { 'sluice.io/force-https': 'disabled', 'sluice.io/host-listener-port': '8081' } },
      ),
    ],
    'passthrough.yaml': [
      ...serviceObjects({ name: 'vault', endpoints: [{ address: '127.0.0.1', port: vault.port }] }),
      ingress(
        'passed',
        { rules: [{ host: 'vault.example', http: { paths: [ingressPath('Prefix', '/', 'vault')] } }] },
        { annotations: { 'ingress.cilium.io/tls-passthrough': 'enabled' } },
      ),
    ],
    'limits.yaml': [
      ingress(
        'limited',
        { defaultBackend: toSlow },
        { annotations: { 'ingress.cilium.io/request-timeout': '300ms' } },
      ),
      ingress(
        'mistaken',
        { defaultBackend: toWeb },
        { annotations: { 'ingress.cilium.io/request-timeout': 'soon' } },
      ),
    ],
    'shared.yaml': [
      ingress(
        'one',
        { rules: [{ host: 'one.example', http: { paths: [ingressPath('Prefix', '/', 'web')] } }] },
        { annotations: shared },
      ),
      ingress(
        'two',
        {
          defaultBackend: { service: { name: 'fallback', port: { number: 8080 } } },
          rules: [{ host: 'one.example', http: { paths: [ingressPath('Prefix', '/two', 'other')] } }],
        },
        { namespace: 'default', annotations: shared },
      ),
    ],
  }),
});

/** Name of the backend that answered, or the status where it is not 200. */
async function ask(target: RequestTarget, host: string, path: string, more: object = {}): Promise<string> {
  const answer = await request({ ...target, host, path, ...more });
  return answer.status === 200 ? answer.json<EchoRequest>().name : String(answer.status);
}
const http = (name: string, port = 80) => world().sluice.ingressTarget(name, port);
const tls = (servername: string) => ({ tls: { servername, ca: ca.pem } });

describe('paths, hosts and the default backend', () => {
  it.each([
    ['/a/1', 'exact'],
    ['/a/12', 'regex'],
    ['/a/12/x', 'short'],
    ['/a/b', 'long'],
    ['/a/b/c', 'long'],
    ['/a/bc', 'short'],
    ['/ab', 'web'],
    ['/', 'web'],
    ['/%22%27%60%25REQ(x)%25', 'web'],
  ])('%s goes to %s: Exact, ImplementationSpecific, Prefix, the longer first', async (path, name) => {
    expect(await ask(await http('paths'), 'paths.example', path)).toBe(name);
  });

  it.each([
    ['x.paths.example', '/', 'wild'],
    ['X.Paths.Example:80', '/', 'wild'],
    ['x.y.paths.example', '/', 'fallback'],
    ['x.y.z.paths.example', '/', 'fallback'],
    ['paths.example.', '/', 'fallback'],
    ['nobody.example', '/', 'fallback'],
    ['bare.example', '/x', 'fallback'],
    ['some.example', '/some/where', 'web'],
    ['some.example', '/else', 'fallback'],
  ])('%s %s goes to %s', async (host, path, name) => {
    expect(await ask(await http('paths'), host, path)).toBe(name);
  });
});

describe('TLS', () => {
  it('the Secret is presented by SNI, and requests in the clear are redirected', async () => {
    const at = await http('tls', 443);
    expect(await tlsHandshake({ ...at, ...tls('shop.example') })).toMatchObject({ authorized: true });
    expect(await ask(at, 'shop.example', '/x', tls('shop.example'))).toBe('web');
    const answer = await request({ ...(await http('tls')), host: 'shop.example', path: '/x?y=1' });
    const { port } = at;
    expect(answer.status).toBe(301);
    expect(answer.headers.location).toBe(`https://shop.example${port === 443 ? '' : `:${port}`}/x?y=1`);
  });

  it('rules for all hosts serve a wildcard with TLS, and hosts without TLS in the clear', async () => {
    const at = await http('tls', 443);
    expect(await ask(at, 'a.shop.example', '/any', tls('a.shop.example'))).toBe('other');
    expect(await ask(await http('tls'), 'a.shop.example', '/any')).toBe('301');
    expect(await ask(await http('tls'), 'else.example', '/any')).toBe('other');
    await expect(tlsHandshake({ ...at, ...tls('else.example') })).rejects.toThrow();
  });

  it('whatever the SNI and the Host, Envoy answers as explain says', async () => {
    const { stdout } = await world().sluice.cli('get', 'ir', '-o', 'json');
    const { items } = JSON.parse(stdout) as { items: readonly { readonly resource: IrResource }[] };
    const index = new IrIndex(items.map(({ resource }) => resource));
    using client = new RawClient();
    const names = ['shop.example', 'a.shop.example', 'a.b.shop.example', '.shop.example', 'else.example'];
    const all = {
      tls: ['shop.example', 'a.shop.example', 'a.b.shop.example'],
      everyone: ['a.b.shop.example', 'a.shop.example', 'else.example'],
    };
    for (const [name, snis] of Object.entries(all)) {
      const at = await http(name, 443);
      for (const [sni, host] of snis.flatMap((sni) => names.map((host) => [sni, host] as const))) {
        const asked = { ...at, tls: { sni }, host, method: 'GET', path: '/any', headers: [] };
        const { outcome } = explainRequest(index, asked);
        const { status } = await client.send(asked);
        const said = outcome.type === 'refused' ? outcome.status : 200;
        expect([name, sni, host, status]).toEqual([name, sni, host, said]);
      }
    }
  });

  it('without force-https both are served, HTTP at the port that is asked for', async () => {
    expect(await ask(await http('both', 8081), 'shop.example', '/')).toBe('web');
    expect(await ask(await http('both', 443), 'shop.example', '/', tls('shop.example'))).toBe('web');
  });

  it('what is passed through shows the certificate of the backend', async () => {
    const at = { ...(await http('passed', 443)), servername: 'vault.example' };
    using client = await until(() => connectStream(at));
    expect(client.commonName).toBe('vault.example');
    expect(await client.ask('open')).toBe('vault:open');
  });
});

describe('annotations', () => {
  it('request-timeout ends a request', async () => {
    world()
      .backend('slow')
      .respond(() => ({ delayMs: 5_000 }));
    expect(await ask(await http('limited'), 'any.example', '/')).toBe('504');
    world().backend('slow').respond(undefined);
    expect(await ask(await http('limited'), 'any.example', '/')).toBe('slow');
  });

  it('a wrong value: the Ingress works without it and says so', async () => {
    expect(await ask(await http('mistaken'), 'any.example', '/')).toBe('web');
    const found = await world().sluice.find('ingresses', 'mistaken');
    expect(condition(found?.status?.conditions, 'Programmed')?.status).toBe('True');
    expect(condition(found?.status?.conditions, 'PartiallyInvalid')?.message).toContain(
      'annotation ingress.cilium.io/request-timeout: "soon" is not known',
    );
    expect((await world().sluice.cli('status')).output).toContain('request-timeout: "soon" is not known');
  });
});

describe('shared addresses', () => {
  it('Ingresses of a class share one address, hosts, and a default backend that goes behind all', async () => {
    const [one, two] = [await http('one'), await http('two')];
    expect(one).toEqual(two);
    expect(one.address).not.toBe((await http('paths')).address);
    expect(await ask(one, 'one.example', '/')).toBe('web');
    expect(await ask(one, 'one.example', '/two')).toBe('other');
    expect(await ask(one, 'two.example', '/')).toBe('fallback');
  });

  it('one that goes leaves the others', async () => {
    const one = await http('one');
    const { sluice } = world();
    sluice.write({
      'shared.yaml': [
        ingress(
          'one',
          { rules: [{ host: 'one.example', http: { paths: [ingressPath('Prefix', '/', 'web')] } }] },
          { annotations: shared },
        ),
      ],
    });
    await until(async () => (await ask(one, 'two.example', '/')) === '404');
    expect(await ask(one, 'one.example', '/two')).toBe('web');
  });
});

it('explain and get tell of Ingresses', async () => {
  const { sluice } = world();
  const { address, port } = await http('paths');
  const host = ['-H', 'Host: paths.example'];
  const explained = await sluice.cli('explain', 'GET', `http://${address}:${port}/a/12`, ...host);
  expect(explained.output).toContain('Ingress/default/paths');
  expect(explained.output).toContain('spec.rules[0].http.paths[3]');
  const { output } = await sluice.cli('get', 'ingresses');
  expect(output).toMatch(/paths\s+sluice\s+\S+\s+127\.\S+\s+True\s+True\s+True/);
  expect((await sluice.cli('get', 'ingressclasses')).output).toMatch(
    /sluice\s+sluice.dev\/ingress-controller\s+True/,
  );
});
