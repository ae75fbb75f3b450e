// The file that Envoy starts with: where the control plane is, and what protects the process itself. All else comes by
// xDS. Built as an object; nothing is formatted.

import { opsResources } from './bootstrap-ops.ts';
import { type XdsAddress, xdsCluster } from './bootstrap-xds-cluster.ts';

/** What a bootstrap depends on. */
export type BootstrapOptions = XdsAddress & EnvoyOptions;

interface EnvoyOptions {
  /** Names this Envoy to xds-server; unique among the Envoys of an installation. */
  readonly nodeId: string;
  /** A name that Envoys of one kind share. */
  readonly nodeCluster: string;
  /** Path of the admin interface's Unix socket (made with mode 0600); absent: no admin interface. */
  readonly adminSocket?: string;
  /**
   * Port on which `/ready` and `/stats/prometheus` of the admin interface, and nothing else of it, are served to anybody, on
   * all addresses, once the first configuration has come: for probes and scrapes in a cluster. Needs `adminSocket`. Absent:
   * not served.
   */
  readonly opsPort?: number;
  /** Heap at which Envoy begins to shed load, bytes. Default 2 GiB. */
  readonly maxHeapBytes?: number;
  /** Open connections from clients, at most. Default 50,000. */
  readonly maxConnections?: number;
}

const ads = { resource_api_version: 'V3', ads: {}, initial_fetch_timeout: '0s' };

/**
 * Envoy's bootstrap as JSON, for Envoy ≥ 1.40 with `--mode serve --disable-hot-restart` (or a `--base-id` of its own).
 * Envoy waits for its control plane without limit, and tries to reach it every 0.2 to 2 s.
 */
export function envoyBootstrap(options: BootstrapOptions): string {
  const ops = opsResources(options);
  const bootstrap = {
    node: { id: options.nodeId, cluster: options.nodeCluster },
    ...(options.adminSocket === undefined ? {} : { admin: { address: pipe(options.adminSocket, 0o600) } }),
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [
          {
            envoy_grpc: {
              cluster_name: 'sluice-xds',
              retry_policy: { retry_back_off: { base_interval: '0.2s', max_interval: '2s' } },
            },
          },
        ],
      },
      cds_config: ads,
      lds_config: ads,
    },
    static_resources: {
      clusters: [xdsCluster(options), ...ops.clusters],
      ...(ops.listeners.length === 0 ? {} : { listeners: ops.listeners }),
    },
    typed_dns_resolver_config: dnsResolver,
    overload_manager: overloadManager(options),
    stats_config: { stats_matcher: { inclusion_list: { patterns: statPatterns } } },
    layered_runtime: {
      layers: [
        { name: 'limits', static_layer: runtimeLimits },
        { name: 'admin', admin_layer: {} },
      ],
    },
  };
  return JSON.stringify(bootstrap, null, 2);
}

/**
 * A socket of its own for each question. The datapath leads a socket to an endpoint of the DNS Service when it connects: one that is kept stays
 * at an endpoint that is gone, or at none where Envoy started first.
 */
const dnsResolver = {
  name: 'envoy.network.dns_resolver.cares',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig',
    udp_max_queries: 1,
  },
};

/** Envoy refuses regular expressions of more than 100 steps by itself; time stays linear in the path with any of these. */
const runtimeLimits = { re2: { max_program_size: { error_level: 5_000 } } };

/** Few statistics, whatever the number of routes: what dashboards and alerts read. */
const statPatterns = [
  { prefix: 'server.' },
  { prefix: 'listener_manager.' },
  { prefix: 'cluster_manager.' },
  { prefix: 'control_plane.' },
  { prefix: 'overload.' },
  { prefix: 'http.ingress.downstream_' },
  { prefix: 'http.ingress.no_' },
  { prefix: 'cluster.sluice-xds.' },
  {
    safe_regex: {
      regex:
        'cluster\\..*\\.(upstream_rq_(total|active|timeout|[0-9]xx)|upstream_cx_(active|connect_fail)|membership_.*)',
    },
  },
];

function pipe(path: string, mode: number) {
  return { pipe: { path, mode } };
}

function overloadManager({ maxHeapBytes = 2 * 1024 ** 3, maxConnections = 50_000 }: BootstrapOptions) {
  const heap = 'envoy.resource_monitors.fixed_heap';
  const action = (name: string, value: number) => ({
    name,
    triggers: [{ name: heap, threshold: { value } }],
  });
  return {
    refresh_interval: '0.25s',
    resource_monitors: [
      {
        name: heap,
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig',
          max_heap_size_bytes: maxHeapBytes,
        },
      },
      {
        name: 'envoy.resource_monitors.global_downstream_max_connections',
        typed_config: {
          '@type':
            'type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig',
          max_active_downstream_connections: maxConnections,
        },
      },
    ],
    actions: [
      action('envoy.overload_actions.shrink_heap', 0.92),
      action('envoy.overload_actions.stop_accepting_requests', 0.95),
      action('envoy.overload_actions.stop_accepting_connections', 0.98),
    ],
  };
}
