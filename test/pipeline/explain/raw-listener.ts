// Random listeners in Envoy's own words, with routes that name themselves in the answer, and requests that come near to what
// they ask for.
import type { IrRawResource } from '@sluice/ir';
import type { ExplainRequest } from '@sluice/ir/explain';
import fc from 'fast-check';
import type { KeyPair } from './static-envoy.ts';

/** Response header in which a route names itself. */
export const rawRouteHeader = 'x-route';

type Json = Record<string, unknown>;
const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

const type = (name: string, fields: Json): Json => ({
  '@type': `type.googleapis.com/envoy.${name}`,
  ...fields,
});

const pathMatch: fc.Arbitrary<Json> = fc.oneof(
  pick('/', '/a', '/a/', '/a/b', '/A').map((prefix) => ({ prefix })),
  pick('/', '/a', '/a/b', '/B').map((path) => ({ path })),
  pick('/a', '/a/b').map((prefix) => ({ path_separated_prefix: prefix })),
  pick('/a', '/[ab]/.*', '/a.*', '.*b', '/(a|b)').map((regex) => ({ safe_regex: { regex } })),
);

const text: fc.Arbitrary<Json> = fc.oneof(
  fc
    .tuple(pick('exact', 'prefix', 'suffix', 'contains'), pick('1', 'a', 'A', '12'), fc.boolean())
    .map(([how, value, ignoreCase]) => ({ [how]: value, ...(ignoreCase ? { ignore_case: true } : {}) })),
  pick('1|2', 'a.*', '\\d+').map((regex) => ({ safe_regex: { regex } })),
);

const header: fc.Arbitrary<Json> = fc
  .tuple(
    pick('x-a', 'X-B', ':method', 'host'),
    fc.oneof(
      text.map((string_match) => ({ string_match })),
      fc.boolean().map((present_match) => ({ present_match })),
      fc.constant({ range_match: { start: '1', end: '12' } }),
      fc.constant({}),
    ),
    fc.record(
      { invert_match: fc.boolean(), treat_missing_header_as_empty: fc.boolean() },
      { requiredKeys: [] },
    ),
  )
  .map(([name, match, rest]) => ({ name, ...match, ...rest }));

const query: fc.Arbitrary<Json> = fc
  .tuple(
    pick('q', 'r'),
    fc.oneof(
      text.map((string_match) => ({ string_match })),
      fc.boolean().map((present_match) => ({ present_match })),
    ),
  )
  .map(([name, match]) => ({ name, ...match }));

const match: fc.Arbitrary<Json> = fc
  .record(
    {
      path: pathMatch,
      headers: fc.array(header, { minLength: 1, maxLength: 2 }),
      query_parameters: fc.array(query, { minLength: 1, maxLength: 2 }),
      case_sensitive: fc.boolean(),
      grpc: fc.constant({}),
    },
    { requiredKeys: ['path'] },
  )
  .map(({ path, grpc, case_sensitive, ...rest }) => ({
    ...path,
    // Envoy refuses an expression that ignores case.
    ...(case_sensitive === undefined || path.safe_regex !== undefined ? {} : { case_sensitive }),
    ...(grpc === undefined || rest.headers !== undefined ? {} : { grpc }),
    ...rest,
  }));

const rewrite: fc.Arbitrary<Json> = fc.oneof(
  fc.constant({}),
  pick('/x', '/x/', '/').map((prefix_rewrite) => ({ prefix_rewrite })),
  fc.constant({ regex_rewrite: { pattern: { regex: '(a)(b)?' }, substitution: '<\\1\\\\\\2>' } }),
  fc.constant({ regex_rewrite: { pattern: { regex: '^/.*$' }, substitution: '/' } }),
);

const redirect: fc.Arbitrary<Json> = fc
  .tuple(
    fc.record(
      {
        https_redirect: fc.constant(true),
        host_redirect: pick('other.test', 'other.test:81'),
        port_redirect: pick(80, 443, 8443),
        response_code: pick('FOUND', 'SEE_OTHER', 'TEMPORARY_REDIRECT', 'PERMANENT_REDIRECT'),
        strip_query: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    fc.oneof(
      rewrite,
      pick('/y', '/y?z').map((path_redirect) => ({ path_redirect })),
    ),
  )
  .map(([where, path]) => ({ ...where, ...path }));

const action: fc.Arbitrary<Json> = fc.oneof(
  pick(200, 418).map((status) => ({ direct_response: { status } })),
  redirect.map((value) => ({ redirect: value })),
  fc
    .tuple(rewrite, pick({}, { host_rewrite_literal: 'inside.test' }), pick('c', 'missing'))
    .map(([path, host, cluster]) => ({ route: { cluster, ...path, ...host } })),
);

const domains = [
  ...['a.test', 'a.test:81', '*.a.test', '*a.test', '*.test', 'a.*', 'a.b*', 'A.TEST2', 'x.test'],
];

/** A table of routes, with all that a table decides. */
export const rawTable: fc.Arbitrary<Json> = fc
  .tuple(
    fc.uniqueArray(fc.array(pick(...domains), { minLength: 1, maxLength: 2 }), { maxLength: 3 }),
    fc.boolean(),
    fc.array(fc.array(fc.tuple(match, action), { minLength: 2, maxLength: 5 }), {
      minLength: 4,
      maxLength: 4,
    }),
    fc.boolean(),
  )
  .map(([hosts, everywhere, routes, ignorePort]) => {
    const taken = new Set<string>();
    const own = hosts
      .map((list) => list.filter((domain) => !taken.has(domain) && taken.add(domain)))
      .filter((list) => list.length > 0);
    return {
      name: 'table',
      validate_clusters: false,
      ...(ignorePort ? { ignore_port_in_host_matching: true } : {}),
      virtual_hosts: [...own, ...(everywhere ? [['*']] : [])].map((list, i) => ({
        name: `host-${i}`,
        domains: list,
        routes: (routes[i] ?? []).map(([when, then], k) => ({
          name: `route-${i}-${k}`,
          match: when,
          ...then,
          response_headers_to_add: [{ header: { key: rawRouteHeader, value: `route-${i}-${k}` } }],
        })),
      })),
    };
  });

/** What one set has: a table for HTTP, and two for TLS by server name. */
export const rawTables: fc.Arbitrary<readonly [Json, Json, Json]> = fc.tuple(rawTable, rawTable, rawTable);

/** A listener of a set, once for the explanation and once for the bootstrap: the second one has keys. */
export function rawListener(
  tables: readonly [Json, Json, Json],
  at: { readonly address: string; readonly port: number },
  keys?: KeyPair,
): Json {
  const [clear, exact, wild] = tables;
  const manager = (table: Json): Json => ({
    name: 'http',
    typed_config: type('extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
      stat_prefix: 's',
      route_config: table,
      http_filters: [{ name: 'router', typed_config: type('extensions.filters.http.router.v3.Router', {}) }],
    }),
  });
  const certificate =
    keys === undefined
      ? []
      : [
          {
            certificate_chain: { inline_string: keys.chainPem },
            private_key: { inline_string: keys.keyPem },
          },
        ];
  const tls = {
    name: 'tls',
    typed_config: type('extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
      common_tls_context: { tls_certificates: certificate },
    }),
  };
  const named = (table: Json, server_names: string[]): Json => ({
    filter_chain_match: { server_names, transport_protocol: 'tls' },
    filters: [manager(table)],
    transport_socket: tls,
  });
  return {
    name: `listener-${at.address}`,
    address: { socket_address: { address: at.address, port_value: at.port } },
    listener_filters: [
      {
        name: 'tls',
        typed_config: type('extensions.filters.listener.tls_inspector.v3.TlsInspector', {}),
      },
    ],
    filter_chains: [named(exact, ['a.test', 'x.test']), named(wild, ['*.test', '*.a.test'])],
    default_filter_chain: { filters: [manager(clear)] },
  };
}

/** As it stands in the IR. */
export function rawResource(kind: IrRawResource['type'], name: string, message: Json): IrRawResource {
  return {
    kind: 'raw-resource',
    key: `${kind}/${name}`,
    source: { group: 'cilium.io', kind: 'CiliumEnvoyConfig', namespace: 'default', name: 'c' },
    generation: 1,
    type: kind,
    name,
    message,
    uses: [],
  };
}

const hosts = [
  ...[
    'a.test',
    'A.Test',
    'a.test:81',
    'b.a.test',
    'ba.test',
    'x.test',
    'c.test:80',
    'a.example',
    'a.bc',
    'n',
  ],
];
const targets = [
  ...[
    '/',
    '/a',
    '/a/',
    '/a/b',
    '/a/b/c',
    '/ab',
    '/A',
    '/b',
    '/B',
    '/a?q=1',
    '/a?q=a&r=12',
    '/?r',
    '/a?q=&q=1',
  ],
  ...['//a', '/a//b', '/a/../b', '/a%2fb', '/%61', '/a/./b'],
];
const requestHeader = fc.tuple(pick('x-a', 'X-A', 'x-b'), pick('1', '2', 'a', 'A1', '12', '11', ' 1', ''));

/** Requests to a set. */
export function rawRequests(at: {
  readonly address: string;
  readonly port: number;
}): fc.Arbitrary<ExplainRequest> {
  return fc
    .record({
      method: pick('GET', 'POST'),
      host: pick(...hosts),
      path: pick(...targets),
      headers: fc.array(requestHeader, { maxLength: 3 }),
      grpc: fc.boolean(),
      sni: pick(undefined, undefined, 'a.test', 'b.test', 'c.a.test', 'other.example'),
    })
    .map(({ grpc, sni, headers, ...rest }) => ({
      ...at,
      ...rest,
      headers: grpc ? [...headers, ['content-type', 'application/grpc'] as const] : headers,
      ...(sni === undefined ? {} : { tls: { sni } }),
    }));
}
