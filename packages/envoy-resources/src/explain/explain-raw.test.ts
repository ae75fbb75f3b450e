// What is said where a request does not decide, and where the parts stand in resources of their own. What it does decide is
// held against Envoy by test/pipeline/explain-raw-oracle.int.test.ts.
import type { IrRawResource } from '@sluice/ir';
import { expect, test } from 'vitest';
import type { JsonObject } from '../json.ts';
import { explainRaw, RawIndex } from './explain-raw.ts';

const type = (name: string, fields: object = {}) => ({
  '@type': `type.googleapis.com/envoy.${name}`,
  ...fields,
});
const router = { name: 'router', typed_config: type('extensions.filters.http.router.v3.Router') };

function manager(fields: object): object {
  return {
    typed_config: type('extensions.filters.network.x.v3.HttpConnectionManager', {
      http_filters: [router],
      ...fields,
    }),
  };
}

function raw(kind: IrRawResource['type'], name: string, message: object): IrRawResource {
  return {
    kind: 'raw-resource',
    key: `${kind}/${name}`,
    source: { group: 'cilium.io', kind: 'CiliumEnvoyConfig', namespace: 'shop', name: 'edge' },
    generation: 1,
    type: kind,
    name,
    message: message as JsonObject,
    uses: [],
  };
}

const at = { address: '127.80.0.9', port: 10_080 };
const socket = { address: { socket_address: { address: at.address, port_value: at.port } } };

function listener(filters: readonly object[], fields: object = {}): IrRawResource {
  return raw('listener', 'cec:shop/edge/l', { ...socket, filter_chains: [{ filters }], ...fields });
}

function table(routes: readonly object[], fields: object = {}): IrRawResource {
  const host = { name: 'all', domains: ['*'], routes, ...fields };
  return raw('route', 'cec:shop/edge/r', { name: 'cec:shop/edge/r', virtual_hosts: [host] });
}

const byName = manager({ rds: { route_config_name: 'cec:shop/edge/r' } });

interface Asked {
  readonly path?: string;
  readonly port?: number;
  readonly tls?: object;
}

function explain(resources: readonly IrRawResource[], { path = '/a', port = at.port, ...rest }: Asked = {}) {
  const index = new RawIndex(resources, (service) => (service === 'shop/web/80' ? ['10.0.0.1:80'] : []));
  const request = { address: at.address, host: 'h', method: 'GET', headers: [], path, port, ...rest };
  const [found] = explainRaw(index, request);
  if (found === undefined) throw new Error('nothing listens there');
  return found;
}

const answer = { direct_response: { status: 204 } };

test('names the resource that has the routes, and the cluster’s Service port with its endpoints', () => {
  const cluster = { ...raw('cluster', 'cec:shop/edge/c', {}), endpoints: 'shop/web/80' };
  const routes = table([{ match: { prefix: '/' }, route: { cluster: 'cec:shop/edge/c', timeout: '1s' } }]);
  expect(explain([listener([byName]), routes, cluster])).toMatchObject({
    listener: { key: 'listener/cec:shop/edge/l' },
    routes: { name: 'cec:shop/edge/r', resource: { key: 'route/cec:shop/edge/r' } },
    route: 'routes[0]',
    outcome: {
      type: 'forward',
      targets: [{ cluster: 'cec:shop/edge/c', share: 1, service: 'shop/web/80', endpoints: ['10.0.0.1:80'] }],
    },
  });
});

test('a low port is found where it is bound', () => {
  expect(explain([listener([byName]), table([])], { port: 80 }).addresses).toEqual(['127.80.0.9:10080']);
});

test('a route that a request does not decide may go first, and the next one is told', () => {
  const half = { runtime_fraction: { default_value: { numerator: 50 } } };
  const routes = table([
    { match: { prefix: '/', ...half }, direct_response: { status: 503 } },
    { match: { prefix: '/', dynamic_metadata: [{}] }, direct_response: { status: 503 } },
    { match: { prefix: '/' }, ...answer },
  ]);
  const found = explain([listener([byName]), routes]);
  expect(found.candidates.map(({ holds, why }) => [holds, why])).toEqual([
    ['perhaps', 'cannot be said: 50 % of the requests'],
    ['perhaps', 'cannot be said: dynamic_metadata, which no request shows'],
    ['yes', ''],
  ]);
  expect(found).toMatchObject({ route: 'routes[2]', outcome: { type: 'respond', status: 204 } });
});

const undecided: readonly (readonly [string, readonly IrRawResource[], Asked, string])[] = [
  [
    'only a route that a request does not decide',
    [listener([byName]), table([{ match: { prefix: '/', filter_state: [{}] }, ...answer }])],
    {},
    'routes[0] may take it',
  ],
  ['scoped routes', [listener([manager({ scoped_routes: {} })])], {}, 'scoped_routes'],
  [
    'a chain by the address of the client',
    [
      raw('listener', 'l', {
        ...socket,
        filter_chains: [{ filter_chain_match: { source_prefix_ranges: [{}] }, filters: [byName] }],
      }),
    ],
    {},
    'source_prefix_ranges',
  ],
  ['a matcher of chains', [listener([byName], { filter_chain_matcher: {} })], {}, 'filter_chain_matcher'],
  ['a filter that is not known', [listener([{ typed_config: type('x.v3.RedisProxy') }])], {}, 'RedisProxy'],
  ['a matcher of routes', [listener([byName]), table([], { matcher: {} })], {}, 'a matcher'],
  [
    'a path that settings change',
    [listener([manager({ rds: { route_config_name: 'cec:shop/edge/r' }, normalize_path: true })]), table([])],
    { path: '/a/../b' },
    'settings of the listener',
  ],
];

test.each(undecided)('cannot say: %s', (_what, resources, asked, reason) => {
  const { outcome } = explain(resources, asked);
  expect(outcome.type).toBe('undecided');
  expect(outcome).toMatchObject({ reason: expect.stringContaining(reason) });
});

test('a connection below HTTP, TLS where none is spoken, a table that is not there', () => {
  const proxy = { typed_config: type('x.v3.TcpProxy', { cluster: 'c' }) };
  expect(explain([listener([proxy])]).outcome).toMatchObject({ type: 'pass', targets: [{ cluster: 'c' }] });
  expect(explain([listener([byName])], { tls: {} }).outcome).toMatchObject({ type: 'refused', status: null });
  expect(explain([listener([byName])]).outcome).toMatchObject({ type: 'refused', status: 404 });
});

test('filters before the router are named, and those of the connection', () => {
  const lua = { name: 'lua', typed_config: type('x.v3.Lua') };
  const rbac = { name: 'rbac', typed_config: type('x.v3.RBAC') };
  const withLua = manager({ rds: { route_config_name: 'cec:shop/edge/r' }, http_filters: [lua, router] });
  expect(explain([listener([rbac, withLua]), table([])]).notes).toEqual([
    'filter rbac (RBAC) may end the connection before',
    'filter lua (Lua) may answer, or change the request, before the router',
  ]);
});
