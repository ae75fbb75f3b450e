// Why Envoy answered as it did, in words. In: RESPONSE_FLAGS and RESPONSE_CODE_DETAILS of a record (envoyproxy.io,
// "Substitution Formatter" and "Response Code Details", 1.40); out: sentences. What is not known is passed on as it is.

const flags: Readonly<Record<string, string>> = {
  DC: 'the client ended the connection',
  DF: 'the name of the backend could not be resolved',
  DI: 'a fault filter delayed the request',
  DO: 'the request was dropped because the backend is overloaded',
  DPE: 'the client did not speak valid HTTP',
  DR: 'the client reset the stream',
  DT: 'the request or its connection lasted longer than allowed',
  FI: 'a fault filter answered',
  IH: 'a strictly checked header was not valid',
  LH: 'the endpoint failed its health check',
  LR: 'Envoy reset the stream itself',
  NC: 'the cluster of the backend does not exist: the backend reference is invalid',
  NFCF: 'the cluster of the backend could not be found in time',
  NR: 'no route matches the request',
  OM: 'Envoy was overloaded',
  RL: 'the request was limited by rate',
  RLSE: 'the rate limit service failed',
  SI: 'the stream was idle for too long',
  UAEX: 'the authorization service refused the request',
  UC: 'the backend ended the connection',
  UF: 'no connection to the backend could be made',
  UH: 'the backend has no ready endpoint',
  UMSDR: 'the request reached the longest time that a stream may last',
  UO: 'too many requests to the backend were under way',
  UPE: 'the backend did not answer in valid HTTP',
  UR: 'the backend reset the stream',
  URX: 'all retries were used up',
  UT: 'the backend did not answer in time',
};

/** Without what stands behind in braces. */
const details: Readonly<Record<string, string>> = {
  via_upstream: 'the backend answered',
  direct_response: 'the route itself answers, without a backend',
  route_not_found: 'no route matches the request',
  cluster_not_found: 'the cluster of the backend does not exist: the backend reference is invalid',
  no_healthy_upstream: 'the backend has no ready endpoint',
  upstream_reset_before_response_started: 'the connection to the backend ended before it answered',
  upstream_reset_after_response_started: 'the connection to the backend ended while it answered',
  upstream_response_timeout: 'the backend did not answer in time',
  upstream_per_try_timeout: 'the backend did not answer one try in time',
  response_timeout: 'the backend did not answer in time',
  request_overall_timeout: 'the request lasted longer than allowed',
  request_header_timeout: 'the headers of the request did not come in time',
  stream_idle_timeout: 'nothing was sent for too long',
  duration_timeout: 'the connection lasted longer than allowed',
  max_duration_timeout: 'the stream lasted longer than allowed',
  downstream_remote_disconnect: 'the client ended the connection before the answer was complete',
  downstream_local_disconnect: 'Envoy ended the connection to the client',
  overload: 'too many requests to the backend were under way',
  maintenance_mode: 'the backend is in maintenance mode',
  rate_limited: 'the request was limited by rate',
  lua_response: 'a filter of the listener answered',
  missing_host_header: 'the request has no Host',
  missing_path_rejected: 'the request has no path',
  path_normalization_failed: 'the path is not valid, or holds an escaped slash',
  low_version: 'the client speaks HTTP/1.0 or older',
  internal_redirect: 'an internal redirect was followed',
  admin_filter_response: 'the admin interface answered',
  filter_chain_not_found: 'no hostname of the Gateway covers the SNI',
  upgrade_failed: 'the route allows no upgrade of this protocol',
  request_payload_too_large: 'the body of the request is too large',
  response_payload_too_large: 'the body of the answer is too large',
};

/** One sentence for each flag; none for `-` and for null. */
export function explainFlags(text: string | null): string[] {
  if (text === null || text === '-' || text === '') return [];
  return text.split(',').map((flag) => {
    const words = lookUp(flags, flag);
    return words === undefined ? flag : `${flag}: ${words}`;
  });
}

/** The details in words, with Envoy's own in brackets; undefined for null. */
export function explainDetails(text: string | null): string | undefined {
  if (text === null || text === '-' || text === '') return undefined;
  const words = lookUp(details, text.replace(/\{.*$/s, ''));
  return words === undefined ? text : `${words} (${text})`;
}

/** A log may hold any text, `constructor` too. */
function lookUp(table: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
