/**
 * The Envoy protos that Sluice uses, relative to `envoy/`, without `.proto`. All that they import is generated too, so a
 * name stands here only if code imports it, or if its messages travel inside an `Any` (which no import shows).
 */
export const protoRoots: readonly string[] = [
  // the protocol
  'service/discovery/v3/ads',
  'service/discovery/v3/discovery',

  // what is served over it, and the file Envoy starts with
  'config/bootstrap/v3/bootstrap',
  'config/listener/v3/listener',
  'config/route/v3/route',
  'config/route/v3/scoped_route',
  'config/cluster/v3/cluster',
  'config/endpoint/v3/endpoint',
  'config/overload/v3/overload',
  'extensions/transport_sockets/tls/v3/tls',
  'extensions/transport_sockets/tls/v3/secret',
  'extensions/transport_sockets/raw_buffer/v3/raw_buffer',
  'extensions/transport_sockets/proxy_protocol/v3/upstream_proxy_protocol',
  'extensions/upstreams/http/v3/http_protocol_options',

  // network and listener filters
  'extensions/filters/network/http_connection_manager/v3/http_connection_manager',
  'extensions/filters/network/tcp_proxy/v3/tcp_proxy',
  'extensions/filters/udp/udp_proxy/v3/udp_proxy',
  'extensions/filters/udp/udp_proxy/v3/route',
  'extensions/filters/network/rbac/v3/rbac',
  'extensions/filters/listener/tls_inspector/v3/tls_inspector',
  'extensions/filters/listener/http_inspector/v3/http_inspector',
  'extensions/filters/listener/original_dst/v3/original_dst',
  'extensions/filters/listener/proxy_protocol/v3/proxy_protocol',

  // HTTP filters
  'extensions/filters/http/router/v3/router',
  'extensions/filters/http/lua/v3/lua',
  'extensions/filters/http/header_mutation/v3/header_mutation',
  'extensions/filters/http/set_metadata/v3/set_metadata',
  'extensions/filters/http/set_filter_state/v3/set_filter_state',
  'extensions/filters/http/cors/v3/cors',
  'extensions/filters/http/fault/v3/fault',
  'extensions/filters/http/buffer/v3/buffer',
  'extensions/filters/http/rbac/v3/rbac',
  'extensions/filters/http/local_ratelimit/v3/local_rate_limit',
  'extensions/filters/http/on_demand/v3/on_demand',
  'extensions/filters/http/upstream_codec/v3/upstream_codec',

  // smaller extension points
  'extensions/http/early_header_mutation/header_mutation/v3/header_mutation',
  'extensions/http/header_formatters/preserve_case/v3/preserve_case',
  'extensions/http/original_ip_detection/xff/v3/xff',
  'extensions/request_id/uuid/v3/uuid',
  'extensions/path/match/uri_template/v3/uri_template_match',
  'extensions/path/rewrite/uri_template/v3/uri_template_rewrite',
  'extensions/retry/host/previous_hosts/v3/previous_hosts',
  'extensions/internal_redirect/safe_cross_scheme/v3/safe_cross_scheme_config',
  'extensions/formatter/metadata/v3/metadata',
  'extensions/formatter/req_without_query/v3/req_without_query',
  'extensions/access_loggers/file/v3/file',
  'extensions/access_loggers/stream/v3/stream',
  'extensions/resource_monitors/fixed_heap/v3/fixed_heap',
  'extensions/resource_monitors/downstream_connections/v3/downstream_connections',
  'extensions/load_balancing_policies/round_robin/v3/round_robin',
  'extensions/load_balancing_policies/least_request/v3/least_request',
  'extensions/load_balancing_policies/random/v3/random',
  'extensions/load_balancing_policies/ring_hash/v3/ring_hash',
  'extensions/load_balancing_policies/maglev/v3/maglev',
  'extensions/load_balancing_policies/wrr_locality/v3/wrr_locality',

  // matchers and inputs that are only referred to by an Any
  'type/matcher/v3/http_inputs',
  'type/matcher/v3/filter_state',
  'extensions/matching/common_inputs/network/v3/network_inputs',

  // what the admin endpoint answers (config_dump, clusters, listeners)
  'admin/v3/config_dump',
  'admin/v3/clusters',
  'admin/v3/listeners',
  'admin/v3/server_info',
];
