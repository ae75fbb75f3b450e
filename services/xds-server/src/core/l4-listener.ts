// Filter chains below HTTP. What comes in: what routes win at a listener; what goes out: for TLS a chain for each hostname
// of a route, chosen by SNI, for TCP one chain, for UDP the filter of the listener. Chains hold nothing of a route but one
// hostname and its cluster, which is constant: Envoy replaces a chain, and drains its connections, only where that hostname
// goes to another route (ADR 0019). A hostname of a server for which there is no route has a chain without filters, which ends the connection:
// so that no less specific server answers for it (listener isolation, Gateway API v1.6.3 GatewaySpec.listeners).
import { create } from '@bufbuild/protobuf';
import {
  type FilterChain,
  FilterChainSchema,
  type ListenerFilter,
  ListenerFilterSchema,
} from '@sluice/envoy-api/envoy/config/listener/v3/listener_components_pb.js';
import { TcpProxySchema } from '@sluice/envoy-api/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js';
import { RouteSchema } from '@sluice/envoy-api/envoy/extensions/filters/udp/udp_proxy/v3/route_pb.js';
import { UdpProxyConfigSchema } from '@sluice/envoy-api/envoy/extensions/filters/udp/udp_proxy/v3/udp_proxy_pb.js';
import type { IrListener } from '@sluice/ir';
import { connectionLog } from './access-log.ts';
import type { L4Win } from './l4-route.ts';
import { pack } from './messages.ts';

/** Chains of the servers that pass TLS through. */
export function passthroughChains(listener: IrListener, wins: readonly L4Win[]): FilterChain[] {
  const taken = new Set(wins.flatMap((win) => win.hostnames));
  const routed = wins.flatMap(({ server, route, hostnames }) => {
    const filters = [tcpProxy(route.key)];
    return hostnames.map((hostname) =>
      create(FilterChainSchema, {
        name: `${server}|${route.key}|${hostname}`,
        filterChainMatch: bySni(hostname),
        filters,
      }),
    );
  });
  const refused = listener.servers
    .filter(({ passthrough, hostname }) => passthrough && !taken.has(hostname))
    .map(({ name, hostname }) => create(FilterChainSchema, { name, filterChainMatch: bySni(hostname) }));
  return [...routed, ...refused];
}

function bySni(hostname: string) {
  return { transportProtocol: 'tls', serverNames: hostname === '*' ? [] : [hostname] };
}

/** The chain of a TCP listener. */
export function tcpChains(wins: readonly L4Win[]): FilterChain[] {
  const [win] = wins;
  return [
    create(FilterChainSchema, { name: 'tcp', filters: win === undefined ? [] : [tcpProxy(win.route.key)] }),
  ];
}

/** One try for each connection: another one would take from the share that a backend is to refuse. */
function tcpProxy(cluster: string) {
  const config = pack(TcpProxySchema, {
    statPrefix: 'ingress',
    clusterSpecifier: { case: 'cluster', value: cluster },
    maxConnectAttempts: 1,
    accessLog: [connectionLog],
  });
  return {
    name: 'envoy.filters.network.tcp_proxy',
    configType: { case: 'typedConfig', value: config },
  } as const;
}

/** The filter of a UDP listener. A session is what comes from one address and port, until it is idle for a minute. */
export function udpFilter(win: L4Win): ListenerFilter {
  const action = {
    name: 'route',
    typedConfig: pack(RouteSchema, { cluster: win.route.key }),
  };
  const config = pack(UdpProxyConfigSchema, {
    statPrefix: 'ingress',
    routeSpecifier: {
      case: 'matcher',
      value: { onNoMatch: { onMatch: { case: 'action', value: action } } },
    },
    accessLog: [connectionLog],
  });
  return create(ListenerFilterSchema, {
    name: 'envoy.filters.udp_listener.udp_proxy',
    configType: { case: 'typedConfig', value: config },
  });
}
