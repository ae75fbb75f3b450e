// The HTTP connection manager of a filter chain, safe by default: what Envoy's guide for edge proxies asks for
// (envoyproxy.io, "Configuring Envoy as an edge proxy", 1.40), and Gateway API's rule that the Host header goes to the
// backend as it was sent.
import { create } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { HeaderMutationSchema as MutationSchema } from '@sluice/envoy-api/envoy/config/common/mutation_rules/v3/mutation_rules_pb.js';
import { HttpProtocolOptions_HeadersWithUnderscoresAction } from '@sluice/envoy-api/envoy/config/core/v3/protocol_pb.js';
import {
  type Filter,
  FilterSchema,
} from '@sluice/envoy-api/envoy/config/listener/v3/listener_components_pb.js';
import { RouterSchema } from '@sluice/envoy-api/envoy/extensions/filters/http/router/v3/router_pb.js';
import {
  type HttpConnectionManager,
  HttpConnectionManager_CodecType,
  HttpConnectionManager_PathWithEscapedSlashesAction,
  HttpConnectionManager_ServerHeaderTransformation,
  HttpConnectionManagerSchema,
} from '@sluice/envoy-api/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { HeaderMutationSchema } from '@sluice/envoy-api/envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation_pb.js';
import { requestLog } from './access-log.ts';
import { asSentFilter } from './as-sent.ts';
import { corsFilter } from './cors.ts';
import { localReplies } from './local-reply.ts';
import { duration, pack } from './messages.ts';
import type { RouteFinder } from './route-layout.ts';

/** What an operator can set for all listeners. */
export interface ListenerSettings {
  /** Proxies in front of Envoy whose X-Forwarded-For is believed. Default 0: none. */
  readonly trustedHops: number;
}

export const defaultListenerSettings: ListenerSettings = { trustedHops: 0 };

/** A client may claim anything in these; Envoy itself writes X-Forwarded-For and -Proto anew. */
const claimsOfClients = [
  'forwarded',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-original-url',
  'x-rewrite-url',
];

/** An address that no client has. Without a range Envoy takes private and loopback addresses for internal ones. */
const nobody = { addressPrefix: '255.255.255.255', prefixLen: 32 };

const kibi = 1024;

/** The connection manager that finds its routes by `finder`. */
export function connectionManager(finder: RouteFinder, settings: ListenerSettings): HttpConnectionManager {
  return create(HttpConnectionManagerSchema, {
    statPrefix: 'ingress',
    codecType: HttpConnectionManager_CodecType.AUTO,
    routeSpecifier: finder.specifier,
    httpFilters: [
      asSentFilter,
      ...finder.filters,
      corsFilter,
      {
        name: 'envoy.filters.http.router',
        configType: { case: 'typedConfig', value: pack(RouterSchema, { suppressEnvoyHeaders: true }) },
      },
    ],
    ...limits(),
    ...trust(settings, finder),
    normalizePath: true,
    mergeSlashes: true,
    pathWithEscapedSlashesAction: HttpConnectionManager_PathWithEscapedSlashesAction.REJECT_REQUEST,
    serverHeaderTransformation: HttpConnectionManager_ServerHeaderTransformation.PASS_THROUGH,
    // An id names one request: a client could give that of another. A trusted proxy's is kept.
    preserveExternalRequestId: settings.trustedHops > 0,
    alwaysSetRequestIdInResponse: true,
    upgradeConfigs: [{ upgradeType: 'websocket' }],
    accessLog: [requestLog],
    localReplyConfig: localReplies,
  });
}

/** The network filter of a connection manager. */
export function managerFilter(manager: HttpConnectionManager): Filter {
  return create(FilterSchema, {
    name: 'envoy.filters.network.http_connection_manager',
    configType: { case: 'typedConfig', value: anyPack(HttpConnectionManagerSchema, manager) },
  });
}

/** Sizes and times. A whole request has no limit of its own: a route may ask for none, and idle streams end anyway. */
function limits() {
  return {
    maxRequestHeadersKb: 60,
    streamIdleTimeout: duration(300_000),
    requestHeadersTimeout: duration(10_000),
    drainTimeout: duration(5_000),
    commonHttpProtocolOptions: {
      idleTimeout: duration(900_000),
      maxHeadersCount: 100,
      headersWithUnderscoresAction: HttpProtocolOptions_HeadersWithUnderscoresAction.REJECT_REQUEST,
    },
    http2ProtocolOptions: {
      maxConcurrentStreams: 100,
      initialStreamWindowSize: 64 * kibi,
      initialConnectionWindowSize: 1024 * kibi,
    },
  };
}

/** Whom to believe: nobody is internal, so `x-envoy-*` of any client is dropped. */
function trust(settings: ListenerSettings, finder: RouteFinder) {
  const claims = settings.trustedHops > 0 ? [] : claimsOfClients;
  const removals = claims.map((name) => create(MutationSchema, { action: { case: 'remove', value: name } }));
  const mutations = [...removals, ...finder.mutations];
  return {
    useRemoteAddress: true,
    xffNumTrustedHops: settings.trustedHops,
    internalAddressConfig: { unixSockets: false, cidrRanges: [nobody] },
    earlyHeaderMutationExtensions:
      mutations.length === 0
        ? []
        : [
            {
              name: 'envoy.http.early_header_mutation.header_mutation',
              typedConfig: pack(HeaderMutationSchema, { mutations }),
            },
          ],
  };
}
