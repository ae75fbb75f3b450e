// What is tried again. Without a word of the user only what never reached a backend, so that no request is ever done
// twice. With one, the codes that it names, and whatever ended without an answer: a reset, or a try that took too long
// (Gateway API v1.6.3 HTTPRouteRetry).
import { create } from '@bufbuild/protobuf';
import {
  type RetryPolicy,
  RetryPolicySchema,
} from '@sluice/envoy-api/envoy/config/route/v3/route_components_pb.js';
import { PreviousHostsPredicateSchema } from '@sluice/envoy-api/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.js';
import type { IrHttpAction } from '@sluice/ir';
import { duration, pack } from './messages.ts';

type Forward = Extract<IrHttpAction, { type: 'forward' }>;

const neverReached = 'connect-failure,refused-stream,reset-before-request';
/** Envoy's own proportion between the first wait and the longest. */
const longestWait = 10;

/** The policy of an action. A time for one try that is 0 or absent means no limit. */
export function retryPolicy({ backendTimeoutMs, retry }: Forward): RetryPolicy {
  const policy = create(RetryPolicySchema, {
    retryOn: retry === undefined ? neverReached : `${neverReached},reset,retriable-status-codes`,
    numRetries: retry?.attempts ?? 2,
    retriableStatusCodes: retry?.codes ?? [],
    retryHostPredicate: [
      {
        name: 'envoy.retry_host_predicates.previous_hosts',
        configType: { case: 'typedConfig', value: pack(PreviousHostsPredicateSchema, {}) },
      },
    ],
    hostSelectionRetryMaxAttempts: 3n,
  });
  if (backendTimeoutMs !== undefined && backendTimeoutMs > 0)
    policy.perTryTimeout = duration(backendTimeoutMs);
  if (retry?.backoffMs !== undefined) {
    const { retryBackOff } = create(RetryPolicySchema, {
      retryBackOff: {
        baseInterval: duration(retry.backoffMs),
        maxInterval: duration(retry.backoffMs * longestWait),
      },
    });
    if (retryBackOff !== undefined) policy.retryBackOff = retryBackOff;
  }
  return policy;
}
