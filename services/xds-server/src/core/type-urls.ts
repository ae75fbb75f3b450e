// The xDS types that are served, with the order in which they are pushed (make before break).

/** Type URLs of the resources that xds-server speaks (Envoy API v3). */
export const typeUrls = {
  cluster: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  endpoint: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  secret: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
  listener: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  route: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  scope: 'type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration',
} as const;
export type XdsKind = keyof typeof typeUrls;

/**
 * All kinds, in the order of a push: clusters with their endpoints, secrets, scopes (which an Envoy with any listener
 * has asked for before the next listener needs them), listeners, routes.
 */
export const xdsKinds: readonly XdsKind[] = ['cluster', 'endpoint', 'secret', 'scope', 'listener', 'route'];

const byUrl = new Map<string, XdsKind>(xdsKinds.map((kind) => [typeUrls[kind], kind]));

/** The kind of a type URL; undefined for one that is not served. */
export function kindOfTypeUrl(typeUrl: string): XdsKind | undefined {
  return byUrl.get(typeUrl);
}
