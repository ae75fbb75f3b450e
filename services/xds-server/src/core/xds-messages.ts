// What crosses the ADS stream, without protobuf and gRPC around it.
import type { XdsKind } from './type-urls.ts';
import type { XdsResource } from './xds-resource.ts';

/** A DeltaDiscoveryRequest. */
export interface XdsRequest {
  readonly kind: XdsKind;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** What the Envoy already has; only in the first request of a kind on a stream. */
  readonly initialVersions: ReadonlyMap<string, string>;
  /** The response that this answers; the empty string for none. */
  readonly nonce: string;
  /** Envoy's words where it refuses that response; undefined where it takes it. */
  readonly error: string | undefined;
}

/** A DeltaDiscoveryResponse. */
export interface XdsResponse {
  readonly kind: XdsKind;
  readonly nonce: string;
  readonly resources: readonly XdsResource[];
  readonly removed: readonly string[];
}
