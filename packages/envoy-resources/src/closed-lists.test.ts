// The lists by which resources are judged and renamed, held against every type that is known: what a new version of Envoy's
// types brings along has to be decided by somebody.
import { readFileSync } from 'node:fs';
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { packedTypes } from './packed-types.ts';
import { fieldBans, keyFields, messageBans } from './permissions.ts';
import { envoyTypes } from './registry.ts';
import { resourceTypes } from './resource-types.ts';
import { nameFields, referenceFields } from './scope.ts';

const isText = (field: DescField): boolean =>
  field.scalar === ScalarType.STRING && (field.fieldKind === 'scalar' || field.fieldKind === 'list');

/** Messages that a resource can hold, also in an `Any`. */
function reachable(): Map<string, DescMessage> {
  const found = new Map<string, DescMessage>();
  // What an operator can allow is looked at, too.
  const allowed = [...messageBans].flatMap(([type, { needs }]) => (needs === undefined ? [] : [type]));
  const names = [...Object.values(resourceTypes), ...packedTypes, ...allowed];
  const open = names.map((name) => envoyTypes().getMessage(name));
  for (let desc = open.pop(); open.length > 0 || desc !== undefined; desc = open.pop()) {
    if (desc === undefined || found.has(desc.typeName)) continue;
    found.set(desc.typeName, desc);
    for (const field of desc.fields)
      if (!fieldBans.has(`${desc.typeName}.${field.name}`)) open.push(field.message);
  }
  return found;
}

const fields = new Map(
  [...reachable().values()].flatMap((desc) =>
    desc.fields.map((field) => [`${desc.typeName}.${field.name}`, field] as const),
  ),
);

test('every name in the lists is one of a type that is known', () => {
  const known = (id: string): boolean =>
    [...envoyTypes()].some(
      (t) => t.kind === 'message' && t.fields.some((f) => `${t.typeName}.${f.name}` === id),
    );
  const ids = [...keyFields.keys(), ...fieldBans.keys(), ...referenceFields.keys(), ...nameFields];
  expect(ids.filter((id) => !known(id))).toEqual([]);
  const types = [...packedTypes].filter((type) => envoyTypes().getMessage(type) === undefined);
  expect(types).toEqual([]);
});

/** Text fields whose names speak of clusters and do not name one that is sent to. */
const compared = ['envoy.extensions.filters.http.fault.v3.HTTPFault.upstream_cluster'];

test('every text that names a cluster is scoped or banned', () => {
  const open = [...fields].filter(
    ([id, field]) =>
      /cluster/.test(field.name) &&
      isText(field) &&
      !referenceFields.has(id) &&
      !fieldBans.has(id) &&
      !nameFields.has(id),
  );
  expect(open.map(([id]) => id)).toEqual([]);
  expect(compared.every((id) => nameFields.has(id))).toBe(true);
});

/** Not of this machine: of requests, cookies and health checks over HTTP. */
const harmlessPaths = [
  'envoy.config.core.v3.HealthCheck.HttpHealthCheck.path',
  'envoy.type.http.v3.Cookie.path',
  'envoy.config.route.v3.RouteMatch.path',
  'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.TunnelingConfig.post_path',
  'envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig.UdpTunnelingConfig.post_path',
  'envoy.config.route.v3.RouteAction.HashPolicy.Cookie.path',
];

test('every text that names a file is banned', () => {
  const open = [...fields].filter(
    ([id, field]) =>
      /(^|_)(path|filename|file|directory)$/.test(field.name) &&
      isText(field) &&
      !fieldBans.has(id) &&
      !harmlessPaths.includes(id) &&
      !messageBans.has(id.slice(0, id.lastIndexOf('.'))),
  );
  // A pipe is judged as a message: it is banned wherever it stands.
  expect(open.map(([id]) => id)).toEqual(['envoy.config.core.v3.Pipe.path']);
});

test('every source of configuration is one of ours, or banned', () => {
  const ours = [
    'envoy.extensions.filters.network.http_connection_manager.v3.Rds.config_source',
    'envoy.extensions.filters.network.http_connection_manager.v3.ScopedRoutes.rds_config_source',
    'envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig.sds_config',
    'envoy.config.cluster.v3.Cluster.EdsClusterConfig.eds_config',
  ];
  const sources = [...fields].filter(
    ([id, field]) => field.message?.typeName === 'envoy.config.core.v3.ConfigSource' && !fieldBans.has(id),
  );
  expect(sources.map(([id]) => id).sort()).toEqual(ours.sort());
});

/** Messages of extensions that stand in a field of their own type, and so never in an `Any`. */
const parts = /\.(common|LocalReplyConfig|ResponseMapper|Rds|ScopedRoutes|ScopedRds|HttpFilter)\b/;

test('every extension that is generated is judged: taken, banned, or known never to stand in an Any', () => {
  const extensions = [...envoyTypes()].flatMap((t) =>
    t.kind === 'message' && t.parent === undefined && t.typeName.startsWith('envoy.extensions.')
      ? [t.typeName]
      : [],
  );
  const unjudged = extensions.filter(
    (type) => !packedTypes.has(type) && !messageBans.has(type) && !parts.test(type),
  );
  expect(unjudged.sort()).toMatchInlineSnapshot(`
    [
      "envoy.extensions.access_loggers.grpc.v3.CommonGrpcAccessLogConfig",
      "envoy.extensions.clusters.dynamic_forward_proxy.v3.SubClustersConfig",
      "envoy.extensions.filters.http.adaptive_concurrency.v3.GradientControllerConfig",
      "envoy.extensions.filters.http.compressor.v3.CompressorOverrides",
      "envoy.extensions.filters.http.compressor.v3.ResponseDirectionOverrides",
      "envoy.extensions.filters.http.dynamic_forward_proxy.v3.SubClusterConfig",
      "envoy.extensions.filters.http.ext_authz.v3.AuthorizationRequest",
      "envoy.extensions.filters.http.ext_authz.v3.AuthorizationResponse",
      "envoy.extensions.filters.http.ext_authz.v3.BufferSettings",
      "envoy.extensions.filters.http.ext_authz.v3.CheckSettings",
      "envoy.extensions.filters.http.ext_authz.v3.HttpService",
      "envoy.extensions.filters.http.ext_proc.v3.ExtProcOverrides",
      "envoy.extensions.filters.http.ext_proc.v3.HeaderForwardingRules",
      "envoy.extensions.filters.http.ext_proc.v3.MetadataOptions",
      "envoy.extensions.filters.http.ext_proc.v3.ProcessingMode",
      "envoy.extensions.filters.http.fault.v3.FaultAbort",
      "envoy.extensions.filters.http.grpc_stats.v3.FilterObject",
      "envoy.extensions.filters.http.header_mutation.v3.Mutations",
      "envoy.extensions.filters.http.jwt_authn.v3.FilterStateRule",
      "envoy.extensions.filters.http.jwt_authn.v3.JwksAsyncFetch",
      "envoy.extensions.filters.http.jwt_authn.v3.JwtCacheConfig",
      "envoy.extensions.filters.http.jwt_authn.v3.JwtClaimToHeader",
      "envoy.extensions.filters.http.jwt_authn.v3.JwtHeader",
      "envoy.extensions.filters.http.jwt_authn.v3.JwtProvider",
      "envoy.extensions.filters.http.jwt_authn.v3.JwtRequirement",
      "envoy.extensions.filters.http.jwt_authn.v3.JwtRequirementAndList",
      "envoy.extensions.filters.http.jwt_authn.v3.JwtRequirementOrList",
      "envoy.extensions.filters.http.jwt_authn.v3.ProviderWithAudiences",
      "envoy.extensions.filters.http.jwt_authn.v3.RemoteJwks",
      "envoy.extensions.filters.http.jwt_authn.v3.RequirementRule",
      "envoy.extensions.filters.http.on_demand.v3.OnDemandCds",
      "envoy.extensions.filters.http.ratelimit.v3.RateLimitConfig",
      "envoy.extensions.filters.http.set_metadata.v3.Metadata",
      "envoy.extensions.filters.network.http_connection_manager.v3.EnvoyMobileHttpConnectionManager",
      "envoy.extensions.filters.network.http_connection_manager.v3.RequestIDExtension",
      "envoy.extensions.filters.network.http_connection_manager.v3.ScopedRouteConfigurationsList",
      "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
      "envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
      "envoy.extensions.transport_sockets.tls.v3.CertificateProviderPluginInstance",
      "envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext",
      "envoy.extensions.transport_sockets.tls.v3.CommonTlsContext",
      "envoy.extensions.transport_sockets.tls.v3.GenericSecret",
      "envoy.extensions.transport_sockets.tls.v3.PrivateKeyProvider",
      "envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig",
      "envoy.extensions.transport_sockets.tls.v3.Secret",
      "envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher",
      "envoy.extensions.transport_sockets.tls.v3.TlsCertificate",
      "envoy.extensions.transport_sockets.tls.v3.TlsKeyLog",
      "envoy.extensions.transport_sockets.tls.v3.TlsParameters",
      "envoy.extensions.transport_sockets.tls.v3.TlsSessionTicketKeys",
    ]
  `);
});

test('the guide has every type that is taken', () => {
  const guide = readFileSync(new URL('../../../docs/guides/cilium-envoy-config.md', import.meta.url), 'utf8');
  const families = [...packedTypes]
    .filter((type) => type.startsWith('envoy.extensions.'))
    .map((type) => type.split('.').at(-3) ?? '');
  expect(families.filter((name) => !guide.includes(`\`${name}\``) && !guide.includes(`.${name}\``))).toEqual(
    [],
  );
});
