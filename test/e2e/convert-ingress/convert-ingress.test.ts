// Ingresses beside what `sluice convert ingress` makes of them, on the real Envoy: both give the same answer to any request.
import {
  type EchoRequest,
  makeCa,
  makeCertificate,
  type RequestTarget,
  request,
  tlsSecret,
  until,
} from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { ingress, ingressPath } from '../../harness/objects.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const ca = await makeCa();
const cert = await makeCertificate({ dnsNames: ['shop.example', '*.shop.example'], ca });

const world = useSluice({
  backends: ['web', 'exact', 'regex', 'long', 'wild', 'any', 'fallback'],
  manifests: () => ({
    'secret.yaml': tlsSecret('cert', cert),
    'ingress.yaml': [
      ingress('open', {
        defaultBackend: { service: { name: 'fallback', port: { name: 'http' } } },
        rules: [
          {
            host: 'paths.example',
            http: {
              paths: [
                ingressPath('Prefix', '/a', 'web'),
                ingressPath('Prefix', '/a/b/', 'long'),
                ingressPath('ImplementationSpecific', '/a/[0-9]+', 'regex'),
                ingressPath('Exact', '/a/1', 'exact'),
              ],
            },
          },
          { host: '*.paths.example', http: { paths: [ingressPath('Prefix', '/a', 'wild')] } },
          { http: { paths: [ingressPath('Exact', '/a/b', 'any')] } },
        ],
      }),
      ingress('secure', {
        tls: [{ hosts: ['shop.example', '*.shop.example'], secretName: 'cert' }],
        rules: [
          { host: 'shop.example', http: { paths: [ingressPath('Prefix', '/a', 'web')] } },
          { http: { paths: [ingressPath('Prefix', '/', 'any')] } },
        ],
      }),
    ],
  }),
});

const hosts = [
  ...['paths.example', 'x.paths.example', 'x.y.paths.example', 'PATHS.example', 'x.paths.example:80'],
  ...['other.example', 'shop.example', 'x.shop.example', 'x.y.shop.example'],
];
const paths = [
  ...['/', '/a', '/a/', '/a/b', '/a/b/c', '/a/bc', '/a/1', '/a/22', '/a/2x', '/ab', '/b?q=/a'],
  ...['//a', '/./a', '/b/../a', '/%61', '/a%2f1', '/a;x=y', '/a/%5c'],
];

/** What a client sees: status, backend with the path it got, and where a redirect leads. */
async function answer(target: RequestTarget, host: string, path: string): Promise<string> {
  const got = await request({ ...target, host, path });
  const { status, headers } = got;
  const echo = status === 200 ? got.json<EchoRequest>() : undefined;
  const told = echo === undefined ? '' : ` of ${echo.name} to ${echo.path} at ${echo.host}`;
  return `${host} ${path}: ${status} ${headers.location ?? ''}${told}`;
}

describe('an Ingress and its conversion', () => {
  it('is printed as manifests that are taken', async () => {
    const { sluice } = world();
    const { code, stdout } = await sluice.cli('convert', 'ingress', sluice.dir);
    expect(code).toBe(0);
    sluice.write({ 'gateway.yaml': stdout });
    await until(async () => (await sluice.get('httproutes')).length > 4);
    const { stdout: conditions } = await sluice.cli('get', 'conditions');
    expect(conditions).not.toMatch(/Refused|UnsupportedValue|BackendNotFound/);
  });

  it.each([
    ['open', 80, undefined],
    ['secure', 80, undefined],
    ['secure', 443, 'shop.example'],
    ['secure', 443, 'x.shop.example'],
  ])('%s port %i, SNI %s: the same answers', async (name, port, servername) => {
    const { sluice } = world();
    const [from, to] = [await sluice.ingressTarget(name, port), await sluice.target(name, port)];
    const tls = servername === undefined ? {} : { tls: { servername, ca: ca.pem } };
    // A Host of another listener than the SNI chose is refused by both: by an Ingress as not found, by a Gateway as misdirected.
    const own = hosts.filter((host) => servername !== 'shop.example' || host !== 'x.y.shop.example');
    const asked = own.flatMap((host) => paths.map((path) => ({ host, path })));
    const all = (target: RequestTarget) =>
      Promise.all(asked.map(({ host, path }) => answer({ ...target, ...tls }, host, path)));
    const expected = await all(from);
    await until(async () => JSON.stringify(await all(to)) === JSON.stringify(expected)).catch(
      () => undefined,
    );
    const got = await all(to);
    expect(got).toEqual(expected);
    expect(expected.filter((text) => text.includes(' of ')).length).toBeGreaterThan(5);
  });
});
