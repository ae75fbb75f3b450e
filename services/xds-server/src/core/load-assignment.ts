// The endpoint groups of one Service port → ClusterLoadAssignment. An endpoint that drains keeps its place but takes
// new requests only while none is ready (EndpointSlice v1: serving and terminating), so what it still answers finishes.
import { create } from '@bufbuild/protobuf';
import { HealthStatus } from '@sluice/envoy-api/envoy/config/core/v3/health_check_pb.js';
import {
  type LbEndpoint,
  LbEndpointSchema,
} from '@sluice/envoy-api/envoy/config/endpoint/v3/endpoint_components_pb.js';
import { ClusterLoadAssignmentSchema } from '@sluice/envoy-api/envoy/config/endpoint/v3/endpoint_pb.js';
import { compareText, type IrCluster, type IrEndpointGroup } from '@sluice/ir';
import { type XdsResource, xdsResource } from './xds-resource.ts';

type Endpoint = IrEndpointGroup['endpoints'][number];

/** The endpoints of a cluster: `groups` are those of its service, in any order. None gives an empty assignment: Envoy answers 503. */
export function compileLoadAssignment(
  cluster: Pick<IrCluster, 'key' | 'source'>,
  groups: Iterable<IrEndpointGroup>,
): XdsResource {
  const endpoints = distinctEndpoints(groups);
  const anyReady = endpoints.some((endpoint) => endpoint.state === 'ready');
  const message = create(ClusterLoadAssignmentSchema, {
    clusterName: cluster.key,
    endpoints:
      endpoints.length === 0
        ? []
        : [
            {
              loadBalancingWeight: 1,
              lbEndpoints: endpoints.map((endpoint) =>
                lbEndpoint(
                  endpoint,
                  endpoint.state === 'ready' || !anyReady ? HealthStatus.HEALTHY : HealthStatus.DRAINING,
                ),
              ),
            },
          ],
  });
  return xdsResource(
    { kind: 'endpoint', name: cluster.key, uses: [], sources: [cluster.source] },
    ClusterLoadAssignmentSchema,
    message,
  );
}

/** One of each address and port, sorted; ready where any group says so. */
export function distinctEndpoints(groups: Iterable<IrEndpointGroup>): Endpoint[] {
  const byAddress = new Map<string, Endpoint>();
  for (const group of groups)
    for (const endpoint of group.endpoints) {
      const id = `${endpoint.address} ${endpoint.port}`;
      if (byAddress.get(id)?.state !== 'ready') byAddress.set(id, endpoint);
    }
  return [...byAddress.values()].sort((a, b) => compareText(a.address, b.address) || a.port - b.port);
}

/** One endpoint. */
export function lbEndpoint(
  { address, port }: Pick<Endpoint, 'address' | 'port'>,
  healthStatus: HealthStatus,
): LbEndpoint {
  return create(LbEndpointSchema, {
    healthStatus,
    hostIdentifier: {
      case: 'endpoint',
      value: {
        address: {
          address: {
            case: 'socketAddress',
            value: { address, portSpecifier: { case: 'portValue', value: port } },
          },
        },
      },
    },
  });
}
