// Gateway API v1.7.0, HTTPRoute: which rule takes a request. Every rule has a backend of its own, which answers with its name.
import { type EchoRequest, type HttpAnswer, type RequestOptions, request } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { gateway, httpListener, httpRoute, path, rule } from '../../harness/objects.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const headerIs = (name: string, value: string, type = 'Exact') => ({ type, name, value });

const matchRules = [
  rule('root', { matches: [path('PathPrefix', '/')] }),
  rule('exact', { matches: [path('Exact', '/exact')] }),
  rule('prefix', { matches: [path('PathPrefix', '/prefix')] }),
  rule('prefix-long', { matches: [path('PathPrefix', '/prefix/long/')] }),
  rule('regex', { matches: [path('RegularExpression', '/re/[0-9]+')] }),
  rule('alternatives', { matches: [path('Exact', '/or/a'), path('Exact', '/or/b')] }),
  rule('post', { matches: [{ ...path('PathPrefix', '/m'), method: 'POST' }] }),
  rule('header', { matches: [{ ...path('PathPrefix', '/h'), headers: [headerIs('Version', '2')] }] }),
  rule('headers', {
    matches: [
      { ...path('PathPrefix', '/h'), headers: [headerIs('version', '2'), headerIs('color', 'blue')] },
    ],
  }),
  rule('header-regex', {
    matches: [{ ...path('PathPrefix', '/h'), headers: [headerIs('agent', 'curl/.*', 'RegularExpression')] }],
  }),
  rule('query', { matches: [{ ...path('PathPrefix', '/q'), queryParams: [headerIs('animal', 'whale')] }] }),
  rule('query-and-header', {
    matches: [{ ...path('PathPrefix', '/q'), headers: [headerIs('version', '2')] }],
  }),
  rule('method-wins', { matches: [{ ...path('PathPrefix', '/win'), method: 'GET' }] }),
  rule('header-loses', { matches: [{ ...path('PathPrefix', '/win'), headers: [headerIs('version', '2')] }] }),
];
const hostBackends = ['host-exact', 'host-wild', 'host-specific', 'tie-first', 'tie-second'];
const backends = [
  ...matchRules.map((r) => (r as { backendRefs: [{ name: string }] }).backendRefs[0].name),
  ...hostBackends,
];

const world = useSluice({
  backends,
  manifests: () => ({
    'gateways.yaml': [
      gateway('paths'),
      gateway('hosts', [
        httpListener({ name: 'wild', hostname: '*.example.com' }),
        httpListener({ name: 'specific', hostname: 'very.specific.com' }),
      ]),
    ],
    'paths.yaml': httpRoute('paths', { parent: 'paths', rules: matchRules }),
    // The later name stands in the earlier file: neither the order of files nor of documents may decide.
    'a.yaml': httpRoute('z-tie', {
      parent: 'paths',
      rules: [rule('tie-second', { matches: [path('Exact', '/tie')] })],
    }),
    'z.yaml': httpRoute('a-tie', {
      parent: 'paths',
      rules: [rule('tie-first', { matches: [path('Exact', '/tie')] })],
    }),
    'hosts.yaml': [
      httpRoute('exact', { parent: 'hosts', hostnames: ['www.example.com'], rules: [rule('host-exact')] }),
      httpRoute('wild', { parent: 'hosts', hostnames: ['*.example.com'], rules: [rule('host-wild')] }),
      httpRoute('specific', {
        parent: 'hosts',
        hostnames: ['very.specific.com', 'not.ours.com', '*.not-ours.io'],
        rules: [rule('host-specific')],
      }),
    ],
  }),
});

type Ask = Pick<RequestOptions, 'path' | 'method' | 'headers' | 'host'>;

async function ask(gatewayName: string, options: Ask): Promise<HttpAnswer> {
  return request({ ...(await world().sluice.target(gatewayName, 80)), ...options });
}

/** Name of the backend that answered, or the status where none did. */
async function taker(gatewayName: string, options: Ask): Promise<string | number> {
  const answer = await ask(gatewayName, options);
  return answer.status === 200 ? answer.json<EchoRequest>().name : answer.status;
}

describe('a request is taken by the rule that its path, method, headers and query choose', () => {
  it.each<[string, Ask]>([
    ['root', { path: '/' }],
    ['root', { path: '/elsewhere' }],
    ['exact', { path: '/exact' }],
    ['exact', { path: '/exact?a=b' }],
    ['root', { path: '/exact/' }],
    ['root', { path: '/exactly' }],
    ['root', { path: '/EXACT' }],
    ['prefix', { path: '/prefix' }],
    ['prefix', { path: '/prefix/' }],
    ['prefix', { path: '/prefix/a' }],
    ['prefix', { path: '/prefix?a=b' }],
    ['root', { path: '/prefixed' }],
    ['prefix-long', { path: '/prefix/long' }],
    ['prefix-long', { path: '/prefix/long/a' }],
    ['prefix', { path: '/prefix/longer' }],
    ['regex', { path: '/re/123' }],
    ['regex', { path: '/re/123?a=b' }],
    ['root', { path: '/re/12a' }],
    ['root', { path: '/x/re/123' }],
    ['alternatives', { path: '/or/a' }],
    ['alternatives', { path: '/or/b' }],
    ['root', { path: '/or/c' }],
    ['post', { path: '/m', method: 'POST' }],
    ['root', { path: '/m', method: 'GET' }],
    ['header', { path: '/h', headers: { version: '2' } }],
    ['header', { path: '/h', headers: { VERSION: '2' } }],
    ['root', { path: '/h', headers: { version: '22' } }],
    ['root', { path: '/h' }],
    ['headers', { path: '/h', headers: { version: '2', color: 'blue' } }],
    ['header-regex', { path: '/h', headers: { agent: 'curl/8.5' } }],
    ['root', { path: '/h', headers: { agent: 'a curl/8.5' } }],
    ['query', { path: '/q?animal=whale' }],
    ['query', { path: '/q?a=b&animal=whale' }],
    ['root', { path: '/q?animal=dolphin' }],
    ['root', { path: '/q?Animal=whale' }],
  ])('%s takes %j', async (name, options) => {
    expect(await taker('paths', options)).toBe(name);
  });
});

describe('where several rules match', () => {
  it.each<[string, Ask]>([
    ['method-wins', { path: '/win', headers: { version: '2' } }],
    ['header-loses', { path: '/win', method: 'POST', headers: { version: '2' } }],
    ['query-and-header', { path: '/q?animal=whale', headers: { version: '2' } }],
    ['tie-first', { path: '/tie' }],
  ])('%s takes %j', async (name, options) => {
    expect(await taker('paths', options)).toBe(name);
  });
});

describe('hostnames are those that the route and a listener share', () => {
  it.each<[string | number, string]>([
    ['host-exact', 'www.example.com'],
    ['host-exact', 'WWW.Example.COM'],
    ['host-exact', 'www.example.com:80'],
    ['host-exact', 'www.example.com:8080'],
    ['host-wild', 'foo.example.com'],
    ['host-wild', 'a.b.example.com'],
    ['host-wild', 'xwww.example.com'],
    [404, 'example.com'],
    [404, 'wwwexample.com'],
    ['host-specific', 'very.specific.com'],
    [404, 'a.very.specific.com'],
    [404, 'not.ours.com'],
    [404, 'a.not-ours.io'],
    [404, 'elsewhere.org'],
  ])('%s takes %s', async (name, host) => {
    expect(await taker('hosts', { host })).toBe(name);
  });

  it('the Host header reaches the backend as it was sent', async () => {
    const answer = await ask('hosts', { host: 'www.example.com:8080' });
    expect(answer.json<EchoRequest>().host).toBe('www.example.com:8080');
  });
});

it('two Gateways may use the same port: each has its own address', async () => {
  const { sluice } = world();
  const [paths, hosts] = [await sluice.target('paths', 80), await sluice.target('hosts', 80)];
  expect(paths.port).toBe(hosts.port);
  expect(paths.address).not.toBe(hosts.address);
});
