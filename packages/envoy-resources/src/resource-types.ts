// The types that may stand as a resource of their own: what Envoy asks its control plane for.
import { typePrefix } from './registry.ts';

/** Kinds of resources, each with its type. */
export const resourceTypes = {
  listener: 'envoy.config.listener.v3.Listener',
  route: 'envoy.config.route.v3.RouteConfiguration',
  cluster: 'envoy.config.cluster.v3.Cluster',
  endpoint: 'envoy.config.endpoint.v3.ClusterLoadAssignment',
  secret: 'envoy.extensions.transport_sockets.tls.v3.Secret',
} as const;
export type ResourceKind = keyof typeof resourceTypes;

const kinds = Object.keys(resourceTypes) as ResourceKind[];

/** The kind that an `@type` names; undefined for one that is no resource of its own. */
export function kindOf(typeUrl: unknown): ResourceKind | undefined {
  return kinds.find((kind) => typeUrl === `${typePrefix}${resourceTypes[kind]}`);
}

/** The field that names a resource. */
export function nameField(kind: ResourceKind): 'name' | 'cluster_name' {
  return kind === 'endpoint' ? 'cluster_name' : 'name';
}
