// What an author of raw resources may not set by himself, since it reaches out of his own namespace: the closed list, by
// message and field. docs/guides/cilium-envoy-config.md has it in words.

/** What an operator can allow, each with what it stands for. */
export const permissions = {
  'listen-addresses': 'listeners at addresses, ports and sockets of their own choice',
  'upstream-addresses': 'clusters with addresses or names of hosts of their own, beside Services',
  'host-upstreams':
    'addresses of the node itself among them: loopback, link-local (metadata services), Unix sockets',
  'host-files': "files, environment and output streams of Envoy's machine",
  'host-sockets': 'socket options, transparent and original-destination sockets, source addresses',
  'control-planes': 'configuration, tokens and load reports from or to servers of their own choice',
  'shared-limits': 'exemption from limits that protect Envoy as a whole',
  code: 'Lua and Wasm',
} as const;
export type Permission = keyof typeof permissions;

/** All of them, in order. */
export const permissionNames = Object.keys(permissions) as readonly Permission[];

/** Why something may not be set. */
export interface Ban {
  /** Who has it may set it; undefined: nobody may. */
  readonly needs?: Permission;
  readonly message: string;
  /** What to do instead; the empty string where there is nothing. */
  readonly hint: string;
}

const file = { needs: 'host-files', message: "reads or writes a file of Envoy's machine", hint: '' } as const;
const inline = { ...file, hint: 'write the content inline, as inline_string' } as const;
const socket = { needs: 'host-sockets', message: "changes sockets of Envoy's machine", hint: '' } as const;
const server = { needs: 'control-planes', message: 'names a server beside Sluice', hint: '' } as const;
const code = { needs: 'code', message: 'is code that would run inside Envoy', hint: '' } as const;
const limits = {
  needs: 'shared-limits',
  message: 'escapes limits that protect all',
  hint: 'remove it',
} as const;
const upstream = {
  needs: 'upstream-addresses',
  message: 'would send to an address that is no endpoint of a Service',
  hint: 'use type EDS, and name the Service under services or backendServices',
} as const;
const listen = {
  needs: 'listen-addresses',
  message: 'must not be set: each listener is given an address',
  hint: 'remove it; the address stands in the status',
} as const;
const opaque = {
  message: 'hides a configuration from being checked',
  hint: 'write the configuration with its own type in "@type"',
} as const;
const unserved = (hint: string): Ban => ({ message: 'is not served here', hint });
const chosen = {
  message: 'lets the request choose among the clusters of all',
  hint: 'name clusters of this object: cluster, or weighted_clusters',
} as const;
const output = { ...file, message: "writes into Envoy's own output, among the log lines of others" } as const;
const anywhere = {
  needs: 'host-upstreams',
  message: "would send wherever the request says, Envoy's own machine among it",
  hint: 'use type EDS, and name the Service under services or backendServices',
} as const;
const key = {
  message: 'must not hold key material: this object is no Secret',
  hint: 'put it into a Kubernetes Secret, and name that by tls_certificate_sds_secret_configs',
} as const;

const core = 'envoy.config.core.v3';
const tls = 'envoy.extensions.transport_sockets.tls.v3';
const manager = 'envoy.extensions.filters.network.http_connection_manager.v3';
const listener = 'envoy.config.listener.v3.Listener';
const cluster = 'envoy.config.cluster.v3.Cluster';
const route = 'envoy.config.route.v3';
const http = 'envoy.extensions.filters.http';

/** Fields that hold keys: objects with one never reach the log. */
export const keyFields: ReadonlyMap<string, Ban> = new Map(
  [
    `${tls}.TlsCertificate.private_key`,
    `${tls}.TlsCertificate.pkcs12`,
    `${tls}.TlsCertificate.password`,
    `${tls}.TlsSessionTicketKeys.keys`,
    `${tls}.GenericSecret.secret`,
    `${tls}.Secret.tls_certificate`,
    `${core}.GrpcService.GoogleGrpc.CallCredentials.access_token`,
    `${core}.GrpcService.GoogleGrpc.CallCredentials.google_refresh_token`,
    `${core}.GrpcService.GoogleGrpc.CallCredentials.ServiceAccountJWTAccessCredentials.json_key`,
    `${core}.GrpcService.GoogleGrpc.CallCredentials.GoogleIAMCredentials.authorization_token`,
    `${core}.GrpcService.GoogleGrpc.SslCredentials.private_key`,
  ].map((id) => [id, key]),
);

/** Fields that are banned where they are set at all. A false and an empty value count as not set. */
export const fieldBans: ReadonlyMap<string, Ban> = new Map<string, Ban>([
  [`${core}.DataSource.filename`, inline],
  [`${core}.DataSource.environment_variable`, inline],
  [`${core}.DataSource.watched_directory`, file],
  [`${core}.WatchedDirectory.path`, file],
  [`${core}.PathConfigSource.path`, file],
  [`${core}.ConfigSource.path`, file],
  [`${core}.HealthCheck.event_log_path`, file],
  [`${core}.ConfigSource.api_config_source`, server],
  [`${core}.ConfigSource.authorities`, server],
  [`${core}.HealthCheck.event_service`, server],
  [`${core}.GrpcService.google_grpc`, { ...server, hint: 'use envoy_grpc with a cluster of this object' }],
  [`${cluster}.lrs_server`, server],
  [`${core}.ExtensionConfigSource.config_source`, unserved('write the configuration as typed_config')],
  [`${listener}.address`, listen],
  [`${listener}.additional_addresses`, listen],
  [`${listener}.udp_listener_config`, listen],
  [`${listener}.api_listener`, unserved('remove it')],
  [`${listener}.internal_listener`, unserved('remove it')],
  [`${listener}.use_original_dst`, socket],
  [`${listener}.transparent`, socket],
  [`${listener}.freebind`, socket],
  [`${listener}.socket_options`, socket],
  [`${listener}.bind_to_port`, socket],
  [`${listener}.deprecated_v1`, socket],
  [`${listener}.ignore_global_conn_limit`, limits],
  [`${listener}.bypass_overload_manager`, limits],
  ['envoy.config.listener.v3.FilterChain.on_demand_configuration', unserved('remove it')],
  [`${cluster}.cluster_type`, upstream],
  [`${cluster}.upstream_bind_config`, socket],
  [`${cluster}.dns_resolvers`, upstream],
  [`${cluster}.dns_resolution_config`, upstream],
  [
    'envoy.config.endpoint.v3.LocalityLbEndpoints.leds_cluster_locality_config',
    unserved('list the endpoints'),
  ],
  ['envoy.config.endpoint.v3.Endpoint.HealthCheckConfig.address', upstream],
  [`${route}.RouteConfiguration.vhds`, unserved('write virtual_hosts')],
  [`${route}.RouteConfiguration.cluster_specifier_plugins`, chosen],
  [`${route}.RouteAction.cluster_specifier_plugin`, chosen],
  [`${route}.RouteAction.inline_cluster_specifier_plugin`, chosen],
  [`${route}.RouteAction.cluster_header`, chosen],
  [`${route}.RouteAction.RequestMirrorPolicy.cluster_header`, chosen],
  [`${route}.WeightedCluster.ClusterWeight.cluster_header`, chosen],
  [`${manager}.ScopedRoutes.scoped_rds`, unserved('use scoped_route_configurations_list')],
  ['envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.on_demand', chosen],
  ['envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig.use_original_src_ip', socket],
  ['envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig.upstream_socket_config', socket],
  [`${tls}.CommonTlsContext.key_log`, file],
  [`${tls}.CommonTlsContext.custom_handshaker`, code],
  [`${tls}.CommonTlsContext.tls_certificate_provider_instance`, file],
  [`${tls}.CommonTlsContext.tls_certificate_certificate_provider`, file],
  [`${tls}.CommonTlsContext.tls_certificate_certificate_provider_instance`, file],
  [`${tls}.CommonTlsContext.validation_context_certificate_provider`, file],
  [`${tls}.CommonTlsContext.validation_context_certificate_provider_instance`, file],
  [`${tls}.CertificateValidationContext.ca_certificate_provider_instance`, file],
  [`${tls}.TlsCertificate.private_key_provider`, code],
  ['envoy.type.tracing.v3.CustomTag.environment', file],
  [
    `${http}.grpc_json_transcoder.v3.GrpcJsonTranscoder.proto_descriptor`,
    { ...file, hint: 'write the descriptor inline, as proto_descriptor_bin' },
  ],
  [
    `${http}.grpc_stats.v3.FilterConfig.stats_for_all_methods`,
    { ...limits, hint: 'list methods in individual_method_stats_allowlist' },
  ],
  [
    `${http}.health_check.v3.HealthCheck.cluster_min_healthy_percentages`,
    { message: 'tells of the clusters of all', hint: 'remove it' },
  ],
]);

/** Messages that are banned wherever they stand. What may stand in an `Any` beside these: `packedTypes`. */
export const messageBans: ReadonlyMap<string, Ban> = new Map<string, Ban>([
  ['envoy.extensions.filters.http.lua.v3.Lua', code],
  ['envoy.extensions.filters.http.lua.v3.LuaPerRoute', code],
  ['envoy.extensions.access_loggers.file.v3.FileAccessLog', file],
  ['envoy.extensions.access_loggers.stream.v3.StdoutAccessLog', output],
  ['envoy.extensions.access_loggers.stream.v3.StderrAccessLog', output],
  ['envoy.extensions.filters.listener.original_dst.v3.OriginalDst', socket],
  ...[
    `${http}.dynamic_forward_proxy.v3.FilterConfig`,
    `${http}.dynamic_forward_proxy.v3.PerRouteConfig`,
    'envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig',
    'envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig',
  ].map((type): [string, Ban] => [type, anywhere]),
  ['envoy.extensions.filters.network.sni_cluster.v3.SniCluster', chosen],
  ['envoy.extensions.filters.listener.original_src.v3.OriginalSrc', socket],
  [`${http}.original_src.v3.OriginalSrc`, socket],
  ['envoy.extensions.matching.common_inputs.environment_variable.v3.Config', file],
  ['envoy.extensions.rbac.audit_loggers.stream.v3.StdoutAuditLog', output],
  ['envoy.extensions.filters.http.on_demand.v3.OnDemand', chosen],
  ['envoy.extensions.filters.http.on_demand.v3.PerRouteConfig', chosen],
  ['xds.type.v3.TypedStruct', opaque],
  ['udpa.type.v1.TypedStruct', opaque],
  ['google.protobuf.Any', opaque],
]);

/** A type in an `Any` that nobody has judged. */
export const unjudged: Ban = {
  message: 'is not known to be safe for others on the same Envoy',
  hint: 'docs/guides/cilium-envoy-config.md lists the types that are taken',
};
