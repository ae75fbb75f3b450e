// IrListener → Envoy Listener: one for each port of a Gateway, on all its addresses. HTTPS has a filter chain for each
// server, chosen by SNI (what TLS, TCP and UDP have: l4-listener.ts); Envoy changes chains in place, so a new server or certificate list touches no other chain.
// Routes and certificates come by name with constant bytes: a change of either never touches the listener.
import { create } from '@bufbuild/protobuf';
import {
  type Address,
  AddressSchema,
  SocketAddress_Protocol,
} from '@sluice/envoy-api/envoy/config/core/v3/address_pb.js';
import {
  type FilterChain,
  FilterChainSchema,
  ListenerFilterSchema,
} from '@sluice/envoy-api/envoy/config/listener/v3/listener_components_pb.js';
import { type Listener, ListenerSchema } from '@sluice/envoy-api/envoy/config/listener/v3/listener_pb.js';
import { UdpListenerConfigSchema } from '@sluice/envoy-api/envoy/config/listener/v3/udp_listener_config_pb.js';
import { OriginalDstSchema } from '@sluice/envoy-api/envoy/extensions/filters/listener/original_dst/v3/original_dst_pb.js';
import { TlsInspectorSchema } from '@sluice/envoy-api/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js';
import { TlsParameters_TlsProtocol } from '@sluice/envoy-api/envoy/extensions/transport_sockets/tls/v3/common_pb.js';
import { DownstreamTlsContextSchema } from '@sluice/envoy-api/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import type { IrListener, IrServer, ObjectRef } from '@sluice/ir';
import { refusedConnectionLog } from './access-log.ts';
import { connectionManager, type ListenerSettings, managerFilter } from './http-connection-manager.ts';
import { passthroughChains, tcpChains, udpFilter } from './l4-listener.ts';
import { type L4Win, l4Wins, type RevisedL4Route } from './l4-route.ts';
import { duration, fromAds, pack } from './messages.ts';
import type { RouteLayout } from './route-layout.ts';
import { type XdsRef, type XdsResource, xdsResource } from './xds-resource.ts';

const bufferBytes = 32_768;

/** What shapes listeners beside their own IR. */
export interface ListenerContext {
  readonly layout: RouteLayout;
  readonly settings: ListenerSettings;
}

/** The Envoy listener, under the same name; undefined while it has no address. */
export function compileListener(
  listener: IrListener,
  of: { readonly gateway: ObjectRef | undefined; readonly l4Routes: Iterable<RevisedL4Route> },
  context: ListenerContext,
): XdsResource | undefined {
  const wins = l4Wins(listener, of.l4Routes);
  const parts = partsOf(listener, wins, context);
  const socket = listener.socket ?? { addresses: listener.addresses, port: listener.bindPort };
  const [address, ...others] = socket.addresses.map((ip) => socketAddress(ip, socket.port, listener));
  if (address === undefined || parts === undefined) return undefined;
  const message = create(ListenerSchema, {
    name: listener.key,
    address,
    additionalAddresses: others.map((other) => ({ address: other })),
    statPrefix: 'ingress',
    enableReusePort: true,
    perConnectionBufferLimitBytes: bufferBytes,
    ...parts,
    listenerFilters: [
      ...(isLedTo(listener, of.gateway) ? [originalDestination] : []),
      ...(parts.listenerFilters ?? []),
    ],
  });
  return xdsResource(
    {
      kind: 'listener',
      name: listener.key,
      uses: usesOf(listener, wins, context),
      sources: [...(of.gateway === undefined ? [] : [of.gateway]), ...wins.map(({ route }) => route.source)],
    },
    ListenerSchema,
    message,
  );
}

/** Whether clients connect to another address than is bound, by way of the kernel: the socket can tell which (ADR 0022). */
function isLedTo({ protocol, socket }: IrListener, gateway: ObjectRef | undefined): boolean {
  return protocol !== 'UDP' && (socket !== undefined || gateway?.kind === 'Service');
}

/** Lets access logs and filters see the address that the client connected to, where the kernel knows it. */
const originalDestination = create(ListenerFilterSchema, {
  name: 'envoy.filters.listener.original_dst',
  configType: { case: 'typedConfig', value: pack(OriginalDstSchema, {}) },
});

/** Whether a listener has routes of HTTP. */
export function isHttp({ protocol }: IrListener): boolean {
  return protocol === 'HTTP' || protocol === 'HTTPS';
}

function usesOf(listener: IrListener, wins: readonly L4Win[], { layout }: ListenerContext): XdsRef[] {
  const certificates = [...new Set(listener.servers.flatMap((server) => server.certificates))].sort();
  const clusters = [...new Set(wins.map(({ route }) => route.key))].sort();
  return [
    ...certificates.map((name): XdsRef => ({ kind: 'secret', name })),
    ...clusters.map((name): XdsRef => ({ kind: 'cluster', name })),
    ...(isHttp(listener) ? layout.resourcesOf(listener) : []),
  ];
}

type ListenerParts = Partial<
  Pick<
    Listener,
    'filterChains' | 'listenerFilters' | 'listenerFiltersTimeout' | 'accessLog' | 'udpListenerConfig'
  >
>;

/** What a listener's protocol adds; undefined where it cannot be bound: UDP without a route. */
function partsOf(
  listener: IrListener,
  wins: readonly L4Win[],
  context: ListenerContext,
): ListenerParts | undefined {
  switch (listener.protocol) {
    case 'HTTP':
      return httpChains(listener, context);
    case 'HTTPS':
    case 'TLS':
      return tlsChains(listener, wins, context);
    case 'TCP':
      return { filterChains: tcpChains(wins) };
    case 'UDP': {
      const [win] = wins;
      if (win === undefined) return undefined;
      return { listenerFilters: [udpFilter(win)], udpListenerConfig: create(UdpListenerConfigSchema, {}) };
    }
  }
}

function socketAddress(address: string, port: number, { protocol }: IrListener): Address {
  return create(AddressSchema, {
    address: {
      case: 'socketAddress',
      value: {
        address,
        portSpecifier: { case: 'portValue', value: port },
        protocol: protocol === 'UDP' ? SocketAddress_Protocol.UDP : SocketAddress_Protocol.TCP,
      },
    },
  });
}

function httpChains(listener: IrListener, context: ListenerContext): Pick<Listener, 'filterChains'> {
  return { filterChains: [filterChain('http', listener, null, context)] };
}

function tlsChains(listener: IrListener, wins: readonly L4Win[], context: ListenerContext): ListenerParts {
  const { listenerFilters } = create(ListenerSchema, {
    listenerFilters: [
      {
        name: 'envoy.filters.listener.tls_inspector',
        configType: { case: 'typedConfig', value: pack(TlsInspectorSchema, {}) },
      },
    ],
  });
  return {
    listenerFilters,
    listenerFiltersTimeout: duration(5_000),
    accessLog: [refusedConnectionLog],
    filterChains: [
      ...listener.servers
        .filter(({ passthrough }) => !passthrough)
        .map((server) => httpsChain(listener, server, context)),
      ...passthroughChains(listener, wins),
    ],
  };
}

function httpsChain(listener: IrListener, server: IrServer, context: ListenerContext): FilterChain {
  const chain = filterChain(server.name, listener, server, context);
  const { filterChainMatch, transportSocket, transportSocketConnectTimeout } = create(FilterChainSchema, {
    filterChainMatch: {
      transportProtocol: 'tls',
      serverNames: server.hostname === '*' ? [] : [server.hostname],
    },
    transportSocketConnectTimeout: duration(10_000),
    transportSocket: {
      name: 'envoy.transport_sockets.tls',
      configType: { case: 'typedConfig', value: pack(DownstreamTlsContextSchema, tlsContext(server)) },
    },
  });
  return Object.assign(chain, { filterChainMatch, transportSocket, transportSocketConnectTimeout });
}

function tlsContext(server: IrServer) {
  return {
    commonTlsContext: {
      alpnProtocols: ['h2', 'http/1.1'],
      tlsParams: { tlsMinimumProtocolVersion: TlsParameters_TlsProtocol.TLSv1_2 },
      tlsCertificateSdsSecretConfigs: server.certificates.map((name) => ({ name, sdsConfig: fromAds() })),
    },
  };
}

function filterChain(
  name: string,
  listener: IrListener,
  server: IrServer | null,
  { layout, settings }: ListenerContext,
): FilterChain {
  const manager = connectionManager(layout.finder(listener, server), settings);
  return create(FilterChainSchema, {
    name,
    filters: [managerFilter(manager)],
  });
}
