// Two pages of Envoy's admin interface on a port that probes and scrapes reach: the interface itself stays on its socket.
const cluster = 'sluice-admin';
/** What is served, and nothing else: other pages of the admin interface change things or show keys' places. */
const paths = ['/ready', '/stats/prometheus'];
const managerType =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';

/** Static resources of the bootstrap; none without a port and an admin socket. */
export function opsResources({ adminSocket, opsPort }: { adminSocket?: string; opsPort?: number }): {
  clusters: object[];
  listeners: object[];
} {
  if (adminSocket === undefined || opsPort === undefined) return { clusters: [], listeners: [] };
  const endpoint = { address: { pipe: { path: adminSocket } } };
  return {
    clusters: [
      {
        name: cluster,
        type: 'STATIC',
        connect_timeout: '1s',
        load_assignment: { cluster_name: cluster, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
      },
    ],
    listeners: [
      {
        name: 'sluice-ops',
        address: { socket_address: { address: '0.0.0.0', port_value: opsPort } },
        filter_chains: [{ filters: [manager()] }],
      },
    ],
  };
}

function manager(): object {
  const routes = paths.map((path) => ({
    match: { path, headers: [{ name: ':method', string_match: { exact: 'GET' } }] },
    route: { cluster },
  }));
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: {
      '@type': managerType,
      stat_prefix: 'ops',
      route_config: { virtual_hosts: [{ name: 'ops', domains: ['*'], routes }] },
      http_filters: [
        {
          name: 'envoy.filters.http.router',
          typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
        },
      ],
    },
  };
}
