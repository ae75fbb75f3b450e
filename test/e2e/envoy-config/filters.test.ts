// The filters that a CiliumEnvoyConfig may have, on the real Envoy: it takes each, and those that guard do.
import { type Backend, request, serviceObjects, startBackend, until } from '@sluice/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { condition } from '../../harness/objects.ts';
import { type Sluice, startSluice } from '../../harness/sluice.ts';

const stack = new AsyncDisposableStack();
let sluice: Sluice;
let auth: Backend;
let web: Backend;

const typed = (name: string, fields: object = {}) => ({
  '@type': `type.googleapis.com/envoy.${name}`,
  ...fields,
});
const filter = (name: string, fields: object = {}) => ({
  name,
  typed_config: typed(`extensions.filters.http.${name}`, fields),
});
const extension = (name: string, fields: object = {}) => ({ name, typed_config: typed(name, fields) });
const percent = { numerator: 100, denominator: 'HUNDRED' };

/** Filters that let every request of this test pass. */
const passing = [
  filter('adaptive_concurrency.v3.AdaptiveConcurrency', {
    gradient_controller_config: {
      concurrency_limit_params: { concurrency_update_interval: '1s' },
      min_rtt_calc_params: { interval: '60s', request_count: 50 },
    },
  }),
  filter('admission_control.v3.AdmissionControl', {
    sampling_window: '30s',
    success_criteria: {},
  }),
  filter('buffer.v3.Buffer', { max_request_bytes: 1_000 }),
  filter('cdn_loop.v3.CdnLoopConfig', { cdn_id: 'sluice' }),
  filter('connect_grpc_bridge.v3.FilterConfig'),
  filter('cors.v3.Cors'),
  filter('csrf.v3.CsrfPolicy', { filter_enabled: { default_value: percent } }),
  filter('decompressor.v3.Decompressor', {
    decompressor_library: extension('extensions.compression.gzip.decompressor.v3.Gzip'),
  }),
  filter('fault.v3.HTTPFault', { delay: { fixed_delay: '0.001s', percentage: percent } }),
  filter('grpc_http1_bridge.v3.Config'),
  filter('grpc_stats.v3.FilterConfig', { emit_filter_state: true }),
  filter('grpc_web.v3.GrpcWeb'),
  filter('header_mutation.v3.HeaderMutation', {
    mutations: { response_mutations: [{ append: { header: { key: 'x-mutated', value: 'yes' } } }] },
  }),
  filter('header_to_metadata.v3.Config', {
    request_rules: [
      { header: 'x-a', on_header_present: { metadata_namespace: 'a', key: 'a', type: 'STRING' } },
    ],
  }),
  filter('health_check.v3.HealthCheck', {
    pass_through_mode: false,
    headers: [{ name: ':path', string_match: { exact: '/healthy' } }],
  }),
  filter('ip_tagging.v3.IPTagging', {
    request_type: 'BOTH',
    ip_tags: [{ ip_tag_name: 'here', ip_list: [{ address_prefix: '127.0.0.0', prefix_len: 8 }] }],
  }),
  filter('json_to_metadata.v3.JsonToMetadata', {
    request_rules: {
      rules: [
        {
          selectors: [{ key: 'a' }],
          on_present: { metadata_namespace: 'a', key: 'a' },
        },
      ],
    },
  }),
  filter('rbac.v3.RBAC', {
    rules: {
      action: 'ALLOW',
      policies: { all: { permissions: [{ any: true }], principals: [{ any: true }] } },
    },
  }),
  filter('stateful_session.v3.StatefulSession', {
    // Envoy looks for this one by its name.
    session_state: {
      ...extension('extensions.http.stateful_session.cookie.v3.CookieBasedSessionState', {
        cookie: { name: 'session', ttl: '60s', path: '/' },
      }),
      name: 'envoy.http.stateful_session.cookie',
    },
  }),
  filter('compressor.v3.Compressor', {
    compressor_library: extension('extensions.compression.gzip.compressor.v3.Gzip'),
    response_direction_config: { common_config: { min_content_length: 30, content_type: ['text/plain'] } },
  }),
];

const jwks = { keys: [{ kty: 'oct', kid: 'k', alg: 'HS256', k: 'c2VjcmV0' }] };

/** Filters that ask somebody, or want something of a client. */
const guards = {
  limited: filter('local_ratelimit.v3.LocalRateLimit', {
    stat_prefix: 'l',
    token_bucket: { max_tokens: 1, fill_interval: '3600s' },
    filter_enabled: { default_value: percent },
    filter_enforced: { default_value: percent },
  }),
  asked: filter('ext_authz.v3.ExtAuthz', {
    http_service: { server_uri: { uri: 'http://auth', cluster: 'default/auth', timeout: '5s' } },
  }),
  signed: filter('jwt_authn.v3.JwtAuthentication', {
    providers: { p: { issuer: 'i', local_jwks: { inline_string: JSON.stringify(jwks) } } },
    rules: [{ match: { prefix: '/' }, requires: { provider_name: 'p' } }],
  }),
  counted: filter('ratelimit.v3.RateLimit', {
    domain: 'd',
    failure_mode_deny: true,
    rate_limit_service: {
      transport_api_version: 'V3',
      grpc_service: { envoy_grpc: { cluster_name: 'default/nobody' } },
    },
  }),
  processed: filter('ext_proc.v3.ExternalProcessor', {
    grpc_service: { envoy_grpc: { cluster_name: 'default/nobody' }, timeout: '1s' },
  }),
};

function listener(name: string, filters: readonly object[]): object {
  const manager = typed('extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: 's',
    rds: { route_config_name: 'r' },
    http_filters: [...filters, filter('router.v3.Router')],
  });
  return typed('config.listener.v3.Listener', {
    name,
    filter_chains: [
      {
        filters: [
          extension('extensions.filters.network.connection_limit.v3.ConnectionLimit', {
            stat_prefix: 'c',
            max_connections: 1_000,
          }),
          { name: 'http', typed_config: manager },
        ],
      },
    ],
  });
}

const eds = (name: string) =>
  typed('config.cluster.v3.Cluster', { name, type: 'EDS', connect_timeout: '5s' });

function manifest(): object {
  const rate_limits = [{ actions: [{ generic_key: { descriptor_value: 'x' } }] }];
  const clusters = typed('config.cluster.v3.Cluster', {
    name: 'first-of-two',
    connect_timeout: '5s',
    lb_policy: 'CLUSTER_PROVIDED',
    cluster_type: extension('extensions.clusters.aggregate.v3.ClusterConfig', {
      clusters: ['default/nobody', 'default/web'],
    }),
  });
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumEnvoyConfig',
    metadata: { name: 'filters' },
    spec: {
      backendServices: ['web', 'auth', 'nobody'].map((name) => ({ name })),
      resources: [
        listener('all', passing),
        ...Object.entries(guards).map(([name, guard]) => listener(name, [guard])),
        typed('config.route.v3.RouteConfiguration', {
          name: 'r',
          virtual_hosts: [
            {
              name: 'all',
              domains: ['*'],
              routes: [{ match: { prefix: '/' }, route: { cluster: 'first-of-two', rate_limits } }],
            },
          ],
        }),
        clusters,
        ...['web', 'auth', 'nobody'].map((name) => eds(`default/${name}`)),
      ],
    },
  };
}

beforeAll(async () => {
  web = stack.use(await startBackend({ name: 'web' }));
  auth = stack.use(await startBackend({ name: 'auth' }));
  web.respond(() => ({ headers: { 'content-type': 'text/plain' }, body: 'x'.repeat(1_000) }));
  auth.respond(({ headers }) => ({ status: headers.authorization === undefined ? 403 : 200 }));
  const services = [
    ...serviceObjects({ name: 'web', endpoints: [web] }),
    ...serviceObjects({ name: 'auth', endpoints: [auth] }),
    ...serviceObjects({ name: 'nobody', endpoints: [] }),
  ];
  sluice = stack.use(await startSluice({ manifests: { 'filters.json': [...services, manifest()] } }));
});
afterAll(() => stack.disposeAsync());

async function place(name: string): Promise<{ address: string; port: number }> {
  return await until(async () => {
    const { status } = (await sluice.find('ciliumenvoyconfigs', 'filters')) ?? {};
    const programmed = condition(status?.conditions, 'Programmed');
    if (programmed?.reason === 'Invalid') throw new Error(programmed.message);
    const found = (
      status?.addresses as unknown as { listener: string; address: string; port: number }[]
    )?.find((at) => at.listener === name);
    return programmed?.status === 'True' ? found : undefined;
  });
}

it('Envoy takes every filter, and a request passes them all on to the cluster that has endpoints', async () => {
  const at = await place('all');
  const found = await sluice.find('ciliumenvoyconfigs', 'filters');
  expect(condition(found?.status?.conditions, 'Accepted')?.reason).toBe('Accepted');
  const answer = await request({ ...at, path: '/', headers: { 'x-a': '1' } });
  expect([answer.status, answer.body]).toEqual([200, 'x'.repeat(1_000)]);
  expect(answer.headers['x-mutated']).toBe('yes');
  expect(String(answer.headers['set-cookie'])).toContain('session=');
  expect((await request({ ...at, path: '/healthy' })).body).toBe('');
});

it('those that guard do: by a server of the object, by tokens, by a rate', async () => {
  const ask = async (name: string, headers: Record<string, string> = {}) =>
    (await request({ ...(await place(name)), path: '/', headers })).status;
  expect(await ask('asked')).toBe(403);
  expect(await ask('asked', { authorization: 'yes' })).toBe(200);
  expect(await ask('signed')).toBe(401);
  expect([await ask('limited'), await ask('limited')]).toEqual([200, 429]);
  expect(await ask('counted')).toBe(500);
  expect(await ask('processed')).toBe(500);
});
