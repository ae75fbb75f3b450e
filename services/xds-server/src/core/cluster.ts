// IrCluster → Envoy Cluster. Endpoints come by EDS under the cluster's own name, so an endpoint change never touches
// the cluster and a cluster change re-sends its endpoints (Envoy keeps a changed cluster warming until they come).
import { create } from '@bufbuild/protobuf';
import { CircuitBreakers_ThresholdsSchema } from '@sluice/envoy-api/envoy/config/cluster/v3/circuit_breaker_pb.js';
import {
  type Cluster,
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
  ClusterSchema,
} from '@sluice/envoy-api/envoy/config/cluster/v3/cluster_pb.js';
import { HttpProtocolOptionsSchema } from '@sluice/envoy-api/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js';
import type { IrCluster } from '@sluice/ir';
import { duration, fromAds, pack } from './messages.ts';
import { upstreamTls } from './upstream-tls.ts';
import { type XdsResource, xdsResource } from './xds-resource.ts';

/** Shorter than the 5 s after which common servers close an idle connection, so that we never write into one that is closing. */
const idleTimeoutMs = 4_000;
const bufferBytes = 32_768;

/** Envoy's default of 1,024 each turns into 503s on a busy edge; Sluice sets limits by policy, not by surprise. */
export const connectionLimits = create(CircuitBreakers_ThresholdsSchema, {
  maxConnections: 1_000_000,
  maxPendingRequests: 1_000_000,
  maxRequests: 1_000_000,
  maxRetries: 1_024,
});

const policies = {
  round_robin: Cluster_LbPolicy.ROUND_ROBIN,
  least_request: Cluster_LbPolicy.LEAST_REQUEST,
  random: Cluster_LbPolicy.RANDOM,
} as const satisfies Record<NonNullable<IrCluster['loadBalancing']>, Cluster_LbPolicy>;

/** The Envoy cluster of a cluster of the IR, under the same name. */
export function compileCluster(cluster: IrCluster): XdsResource {
  const message = create(ClusterSchema, {
    name: cluster.key,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: { edsConfig: fromAds() },
    connectTimeout: duration(cluster.connectTimeoutMs),
    perConnectionBufferLimitBytes: bufferBytes,
    lbPolicy: policies[cluster.loadBalancing ?? 'least_request'],
    circuitBreakers: { thresholds: [connectionLimits] },
    ...(cluster.tls?.type === 'verified'
      ? { transportSocket: upstreamTls(cluster.tls, cluster.protocol) }
      : {}),
    // No panic: an endpoint that drains gets no new request, however few others there are.
    // No merging of updates: Envoy would hold a change of health back for a second.
    commonLbConfig: { healthyPanicThreshold: { value: 0 }, updateMergeWindow: duration(0) },
    ignoreHealthOnHostRemoval: true,
    typedExtensionProtocolOptions: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': pack(HttpProtocolOptionsSchema, {
        commonHttpProtocolOptions: { idleTimeout: duration(idleTimeoutMs) },
        upstreamProtocolOptions: upstreamProtocol(cluster.protocol),
      }),
    },
  });
  const parts = { kind: 'cluster', name: cluster.key, uses: [], sources: [cluster.source] } as const;
  const resource = xdsResource(parts, ClusterSchema, message);
  if (cluster.tls?.type !== 'verified') return resource;
  return { ...resource, standIn: xdsResource(parts, ClusterSchema, closedCluster(cluster)) };
}

/**
 * Makes no connection: requests are answered 503. Where Envoy cannot have the TLS that a policy asks for, say because the
 * authorities of its machine are missing, the version before, which may speak in the clear, must not stay.
 */
function closedCluster({ key, connectTimeoutMs }: IrCluster): Cluster {
  return create(ClusterSchema, {
    name: key,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STATIC },
    loadAssignment: { clusterName: key },
    connectTimeout: duration(connectTimeoutMs),
  });
}

function upstreamProtocol(protocol: IrCluster['protocol']) {
  if (protocol === 'downstream')
    return {
      case: 'useDownstreamProtocolConfig',
      value: { httpProtocolOptions: {}, http2ProtocolOptions: {} },
    } as const;
  const protocolConfig =
    protocol === 'h2c'
      ? ({ case: 'http2ProtocolOptions', value: {} } as const)
      : ({ case: 'httpProtocolOptions', value: {} } as const);
  return { case: 'explicitHttpConfig', value: { protocolConfig } } as const;
}
