// The access log: one JSON line on standard output for each request, with the route that took it, the revision of that
// route, and the reason of an error. Query strings are left out: they hold what users would not have logged.
import { create } from '@bufbuild/protobuf';
import { type AccessLog, AccessLogSchema } from '@sluice/envoy-api/envoy/config/accesslog/v3/accesslog_pb.js';
import { StdoutAccessLogSchema } from '@sluice/envoy-api/envoy/extensions/access_loggers/stream/v3/stream_pb.js';
import { asSent } from './as-sent.ts';
import { pack } from './messages.ts';
import { metadataNamespace } from './route.ts';

const requestFields = {
  attempts: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%',
  bytes_received: '%BYTES_RECEIVED%',
  bytes_sent: '%BYTES_SENT%',
  client: '%DOWNSTREAM_REMOTE_ADDRESS%',
  details: '%RESPONSE_CODE_DETAILS%',
  duration_ms: '%DURATION%',
  flags: '%RESPONSE_FLAGS%',
  host: asSent('host'),
  kind: 'request',
  local: '%DOWNSTREAM_LOCAL_ADDRESS%',
  method: '%REQ(:METHOD)%',
  path: asSent('path'),
  protocol: '%PROTOCOL%',
  request_id: '%REQ(X-REQUEST-ID)%',
  revision: `%METADATA(ROUTE:${metadataNamespace}:revision)%`,
  route: `%METADATA(ROUTE:${metadataNamespace}:route)%`,
  status: '%RESPONSE_CODE%',
  time: '%START_TIME%',
  upstream: '%UPSTREAM_HOST%',
  upstream_cluster: '%UPSTREAM_CLUSTER_RAW%',
  upstream_failure: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
  upstream_ms: '%RESPONSE_DURATION%',
};

const refusedFields = {
  client: '%DOWNSTREAM_REMOTE_ADDRESS%',
  details: '%CONNECTION_TERMINATION_DETAILS%',
  flags: '%RESPONSE_FLAGS%',
  kind: 'connection',
  local: '%DOWNSTREAM_LOCAL_ADDRESS%',
  sni: '%REQUESTED_SERVER_NAME%',
  time: '%START_TIME%',
  tls_failure: '%DOWNSTREAM_TRANSPORT_FAILURE_REASON%',
};

const connectionFields = {
  bytes_received: '%BYTES_RECEIVED%',
  bytes_sent: '%BYTES_SENT%',
  client: '%DOWNSTREAM_REMOTE_ADDRESS%',
  details: '%CONNECTION_TERMINATION_DETAILS%',
  duration_ms: '%DURATION%',
  flags: '%RESPONSE_FLAGS%',
  kind: 'connection',
  local: '%DOWNSTREAM_LOCAL_ADDRESS%',
  revision: `%METADATA(UPSTREAM_HOST:${metadataNamespace}:revision)%`,
  route: `%METADATA(CLUSTER:${metadataNamespace}:route)%`,
  sni: '%REQUESTED_SERVER_NAME%',
  time: '%START_TIME%',
  upstream: '%UPSTREAM_HOST%',
  upstream_failure: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
};

function jsonToStdout(fields: Record<string, string>): AccessLog['configType'] {
  const format = { case: 'logFormat', value: { format: { case: 'jsonFormat', value: fields } } } as const;
  return { case: 'typedConfig', value: pack(StdoutAccessLogSchema, { accessLogFormat: format }) };
}

/** The log of requests. */
export const requestLog: AccessLog = create(AccessLogSchema, {
  name: 'envoy.access_loggers.stdout',
  configType: jsonToStdout(requestFields),
});

/** The log of connections below HTTP, and of UDP sessions, when they end. Without revision where no endpoint was there. */
export const connectionLog: AccessLog = create(AccessLogSchema, {
  name: 'envoy.access_loggers.stdout',
  configType: jsonToStdout(connectionFields),
});

/** The log of connections that no server takes: an SNI that no hostname covers. */
export const refusedConnectionLog: AccessLog = create(AccessLogSchema, {
  name: 'envoy.access_loggers.stdout',
  filter: { filterSpecifier: { case: 'responseFlagFilter', value: { flags: ['NR'] } } },
  configType: jsonToStdout(refusedFields),
});
