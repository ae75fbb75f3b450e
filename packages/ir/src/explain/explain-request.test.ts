import { expect, test } from 'vitest';
import type { IrAttachment, IrHttpMatch, IrHttpRoute, IrHttpRule } from '../http-route.ts';
import type { IrListener } from '../listener.ts';
import type { IrResource } from '../resource.ts';
import { explainRequest, listenersFor } from './explain-request.ts';
import { IrIndex } from './index-ir.ts';
import type { ExplainRequest } from './request.ts';

function listener(
  protocol: 'HTTP' | 'HTTPS',
  hostnames: readonly string[],
  fields: Partial<IrListener> = {},
) {
  const port = protocol === 'HTTP' ? 80 : 443;
  return {
    kind: 'listener',
    key: `shop/edge/${port}`,
    gateway: 'shop/edge',
    protocol,
    addresses: ['127.0.0.1'],
    port,
    bindPort: 10_000 + port,
    servers: hostnames.map((hostname) => ({ name: `on ${hostname}`, hostname, certificates: [] })),
    ...fields,
  } satisfies IrListener;
}

const everything: IrHttpMatch = { path: { type: 'prefix', value: '/' }, headers: [], query: [] };
const answer = (reason: string): IrHttpRule['action'] => ({ type: 'respond', statusCode: 500, reason });

interface RouteShape {
  readonly matches?: readonly Partial<IrHttpMatch>[];
  readonly rule?: Partial<IrHttpRule>;
  readonly on?: readonly IrAttachment[];
}

function route(
  name: string,
  { matches = [{}], rule = {}, on = [at('*', '*')] }: RouteShape = {},
): IrHttpRoute {
  return {
    kind: 'http-route',
    key: `shop/${name}`,
    source: { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop', name },
    generation: 1,
    createdAt: '',
    attachments: [...on],
    rules: [
      {
        index: 0,
        matches: matches.map((match) => ({ ...everything, ...match })),
        action: answer(name),
        ...rule,
      },
    ],
  };
}

function at(server: string, hostname: string, port = 80): IrAttachment {
  return { listener: `shop/edge/${port}`, server: `on ${server}`, hostnames: [hostname] };
}

const get: ExplainRequest = { port: 80, host: 'a.test', method: 'GET', path: '/', headers: [] };

function outcome(ir: readonly IrResource[], request: Partial<ExplainRequest> = {}) {
  return explainRequest(ir, { ...get, ...request }).outcome;
}

const overTls = { port: 443, tls: { sni: 'a.test' } };

test.each<[string, readonly IrListener[], Partial<ExplainRequest>, string, number | null]>([
  ['another port', [listener('HTTP', ['*'])], { port: 81 }, 'no-listener', null],
  ['another address', [listener('HTTP', ['*'])], { address: '127.0.0.2' }, 'no-listener', null],
  ['another gateway', [listener('HTTP', ['*'])], { gateway: 'shop/other' }, 'no-listener', null],
  ['a listener without address', [listener('HTTP', ['*'], { addresses: [] })], {}, 'no-listener', null],
  ['TLS to HTTP', [listener('HTTP', ['*'])], { tls: {} }, 'wrong-protocol', null],
  ['HTTP to TLS', [listener('HTTPS', ['*'])], { port: 443 }, 'wrong-protocol', null],
  ['an SNI of nobody', [listener('HTTPS', ['b.test'])], overTls, 'no-server', null],
  ['no SNI', [listener('HTTPS', ['a.test'])], { port: 443, tls: {} }, 'no-server', null],
  ['an escaped slash', [listener('HTTP', ['*'])], { path: '/a%2fb' }, 'bad-request', 400],
  ['a host with a slash', [listener('HTTP', ['*'])], { host: 'a/b' }, 'bad-request', 400],
  ['an underscore', [listener('HTTP', ['*'])], { headers: [['x_y', '1']] }, 'bad-request', 400],
  ['a host of nobody', [listener('HTTP', ['b.test'])], {}, 'no-host', 404],
  ['a host without routes', [listener('HTTP', ['*'])], {}, 'no-host', 404],
  [
    'the host of another server',
    [listener('HTTPS', ['*.test', 'b.test'])],
    { ...overTls, host: 'b.test' },
    'misdirected',
    421,
  ],
  [
    'a host of no server',
    [listener('HTTPS', ['a.test', 'b.test'])],
    { ...overTls, host: 'c.test' },
    'no-host',
    404,
  ],
])('%s', (_what, ir, request, cause, status) => {
  expect(outcome(ir, request)).toMatchObject({
    type: 'refused',
    cause,
    status,
    reason: expect.stringMatching(/\w{3}/),
  });
});

test('a listener is found by the port it is bound to, then by the one of the spec', () => {
  const other = listener('HTTP', ['*'], {
    key: 'shop/other/8080',
    gateway: 'shop/other',
    port: 8080,
    bindPort: 80,
  });
  const ir = new IrIndex([listener('HTTP', ['*']), other]);
  const keys = (port: number) => listenersFor(ir, { ...get, port }).map(({ key }) => key);
  expect([keys(10_080), keys(80), keys(8080)]).toEqual([
    ['shop/edge/80'],
    ['shop/other/8080'],
    ['shop/other/8080'],
  ]);
});

test.each([
  ['a.test', 'a.test'],
  ['A.Test:8080', 'a.test'],
  ['b.test', '*.test'],
  ['x.a.test', '*.a.test'],
  ['y.x.a.test', '*.a.test'],
  ['test', '*'],
  ['a.test.', '*'],
  ['[::1]:80', '*'],
])('the host %s belongs to %s', (host, hostname) => {
  const hostnames = ['a.test', '*.test', '*.a.test', '*'];
  const ir = [
    listener('HTTP', ['*']),
    ...hostnames.map((name) => route(`for ${name}`, { on: [at('*', name)] })),
  ];
  expect(explainRequest(ir, { ...get, host })).toMatchObject({
    hostname,
    outcome: { type: 'respond', reason: `for ${hostname}` },
  });
});

test('a hostname whose matches do not hold does not fall through; the others are told', () => {
  const ir = [
    listener('HTTP', ['*']),
    route('exact', { on: [at('*', 'a.test')], matches: [{ path: { type: 'exact', value: '/x' } }] }),
    route('wide', { on: [at('*', '*.test')] }),
  ];
  const explanation = explainRequest(ir, { ...get, headers: [] });
  expect(explanation.outcome).toMatchObject({ cause: 'no-match', status: 404 });
  expect(explanation.shadowed).toEqual([{ hostname: '*.test', routes: ['shop/wide'] }]);
});

test('the most specific server answers alone, whatever routes it has', () => {
  const ir = [listener('HTTP', ['*', 'a.test']), route('wide', { on: [at('*', '*')] })];
  expect(explainRequest(ir, get)).toMatchObject({
    server: { hostname: 'a.test' },
    outcome: { cause: 'no-host' },
  });
});

test('a route that is attached to one server of a listener is not served by another', () => {
  const ir = [listener('HTTP', ['*', '*.test']), route('a', { on: [at('*', 'a.test')] })];
  expect(outcome(ir)).toMatchObject({ cause: 'no-host' });
});

test('every candidate is told what became of it, in the order in which they are tried', () => {
  const one = { name: 'x-v', match: { type: 'exact' as const, value: '1' } };
  const ir = [
    listener('HTTP', ['*']),
    route('winner', { matches: [{ path: { type: 'prefix', value: '/a' }, headers: [one] }] }),
    route('fewer', { matches: [{ path: { type: 'prefix', value: '/a' } }] }),
    route('younger', { matches: [{}, { method: 'POST' }] }),
    route('exact', {
      matches: [{ path: { type: 'exact', value: '/a' }, query: [{ name: 'q', match: one.match }] }],
    }),
  ];
  const { candidates } = explainRequest(ir, { ...get, path: '/a/b?q=2&q=1', headers: [['X-V', '1']] });
  expect(candidates.map(({ id, verdict }) => [id, verdict])).toEqual([
    [
      'shop/exact/0/0',
      {
        type: 'not-matched',
        parts: [
          { part: 'path', name: '', wanted: '/a', got: '/a/b' },
          { part: 'query', name: 'q', wanted: '1', got: '2' },
        ],
      },
    ],
    ['shop/winner/0/0', { type: 'won' }],
    ['shop/fewer/0/0', { type: 'outranked', step: 'header count' }],
    [
      'shop/younger/0/1',
      { type: 'not-matched', parts: [{ part: 'method', name: '', wanted: 'POST', got: 'GET' }] },
    ],
    ['shop/younger/0/0', { type: 'outranked', step: 'path length' }],
  ]);
});

test.each<[string, Partial<IrHttpMatch>, Partial<ExplainRequest>, boolean]>([
  ['a prefix is whole segments', { path: { type: 'prefix', value: '/a' } }, { path: '/ab' }, false],
  ['a prefix is itself', { path: { type: 'prefix', value: '/a' } }, { path: '/a' }, true],
  ['an expression is the whole path', { path: { type: 'regex', value: '/a' } }, { path: '/a/b' }, false],
  [
    'an expression does not see the query',
    { path: { type: 'regex', value: '/a.' } },
    { path: '/ab?c' },
    true,
  ],
  ['an expression is RE2', { path: { type: 'regex', value: '(?i)/A(?:b)' } }, { path: '/ab' }, true],
  ['what RE2 refuses matches nothing', { path: { type: 'regex', value: '/(?=a).*' } }, { path: '/a' }, false],
  ['CONNECT has no path', {}, { method: 'CONNECT' }, false],
  ['a header is missing', { headers: [{ name: 'x', match: { type: 'regex', value: '.*' } }] }, {}, false],
  [
    'any value of a repeated header',
    { headers: [{ name: 'x', match: { type: 'exact', value: '2' } }] },
    {
      headers: [
        ['x', '1'],
        ['X', ' 2 '],
      ],
    },
    true,
  ],
  [
    'not the values together',
    { headers: [{ name: 'x', match: { type: 'exact', value: '1,2' } }] },
    {
      headers: [
        ['x', '1'],
        ['x', '2'],
      ],
    },
    false,
  ],
  [
    'Host is matched as sent',
    { headers: [{ name: 'host', match: { type: 'exact', value: 'a.test:80' } }] },
    { host: 'a.test:80' },
    true,
  ],
  [
    'what a client claims of proxies is not believed',
    { headers: [{ name: 'x-forwarded-proto', match: { type: 'exact', value: 'https' } }] },
    { headers: [['x-forwarded-proto', 'https']] },
    false,
  ],
  [
    'a parameter is not decoded',
    { query: [{ name: 'q', match: { type: 'exact', value: 'a b' } }] },
    { path: '/?q=a%20b' },
    false,
  ],
  [
    'a parameter without value is empty',
    { query: [{ name: 'q', match: { type: 'regex', value: '' } }] },
    { path: '/?q' },
    true,
  ],
  [
    'a parameter has case',
    { query: [{ name: 'q', match: { type: 'regex', value: '.*' } }] },
    { path: '/?Q=1' },
    false,
  ],
])('%s', (_what, match, request, holds) => {
  const result = outcome([listener('HTTP', ['*']), route('a', { matches: [match] })], request);
  expect(result.type).toBe(holds ? 'respond' : 'refused');
});

test('a forward tells shares, endpoints and what each backend gets', () => {
  const source = { group: '', kind: 'Service', namespace: 'shop', name: 's' };
  const ir: IrResource[] = [
    listener('HTTP', ['*']),
    {
      kind: 'cluster',
      key: 'shop/s/80',
      source,
      port: 80,
      protocol: 'http1',
      connectTimeoutMs: 1,
      endpoints: 'shop/s/80',
    },
    {
      kind: 'endpoint-group',
      key: 'shop/s-1/80',
      service: 'shop/s/80',
      endpoints: [
        { address: '10.0.0.1', port: 80, state: 'draining' },
        { address: 'fd00::1', port: 80, state: 'ready' },
      ],
    },
    route('r', {
      matches: [{ path: { type: 'prefix', value: '/a' } }],
      rule: {
        requestHeaders: { set: [{ name: 'x', value: 'rule' }], add: [], remove: ['y'] },
        action: {
          type: 'forward',
          hostRewrite: 'inner.test',
          pathRewrite: { type: 'prefix', value: '/' },
          backends: [
            {
              cluster: 'shop/s/80',
              weight: 3,
              requestHeaders: { set: [], add: [{ name: 'x', value: 'own' }], remove: [] },
            },
            { cluster: null, weight: 1 },
          ],
        },
      },
    }),
  ];
  expect(
    outcome(ir, {
      path: '/a/b?c',
      headers: [
        ['X', '0'],
        ['Y', '0'],
        ['Forwarded', 'for=x'],
      ],
    }),
  ).toEqual({
    type: 'forward',
    path: '/b?c',
    targets: [
      {
        cluster: 'shop/s/80',
        share: 0.75,
        endpoints: ['[fd00::1]:80'],
        host: 'inner.test',
        headers: [
          { name: 'x', value: 'rule' },
          { name: 'x', value: 'own' },
          { name: 'x-forwarded-proto', value: 'http' },
        ],
        responseEdits: [],
      },
      {
        cluster: null,
        share: 0.25,
        status: 500,
        endpoints: [],
        host: 'inner.test',
        headers: [
          { name: 'x', value: 'rule' },
          { name: 'x-forwarded-proto', value: 'http' },
        ],
        responseEdits: [],
      },
    ],
    mirrors: [],
  });
});

test.each([
  // The log has no headers: what it names wins over what only the rest of the request would choose.
  ['shop/by-header/0/0', 'shop/by-header/0/0'],
  ['shop/all/0/0', 'shop/all/0/0'],
  // The path was logged, so this match cannot have held.
  ['shop/by-path/0/0', 'shop/all/0/0'],
  // It does hold, but a match before it does, too.
  ['shop/later/0/0', 'shop/all/0/0'],
  ['shop/nobody/0/0', 'shop/all/0/0'],
])('a log that names %s is explained by %s', (taken, winner) => {
  const header = { name: 'version', match: { type: 'exact' as const, value: '2' } };
  const path = { type: 'prefix' as const, value: '/elsewhere' };
  const ir: IrResource[] = [
    listener('HTTP', ['*']),
    route('all'),
    route('later'),
    route('by-header', { matches: [{ headers: [header] }] }),
    route('by-path', { matches: [{ path, headers: [header] }] }),
  ];
  const request = { port: 80, host: 'a.test', method: 'GET', path: '/', headers: [], taken };
  const { candidates } = explainRequest(ir, request);
  expect(candidates.find(({ verdict }) => verdict.type === 'won')?.id).toBe(winner);
});
