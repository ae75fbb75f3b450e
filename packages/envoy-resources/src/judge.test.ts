import { describe, expect, test } from 'vitest';
import { cluster, config, listener, routes, typed } from './config.fixture.ts';
import { type Permission, permissionNames } from './permissions.ts';
import { keyFaults, readEnvoyConfig } from './read-config.ts';

function banned(resource: object, allowed: readonly Permission[] = []): string[] {
  return readEnvoyConfig(config([resource]), new Set(allowed)).setAside.flatMap(({ cause, faults }) =>
    faults.map(
      ({ path, message, hint }) => `${cause} ${path.replace('spec.resources[0].', '')}: ${message} (${hint})`,
    ),
  );
}

const address = (ip: string, port = 80) => ({ socket_address: { address: ip, port_value: port } });
const endpoints = (at: object) => ({
  load_assignment: { cluster_name: 'x', endpoints: [{ lb_endpoints: [{ endpoint: { address: at } }] }] },
});
const filter = (type: string, fields: object = {}) =>
  listener('l', { http_filters: [{ name: 'f', typed_config: typed(type, fields) }] });
const networkFilter = (type: string) =>
  typed('envoy.config.listener.v3.Listener', {
    name: 'l',
    filter_chains: [{ filters: [{ name: 'f', typed_config: typed(type, {}) }] }],
  });
const lua = 'envoy.extensions.filters.http.lua.v3.Lua';
const tlsContext = (fields: object) =>
  cluster('c', {
    transport_socket: {
      name: 't',
      typed_config: typed('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
        common_tls_context: fields,
      }),
    },
  });
const format = (text: string) =>
  routes('r', {
    direct_response: { status: 200 },
    response_headers_to_add: [{ header: { key: 'x', value: text } }],
  });
const log = (type: string, fields: object) =>
  listener('l', {
    access_log: [{ name: 'a', typed_config: typed(`envoy.extensions.access_loggers.${type}`, fields) }],
  });

/** What, and who could allow it: undefined for nobody. */
const bans: readonly [what: string, resource: object, needs: readonly Permission[] | undefined][] = [
  ['an address of its own', listener('l', {}, { address: address('0.0.0.0') }), ['listen-addresses']],
  [
    'a socket in the file system',
    listener('l', {}, { address: { pipe: { path: '/x' } } }),
    ['listen-addresses'],
  ],
  [
    'another address',
    listener('l', {}, { additional_addresses: [{ address: address('::') }] }),
    ['listen-addresses'],
  ],
  ['an internal listener', listener('l', {}, { internal_listener: {} }), undefined],
  ['an API listener', listener('l', {}, { api_listener: {} }), undefined],
  ['transparent', listener('l', {}, { transparent: true }), ['host-sockets']],
  ['socket options', listener('l', {}, { socket_options: [{ level: '1', name: '2' }] }), ['host-sockets']],
  ['no binding', listener('l', {}, { bind_to_port: false }), ['host-sockets']],
  ['no connection limit', listener('l', {}, { ignore_global_conn_limit: true }), ['shared-limits']],
  ['no overload manager', listener('l', {}, { bypass_overload_manager: true }), ['shared-limits']],
  [
    'static loopback',
    cluster('c', { type: 'STATIC', ...endpoints(address('127.0.0.1')) }),
    ['upstream-addresses', 'host-upstreams'],
  ],
  [
    'loopback in another form',
    cluster('c', { type: 'STATIC', ...endpoints(address('::ffff:127.0.0.1')) }),
    ['upstream-addresses', 'host-upstreams'],
  ],
  [
    'metadata service',
    cluster('c', { type: 'STATIC', ...endpoints(address('169.254.169.254')) }),
    ['upstream-addresses', 'host-upstreams'],
  ],
  [
    'a number for an address',
    cluster('c', { type: 'STRICT_DNS', ...endpoints(address('2130706433')) }),
    ['upstream-addresses', 'host-upstreams'],
  ],
  [
    'localhost',
    cluster('c', { type: 'STRICT_DNS', ...endpoints(address('LOCALHOST.')) }),
    ['upstream-addresses', 'host-upstreams'],
  ],
  [
    'an address of a Pod',
    cluster('c', { type: 'STATIC', ...endpoints(address('10.0.0.1')) }),
    ['upstream-addresses'],
  ],
  [
    'a pipe',
    cluster('c', { type: 'STATIC', ...endpoints({ pipe: { path: '/run/admin.sock' } }) }),
    ['upstream-addresses', 'host-upstreams'],
  ],
  [
    'an internal address',
    cluster('c', { type: 'STATIC', ...endpoints({ envoy_internal_address: { server_listener_name: 'x' } }) }),
    ['upstream-addresses', 'host-upstreams'],
  ],
  ['the address that the request asks for', cluster('c', { type: 'ORIGINAL_DST' }), ['upstream-addresses']],
  ['a cluster of no type', typed('envoy.config.cluster.v3.Cluster', { name: 'c' }), ['upstream-addresses']],
  [
    'a type of cluster of an extension',
    typed('envoy.config.cluster.v3.Cluster', { name: 'c', cluster_type: { name: 'x' } }),
    ['upstream-addresses'],
  ],
  ['an address beside EDS', cluster('c', endpoints(address('127.0.0.1'))), ['host-upstreams']],
  [
    'endpoints of its own',
    typed('envoy.config.endpoint.v3.ClusterLoadAssignment', {
      cluster_name: 'x',
      endpoints: [{ lb_endpoints: [{ endpoint: { address: address('192.168.1.1') } }] }],
    }),
    ['upstream-addresses'],
  ],
  [
    'a source address',
    cluster('c', { upstream_bind_config: { source_address: { address: '127.0.0.1', port_value: 0 } } }),
    ['host-sockets'],
  ],
  ['Lua', filter(lua, { inline_code: 'x' }), ['code']],
  [
    'Lua in an Any in an Any',
    filter('envoy.extensions.filters.http.router.v3.Router', {
      upstream_http_filters: [{ name: 'l', typed_config: typed(lua, {}) }],
    }),
    ['code'],
  ],
  [
    'Lua for a route',
    routes('r', {
      direct_response: { status: 200 },
      typed_per_filter_config: {
        l: typed('envoy.extensions.filters.http.lua.v3.LuaPerRoute', { disabled: true }),
      },
    }),
    ['code'],
  ],
  [
    'Lua in a FilterConfig',
    routes('r', {
      direct_response: { status: 200 },
      typed_per_filter_config: { l: typed('envoy.config.route.v3.FilterConfig', { config: typed(lua, {}) }) },
    }),
    ['code'],
  ],
  ['a filter that nobody has judged', filter('envoy.config.bootstrap.v3.Bootstrap'), undefined],
  [
    'a file for a CA',
    tlsContext({ validation_context: { trusted_ca: { filename: '/etc/passwd' } } }),
    ['host-files'],
  ],
  [
    'an environment variable',
    tlsContext({ validation_context: { trusted_ca: { environment_variable: 'X' } } }),
    ['host-files'],
  ],
  [
    'a file of secrets',
    tlsContext({
      tls_certificate_sds_secret_configs: [{ name: 's', sds_config: { path_config_source: { path: '/x' } } }],
    }),
    ['host-files'],
  ],
  [
    'the older file of secrets',
    tlsContext({ tls_certificate_sds_secret_configs: [{ name: 's', sds_config: { path: '/x' } }] }),
    ['host-files'],
  ],
  ['a log of keys', tlsContext({ key_log: { path: '/tmp/keys' } }), ['host-files']],
  [
    'a body out of a file',
    routes('r', { direct_response: { status: 200, body: { filename: '/etc/passwd' } } }),
    ['host-files'],
  ],
  ['a log in a file', log('file.v3.FileAccessLog', { path: '/dev/stdout' }), ['host-files']],
  ['a log in the output', log('stream.v3.StdoutAccessLog', {}), ['host-files']],
  [
    'health checks in a file',
    cluster('c', {
      health_checks: [
        {
          timeout: '1s',
          interval: '1s',
          unhealthy_threshold: 1,
          healthy_threshold: 1,
          tcp_health_check: {},
          event_log_path: '/x',
        },
      ],
    }),
    ['host-files'],
  ],
  ['the environment in a format', format('%ENVIRONMENT(HOME)%'), ['host-files']],
  [
    'the environment by way of COALESCE',
    format('%COALESCE({"operators":[{"command":"ENVIRONMENT","param":"X"}]})%'),
    ['host-files'],
  ],
  [
    'the environment in escapes',
    format('%COALESCE({"operators":[{"command":"\\u0045NVIRONMENT","param":"X"}]})%'),
    ['host-files'],
  ],
  ['a file in a format', format('%FILE_CONTENT(/etc/passwd)%'), ['host-files']],
  [
    'a control plane of its own',
    listener('l', {
      rds: {
        route_config_name: 'r',
        config_source: {
          api_config_source: { api_type: 'GRPC', grpc_services: [{ envoy_grpc: { cluster_name: 'c' } }] },
        },
      },
    }),
    ['control-planes'],
  ],
  [
    'gRPC to any address',
    listener('l', {
      rds: {
        route_config_name: 'r',
        config_source: {
          api_config_source: {
            api_type: 'GRPC',
            grpc_services: [{ google_grpc: { target_uri: '127.0.0.1:1', stat_prefix: 's' } }],
          },
        },
      },
    }),
    ['control-planes'],
  ],
  ['load reports', cluster('c', { lrs_server: { self: {} } }), ['control-planes']],
  ['a cluster by header', routes('r', { route: { cluster_header: 'x-cluster' } }), undefined],
  [
    'a weighted cluster by header',
    routes('r', { route: { weighted_clusters: { clusters: [{ cluster_header: 'x', weight: 1 }] } } }),
    undefined,
  ],
  [
    'a mirror by header',
    routes('r', { route: { cluster: 'c', request_mirror_policies: [{ cluster_header: 'x' }] } }),
    undefined,
  ],
  ['a cluster by plugin', routes('r', { route: { cluster_specifier_plugin: 'x' } }), undefined],
  [
    'scopes of others',
    listener('l', {
      scoped_routes: {
        name: 's',
        scope_key_builder: { fragments: [] },
        scoped_rds: { scoped_rds_config_source: { ads: {} } },
      },
    }),
    undefined,
  ],
  [
    'virtual hosts on demand',
    typed('envoy.config.route.v3.RouteConfiguration', { name: 'r', vhds: { config_source: { ads: {} } } }),
    undefined,
  ],
  [
    'a filter from elsewhere',
    listener('l', {
      http_filters: [{ name: 'f', config_discovery: { config_source: { ads: {} }, type_urls: ['x'] } }],
    }),
    undefined,
  ],
  [
    'state that chooses a cluster',
    filter('envoy.extensions.filters.http.set_filter_state.v3.Config', {
      on_request_headers: [
        {
          object_key: 'envoy.tcp_proxy.cluster',
          factory_key: 'envoy.tcp_proxy.cluster',
          format_string: { text_format_source: { inline_string: 'sluice-admin' } },
        },
      ],
    }),
    undefined,
  ],
  [
    'any host that the request names',
    filter('envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig', {
      dns_cache_config: { name: 'c' },
    }),
    ['host-upstreams'],
  ],
  [
    'a cluster that the server name chooses',
    networkFilter('envoy.extensions.filters.network.sni_cluster.v3.SniCluster'),
    undefined,
  ],
  [
    'a file of descriptors',
    filter('envoy.extensions.filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder', {
      proto_descriptor: '/etc/x',
      services: ['s'],
    }),
    ['host-files'],
  ],
  [
    'statistics without a bound',
    filter('envoy.extensions.filters.http.grpc_stats.v3.FilterConfig', { stats_for_all_methods: true }),
    ['shared-limits'],
  ],
  [
    'the health of clusters of all',
    filter('envoy.extensions.filters.http.health_check.v3.HealthCheck', {
      pass_through_mode: false,
      cluster_min_healthy_percentages: { any: { value: 1 } },
    }),
    undefined,
  ],
  [
    "keys of a file for tokens' signatures",
    filter('envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication', {
      providers: { p: { issuer: 'i', local_jwks: { filename: '/etc/x' } } },
    }),
    ['host-files'],
  ],
  [
    'the address of the client as the source',
    filter('envoy.extensions.filters.http.original_src.v3.OriginalSrc'),
    ['host-sockets'],
  ],
  [
    'a gRPC server of its own choice that is asked for leave',
    filter('envoy.extensions.filters.http.ext_authz.v3.ExtAuthz', {
      grpc_service: { google_grpc: { target_uri: 'x', stat_prefix: 'x' } },
    }),
    ['control-planes'],
  ],
];

describe('what an author may not set', () => {
  test.each(bans)('%s', (_what, resource, needs) => {
    const found = banned(resource);
    expect(found.join('\n')).toMatch(/^banned /);
    if (needs === undefined) expect(banned(resource, permissionNames)).not.toEqual([]);
    else {
      expect(banned(resource, needs)).toEqual([]);
      for (const one of needs)
        expect(
          banned(
            resource,
            permissionNames.filter((p) => p !== one),
          ),
        ).not.toEqual([]);
    }
  });
});

describe('a configuration in a form that hides it', () => {
  test.each<[string, object]>([
    [
      'a struct with a type',
      filter('xds.type.v3.TypedStruct', { type_url: `type.googleapis.com/${lua}`, value: {} }),
    ],
    [
      'the older struct with a type',
      filter('udpa.type.v1.TypedStruct', { type_url: `type.googleapis.com/${lua}`, value: {} }),
    ],
    ['a struct', filter('google.protobuf.Struct', { value: { inline_code: 'x' } })],
    ['an Any in an Any', filter('google.protobuf.Any', { value: typed(lua, {}) })],
  ])('%s', (_what, resource) => {
    expect(banned(resource, permissionNames)).not.toEqual([]);
  });
});

describe('what anybody may set', () => {
  test.each<[string, object]>([
    [
      'weights, retries and rewrites',
      routes('r', {
        route: {
          weighted_clusters: { clusters: [{ name: 'a', weight: 1 }] },
          retry_policy: { retry_on: '5xx' },
        },
      }),
    ],
    ['harmless commands of formats', format('%REQ(x)% 100%')],
    [
      'flags that are off',
      listener('l', {}, { transparent: false, ignore_global_conn_limit: false, bind_to_port: true }),
    ],
    [
      'limits of requests',
      filter('envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit', { stat_prefix: 'x' }),
    ],
    [
      'a server of its own that is asked for leave',
      filter('envoy.extensions.filters.http.ext_authz.v3.ExtAuthz', {
        http_service: { server_uri: { uri: 'http://auth', cluster: 'shop/auth', timeout: '1s' } },
      }),
    ],
    [
      'clusters that stand in for one another',
      typed('envoy.config.cluster.v3.Cluster', {
        name: 'c',
        cluster_type: {
          name: 'aggregate',
          typed_config: typed('envoy.extensions.clusters.aggregate.v3.ClusterConfig', {
            clusters: ['a', 'b'],
          }),
        },
      }),
    ],
    ['a CA inline', tlsContext({ validation_context: { trusted_ca: { inline_string: 'x' } } })],
    [
      'state under a name of its own',
      filter('envoy.extensions.filters.http.set_filter_state.v3.Config', {
        on_request_headers: [
          {
            object_key: 'my.key',
            factory_key: 'envoy.string',
            format_string: { text_format_source: { inline_string: 'x' } },
          },
        ],
      }),
    ],
  ])('%s', (_what, resource) => {
    expect(banned(resource)).toEqual([]);
  });
});

describe('key material', () => {
  const key = '-----BEGIN PRIVATE KEY-----\nMIG\n-----END PRIVATE KEY-----';
  test.each<[string, object]>([
    ['a private key', tlsContext({ tls_certificates: [{ private_key: { inline_string: key } }] })],
    ['in camel case', tlsContext({ tls_certificates: [{ privateKey: { inlineBytes: 'TUlH' } }] })],
    ['in an object with a mistake', { '@type': 'x', some: [{ private_key: { inline_bytes: 'TUlH' } }] }],
    ['by its looks, under any name', { '@type': 'x', some: { other: key } }],
    [
      'a secret',
      typed('envoy.extensions.transport_sockets.tls.v3.Secret', {
        name: 's',
        generic_secret: { secret: { inline_string: 'x' } },
      }),
    ],
    [
      'ticket keys',
      typed('envoy.extensions.transport_sockets.tls.v3.Secret', {
        name: 's',
        session_ticket_keys: { keys: [{ inline_bytes: 'TUlH' }] },
      }),
    ],
  ])('%s never reaches the log', (_what, resource) => {
    expect(keyFaults(config([resource])).map(({ hint }) => hint)).toEqual([
      'put it into a Kubernetes Secret, and name that by tls_certificate_sds_secret_configs',
    ]);
  });

  test('a name of a Secret is none', () => {
    const named = tlsContext({ tls_certificate_sds_secret_configs: [{ name: 'shop-cert' }] });
    expect(keyFaults(config([named]))).toEqual([]);
  });
});
