// Names. Every name of a resource and every reference to one is put under the name of the object, so that no two objects
// can meet, and no reference leaves its object. What is to come over xDS is made to come from Sluice.
import type { DescMessage } from '@bufbuild/protobuf';
import { isObject, type Json, type JsonObject } from './json.ts';
import { type Steps, walk } from './walk.ts';

/** A name in a resource that stands for another resource. */
export interface Reference {
  readonly kind: 'cluster' | 'route' | 'secret';
  /** As written. */
  readonly name: string;
  readonly steps: Steps;
}

const manager = 'envoy.extensions.filters.network.http_connection_manager.v3';
const network = 'envoy.extensions.filters.network';
const route = 'envoy.config.route.v3';
const tls = 'envoy.extensions.transport_sockets.tls.v3';

/** Fields that refer to a resource. */
export const referenceFields: ReadonlyMap<string, Reference['kind']> = new Map<string, Reference['kind']>([
  [`${route}.RouteAction.cluster`, 'cluster'],
  [`${route}.RouteAction.RequestMirrorPolicy.cluster`, 'cluster'],
  [`${route}.WeightedCluster.ClusterWeight.name`, 'cluster'],
  [`${network}.tcp_proxy.v3.TcpProxy.cluster`, 'cluster'],
  [`${network}.tcp_proxy.v3.TcpProxy.WeightedCluster.ClusterWeight.name`, 'cluster'],
  ['envoy.extensions.filters.udp.udp_proxy.v3.Route.cluster', 'cluster'],
  ['envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig.cluster', 'cluster'],
  ['envoy.config.core.v3.GrpcService.EnvoyGrpc.cluster_name', 'cluster'],
  ['envoy.config.core.v3.ApiConfigSource.cluster_names', 'cluster'],
  ['envoy.config.core.v3.HttpUri.cluster', 'cluster'],
  ['envoy.config.trace.v3.ZipkinConfig.collector_cluster', 'cluster'],
  ['envoy.extensions.clusters.aggregate.v3.ClusterConfig.clusters', 'cluster'],
  [`${manager}.Rds.route_config_name`, 'route'],
  [`${route}.ScopedRouteConfiguration.route_configuration_name`, 'route'],
  [`${tls}.SdsSecretConfig.name`, 'secret'],
]);

/** Fields with a name of the object's own: of resources, of statistics, and names that are only compared. */
export const nameFields: ReadonlySet<string> = new Set([
  'envoy.config.listener.v3.Listener.name',
  'envoy.config.listener.v3.Listener.stat_prefix',
  'envoy.config.cluster.v3.Cluster.name',
  'envoy.config.cluster.v3.Cluster.alt_stat_name',
  'envoy.config.endpoint.v3.ClusterLoadAssignment.cluster_name',
  `${route}.RouteConfiguration.name`,
  `${route}.ScopedRouteConfiguration.name`,
  `${tls}.Secret.name`,
  `${manager}.HttpConnectionManager.stat_prefix`,
  `${manager}.ScopedRoutes.name`,
  `${network}.tcp_proxy.v3.TcpProxy.stat_prefix`,
  `${network}.rbac.v3.RBAC.stat_prefix`,
  `${network}.rbac.v3.RBAC.shadow_rules_stat_prefix`,
  'envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig.stat_prefix',
  'envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol.stat_prefix',
  'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit.stat_prefix',
  'envoy.extensions.filters.http.fault.v3.HTTPFault.upstream_cluster',
  // Two filters with one key share their tokens, and two with one name a cache of addresses.
  `${network}.local_ratelimit.v3.LocalRateLimit.share_key`,
  'envoy.extensions.common.dynamic_forward_proxy.v3.DnsCacheConfig.name',
  ...[
    'connection_limit.v3.ConnectionLimit',
    'ext_authz.v3.ExtAuthz',
    'local_ratelimit.v3.LocalRateLimit',
  ].map((name) => `${network}.${name}.stat_prefix`),
  `${network}.ratelimit.v3.RateLimit.stat_prefix`,
  'envoy.extensions.filters.listener.local_ratelimit.v3.LocalRateLimit.stat_prefix',
  'envoy.extensions.filters.http.bandwidth_limit.v3.BandwidthLimit.stat_prefix',
]);

/** "From the control plane": the same bytes everywhere, since Envoy takes two that differ for two sources. */
const fromAds: JsonObject = { ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3' };

/** The cluster by which Cilium's own Envoy reaches its control plane. */
const ciliumXds = 'xds-grpc-cilium';

/** True where a source of configuration means the control plane that there is: by ADS, by none, or by Cilium's name for its own. */
function meansUs(source: Json | undefined): boolean {
  if (source === undefined) return true;
  if (!isObject(source)) return false;
  if (source.path !== undefined || source.path_config_source !== undefined) return false;
  if (source.authorities !== undefined) return false;
  const api = source.api_config_source;
  return api === undefined || JSON.stringify(api).includes(`"cluster_name":"${ciliumXds}"`);
}

/** Puts Sluice in wherever a resource is to come over xDS, and takes out what would hold up others. */
export function normalise(desc: DescMessage, value: JsonObject): JsonObject {
  const sourced = (message: JsonObject, field: string): JsonObject =>
    meansUs(message[field]) ? { ...message, [field]: fromAds } : message;
  return walk(desc, value, {
    finish: (type, message) => {
      if (type === `${manager}.Rds`) return sourced(message, 'config_source');
      if (type === `${manager}.ScopedRoutes`) return sourced(message, 'rds_config_source');
      if (type === `${tls}.SdsSecretConfig`) return sourced(message, 'sds_config');
      if (type === 'envoy.config.cluster.v3.Cluster.EdsClusterConfig') return sourced(message, 'eds_config');
      if (type === `${route}.RouteConfiguration`) return { validate_clusters: false, ...message };
      if (type === 'envoy.config.cluster.v3.Cluster' && message.type === 'EDS')
        return { ...message, eds_cluster_config: message.eds_cluster_config ?? { eds_config: fromAds } };
      return undefined;
    },
  });
}

/** What scoping comes to. */
export interface Scoped {
  readonly message: JsonObject;
  /** In the order of the message. */
  readonly references: readonly Reference[];
}

/**
 * Puts all names under `scope`. A reference to a secret becomes what `secretName` says, where that says anything: a
 * certificate out of a Kubernetes Secret.
 */
export function scopeNames(
  desc: DescMessage,
  value: JsonObject,
  of: {
    readonly scope: string;
    readonly secretName: (name: string) => string | undefined;
    /** Names of load assignments of the object's own. */
    readonly endpoints: ReadonlySet<string>;
  },
): Scoped {
  const { scope, secretName, endpoints } = of;
  const references: Reference[] = [];
  const scoped = (name: string): string => `${scope}/${name}`;
  const refer = (kind: Reference['kind'], name: string, steps: Steps): string => {
    references.push({ kind, name, steps });
    return (kind === 'secret' ? secretName(name) : undefined) ?? scoped(name);
  };
  const message = walk(desc, value, {
    field: ({ id, value: child, steps }) => {
      const kind = referenceFields.get(id);
      if (kind !== undefined && typeof child === 'string') return refer(kind, child, steps);
      if (kind !== undefined && Array.isArray(child))
        return child.map((name: Json, i) => refer(kind, String(name), [...steps, i]));
      return nameFields.has(id) && typeof child === 'string' ? scoped(child) : undefined;
    },
    finish: (type, done) =>
      type === 'envoy.config.cluster.v3.Cluster' && done.type === 'EDS'
        ? endpointsByName(done, (name) => (endpoints.has(name) ? scoped(name) : undefined))
        : undefined,
  });
  return { message, references };
}

/** Endpoints come under the name of the cluster, save for those of a load assignment of the object's own. */
function endpointsByName(cluster: JsonObject, own: (name: string) => string | undefined): JsonObject {
  const { eds_cluster_config: config } = cluster;
  if (!isObject(config)) return cluster;
  const { service_name: given, ...rest } = config;
  const name = typeof given === 'string' ? own(given) : undefined;
  return { ...cluster, eds_cluster_config: name === undefined ? rest : { ...rest, service_name: name } };
}
