// IrL4Route → an Envoy cluster of its own and its endpoints, both under the route's key. The cluster never changes, and so
// does the listener that names it: another backend, weight or endpoint is a change of endpoints alone, under which no
// connection drains. Each backend is a locality with its weight. One that is invalid or has no endpoint keeps its share,
// which is refused (TCPRouteRule.backendRefs, Gateway API v1.6.3): its only endpoint is one that no connection gets to.
import { create, type JsonObject } from '@bufbuild/protobuf';
import {
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
  ClusterSchema,
} from '@sluice/envoy-api/envoy/config/cluster/v3/cluster_pb.js';
import { type Metadata, MetadataSchema } from '@sluice/envoy-api/envoy/config/core/v3/base_pb.js';
import { HealthStatus } from '@sluice/envoy-api/envoy/config/core/v3/health_check_pb.js';
import {
  type LocalityLbEndpoints,
  LocalityLbEndpointsSchema,
} from '@sluice/envoy-api/envoy/config/endpoint/v3/endpoint_components_pb.js';
import { ClusterLoadAssignmentSchema } from '@sluice/envoy-api/envoy/config/endpoint/v3/endpoint_pb.js';
import { formatRevision } from '@sluice/events';
import type { IrEndpointGroup, IrL4Backend, IrL4Route } from '@sluice/ir';
import { connectionLimits } from './cluster.ts';
import type { RevisedL4Route } from './l4-route.ts';
import { distinctEndpoints, lbEndpoint } from './load-assignment.ts';
import { duration, fromAds } from './messages.ts';
import { metadataNamespace } from './route.ts';
import { type XdsResource, xdsResource } from './xds-resource.ts';

const connectTimeoutMs = 5_000;
const bufferBytes = 32_768;

/** The broadcast address of loopback (RFC 1122): the kernel refuses TCP to it, and UDP of a socket that does not ask for it. */
const refusingAddress = '127.255.255.255';

/** Each backend has one of its own: Envoy takes an address that comes twice for one endpoint. */
function refusing(i: number): IrEndpointGroup['endpoints'][number] {
  return { address: refusingAddress, port: i + 1, state: 'ready' };
}

/** A Service port that is named twice is one backend with the weight of both. */
function distinctBackends({ backends }: IrL4Route): IrL4Backend[] {
  const weights = new Map<string | null, number>();
  for (const { service, weight } of backends) weights.set(service, (weights.get(service) ?? 0) + weight);
  return [...weights].map(([service, weight]) => ({ service, weight }));
}

/** In percent. One endpoint that takes connections is enough for a backend to keep its whole share. */
const overprovisioning = 1_000_000;

/** The cluster of a route: the same for all its versions. */
export function compileL4Cluster({ key, source, protocol }: IrL4Route): XdsResource {
  const message = create(ClusterSchema, {
    name: key,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: { edsConfig: fromAds() },
    connectTimeout: duration(connectTimeoutMs),
    perConnectionBufferLimitBytes: bufferBytes,
    // Datagrams leave no trace of load behind by which one endpoint could be told from another.
    lbPolicy: protocol === 'UDP' ? Cluster_LbPolicy.ROUND_ROBIN : Cluster_LbPolicy.LEAST_REQUEST,
    circuitBreakers: { thresholds: [connectionLimits] },
    commonLbConfig: {
      healthyPanicThreshold: { value: 0 },
      updateMergeWindow: duration(0),
      localityConfigSpecifier: { case: 'localityWeightedLbConfig', value: {} },
    },
    ignoreHealthOnHostRemoval: true,
    metadata: marks({ route: key }),
  });
  return xdsResource({ kind: 'cluster', name: key, uses: [], sources: [source] }, ClusterSchema, message);
}

function marks(fields: JsonObject): Metadata {
  return create(MetadataSchema, { filterMetadata: { [metadataNamespace]: fields } });
}

/** The endpoints of a route: `groupsOf` gives those of a Service port. None at all: every connection is refused. */
export function compileL4Assignment(
  { route, revision }: RevisedL4Route,
  groupsOf: (service: string) => Iterable<IrEndpointGroup>,
): XdsResource {
  const metadata = marks({ revision: formatRevision(revision) });
  const localities = distinctBackends(route).map(({ service, weight }, i) => {
    const endpoints = service === null ? [] : distinctEndpoints(groupsOf(service));
    const anyReady = endpoints.some(({ state }) => state === 'ready');
    const lbEndpoints = (endpoints.length === 0 ? [refusing(i)] : endpoints).map((endpoint) =>
      Object.assign(
        lbEndpoint(
          endpoint,
          endpoint.state === 'ready' || !anyReady ? HealthStatus.HEALTHY : HealthStatus.DRAINING,
        ),
        { metadata },
      ),
    );
    return create(LocalityLbEndpointsSchema, {
      locality: { region: `${i}` },
      loadBalancingWeight: weight,
      lbEndpoints,
    });
  });
  const message = create(ClusterLoadAssignmentSchema, {
    clusterName: route.key,
    endpoints: localities satisfies LocalityLbEndpoints[],
    policy: { overprovisioningFactor: overprovisioning },
  });
  return xdsResource(
    { kind: 'endpoint', name: route.key, uses: [], sources: [route.source] },
    ClusterLoadAssignmentSchema,
    message,
  );
}
