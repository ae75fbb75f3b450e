// The types that may stand in an `Any`, each judged: what it can name is a cluster or a resource of the object (`scope.ts`), a
// Secret, inline text, or nothing; what more one of its fields can do is in `permissions.ts`.
// docs/guides/cilium-envoy-config.md has them in words.

/** Full names below a package. */
function below(parent: string, names: readonly string[]): string[] {
  return names.map((name) => `${parent}.${name}`);
}

const httpFilters = [
  ...['adaptive_concurrency.v3.AdaptiveConcurrency', 'admission_control.v3.AdmissionControl'],
  ...['bandwidth_limit.v3.BandwidthLimit', 'buffer.v3.Buffer', 'buffer.v3.BufferPerRoute'],
  ...['cdn_loop.v3.CdnLoopConfig', 'compressor.v3.Compressor', 'compressor.v3.CompressorPerRoute'],
  ...['connect_grpc_bridge.v3.FilterConfig', 'cors.v3.Cors', 'cors.v3.CorsPolicy', 'csrf.v3.CsrfPolicy'],
  ...['decompressor.v3.Decompressor', 'ext_authz.v3.ExtAuthz', 'ext_authz.v3.ExtAuthzPerRoute'],
  ...['ext_proc.v3.ExternalProcessor', 'ext_proc.v3.ExtProcPerRoute', 'fault.v3.HTTPFault'],
  ...['grpc_http1_bridge.v3.Config', 'grpc_http1_reverse_bridge.v3.FilterConfig'],
  ...['grpc_http1_reverse_bridge.v3.FilterConfigPerRoute', 'grpc_json_transcoder.v3.GrpcJsonTranscoder'],
  ...['grpc_json_transcoder.v3.UnknownQueryParams', 'grpc_stats.v3.FilterConfig', 'grpc_web.v3.GrpcWeb'],
  ...['header_mutation.v3.HeaderMutation', 'header_mutation.v3.HeaderMutationPerRoute'],
  ...['header_to_metadata.v3.Config', 'health_check.v3.HealthCheck', 'ip_tagging.v3.IPTagging'],
  ...['json_to_metadata.v3.JsonToMetadata', 'jwt_authn.v3.JwtAuthentication', 'jwt_authn.v3.PerRouteConfig'],
  ...['local_ratelimit.v3.LocalRateLimit', 'ratelimit.v3.RateLimit', 'ratelimit.v3.RateLimitPerRoute'],
  ...['rbac.v3.RBAC', 'rbac.v3.RBACPerRoute', 'router.v3.Router', 'set_filter_state.v3.Config'],
  ...['set_metadata.v3.Config', 'stateful_session.v3.StatefulSession'],
  ...['stateful_session.v3.StatefulSessionPerRoute', 'upstream_codec.v3.UpstreamCodec'],
];

const listenerFilters = [
  ...['http_inspector.v3.HttpInspector', 'local_ratelimit.v3.LocalRateLimit'],
  ...['proxy_protocol.v3.ProxyProtocol', 'tls_inspector.v3.TlsInspector'],
];

const networkFilters = [
  ...['connection_limit.v3.ConnectionLimit', 'direct_response.v3.Config', 'echo.v3.Echo'],
  ...['ext_authz.v3.ExtAuthz', 'http_connection_manager.v3.HttpConnectionManager'],
  ...['local_ratelimit.v3.LocalRateLimit', 'ratelimit.v3.RateLimit', 'rbac.v3.RBAC'],
  ...['set_filter_state.v3.Config', 'tcp_proxy.v3.TcpProxy'],
];

const balancing = [
  ...[
    'client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin',
    'cluster_provided.v3.ClusterProvided',
  ],
  ...['least_request.v3.LeastRequest', 'maglev.v3.Maglev', 'pick_first.v3.PickFirst', 'random.v3.Random'],
  ...[
    'ring_hash.v3.RingHash',
    'round_robin.v3.RoundRobin',
    'subset.v3.Subset',
    'wrr_locality.v3.WrrLocality',
  ],
];

const http = [
  ...['early_header_mutation.header_mutation.v3.HeaderMutation'],
  ...['header_formatters.preserve_case.v3.PreserveCaseFormatterConfig'],
  ...['original_ip_detection.custom_header.v3.CustomHeaderConfig', 'original_ip_detection.xff.v3.XffConfig'],
  ...['stateful_session.cookie.v3.CookieBasedSessionState'],
  ...['stateful_session.header.v3.HeaderBasedSessionState'],
];

const networkInputs = [
  ...[
    'DestinationIPInput',
    'DestinationPortInput',
    'SourceIPInput',
    'SourcePortInput',
    'DirectSourceIPInput',
  ],
  ...['SourceTypeInput', 'ServerNameInput', 'TransportProtocolInput', 'ApplicationProtocolInput'],
  ...['FilterStateInput'],
];

const httpInputs = [
  ...['HttpRequestHeaderMatchInput', 'HttpRequestTrailerMatchInput', 'HttpResponseHeaderMatchInput'],
  ...['HttpResponseTrailerMatchInput', 'HttpRequestQueryParamMatchInput'],
];

const extensions = [
  ...['access_loggers.grpc.v3.HttpGrpcAccessLogConfig', 'access_loggers.grpc.v3.TcpGrpcAccessLogConfig'],
  ...['clusters.aggregate.v3.ClusterConfig', 'early_data.v3.DefaultEarlyDataPolicy'],
  ...['compression.brotli.compressor.v3.Brotli', 'compression.brotli.decompressor.v3.Brotli'],
  ...['compression.gzip.compressor.v3.Gzip', 'compression.gzip.decompressor.v3.Gzip'],
  ...['compression.zstd.compressor.v3.Zstd', 'compression.zstd.decompressor.v3.Zstd'],
  ...['filters.udp.udp_proxy.v3.Route', 'filters.udp.udp_proxy.v3.UdpProxyConfig'],
  ...['formatter.metadata.v3.Metadata', 'formatter.req_without_query.v3.ReqWithoutQuery'],
  'internal_redirect.allow_listed_routes.v3.AllowListedRoutesConfig',
  'internal_redirect.previous_routes.v3.PreviousRoutesConfig',
  'internal_redirect.safe_cross_scheme.v3.SafeCrossSchemeConfig',
  ...below('matching.common_inputs.ssl.v3', ['DnsSanInput', 'SubjectInput', 'UriSanInput']),
  'matching.input_matchers.consistent_hashing.v3.ConsistentHashing',
  ...['matching.input_matchers.ip.v3.Ip', 'matching.input_matchers.runtime_fraction.v3.RuntimeFraction'],
  ...[
    'path.match.uri_template.v3.UriTemplateMatchConfig',
    'path.rewrite.uri_template.v3.UriTemplateRewriteConfig',
  ],
  ...['rbac.matchers.upstream_ip_port.v3.UpstreamIpPortMatcher', 'request_id.uuid.v3.UuidRequestIdConfig'],
  ...['retry.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate'],
  ...['retry.host.omit_host_metadata.v3.OmitHostMetadataConfig'],
  ...['retry.host.previous_hosts.v3.PreviousHostsPredicate'],
  ...['retry.priority.previous_priorities.v3.PreviousPrioritiesConfig'],
  ...['transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport'],
  ...['transport_sockets.raw_buffer.v3.RawBuffer', 'transport_sockets.tcp_stats.v3.Config'],
  ...below('transport_sockets.tls.v3', [
    'DownstreamTlsContext',
    'SPIFFECertValidatorConfig',
    'UpstreamTlsContext',
  ]),
  ...[
    'upstreams.http.generic.v3.GenericConnectionPoolProto',
    'upstreams.http.http.v3.HttpConnectionPoolProto',
  ],
  ...['upstreams.http.tcp.v3.TcpConnectionPoolProto', 'upstreams.http.v3.HttpProtocolOptions'],
  ...['upstreams.tcp.generic.v3.GenericConnectionPoolProto', 'upstreams.tcp.v3.TcpProtocolOptions'],
];

/**
 * Types that may stand in an `Any`, beside those of `messageBans`; every other one is refused. A type of Envoy that is
 * generated and stands in neither list fails a test: somebody has to decide.
 */
export const packedTypes: ReadonlySet<string> = new Set([
  ...below('envoy.config.route.v3', [
    ...['Route', 'RouteAction', 'RouteConfiguration', 'FilterConfig', 'RedirectAction'],
  ]),
  ...below('envoy.config.trace.v3', ['OpenTelemetryConfig', 'ZipkinConfig']),
  ...below('envoy.type.matcher.v3', httpInputs),
  ...below('envoy.extensions', extensions),
  ...below('envoy.extensions.filters.http', httpFilters),
  ...below('envoy.extensions.filters.listener', listenerFilters),
  ...below('envoy.extensions.filters.network', networkFilters),
  ...below('envoy.extensions.http', http),
  ...below('envoy.extensions.load_balancing_policies', balancing),
  ...below('envoy.extensions.matching.common_inputs.network.v3', networkInputs),
]);
