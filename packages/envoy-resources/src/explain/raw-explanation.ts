// How a request fares at a listener that a user wrote himself: data, for people by way of a command and for tests.
import type { ObjectRef } from '@sluice/ir';

/** A resource by its place in the IR, and the object that has it. */
export interface RawName {
  /** Key of the raw resource. */
  readonly key: string;
  readonly source: ObjectRef;
}

/** Whether something holds for a request; `perhaps`: a request does not show it. */
export type Holds = 'yes' | 'no' | 'perhaps';

/** One route of the virtual host, as far down as it was asked. */
export interface RawCandidate {
  /** Its name, or its place: `routes[2]`. */
  readonly name: string;
  /** What it asks for, in words. */
  readonly match: string;
  readonly holds: Holds;
  /** Why it does not hold, or cannot be said; the empty string where it does. */
  readonly why: string;
}

/** One of the clusters that a request may be sent to. */
export interface RawTarget {
  /** As Envoy knows it. */
  readonly cluster: string;
  /** Part of the requests, above 0 up to 1. */
  readonly share: number;
  /** Key of the Service port whose endpoints it has; the empty string for none. */
  readonly service: string;
  /** `address:port`, sorted. */
  readonly endpoints: readonly string[];
}

/** What Envoy does with the request. */
export type RawOutcome =
  | {
      readonly type: 'forward';
      /** With the query, as the endpoint gets it. */
      readonly path: string;
      /** Host header as the endpoint gets it; the empty string where that cannot be said. */
      readonly host: string;
      /** Never empty. */
      readonly targets: readonly RawTarget[];
    }
  /** Below HTTP: the connection goes on as it is. */
  | { readonly type: 'pass'; readonly targets: readonly RawTarget[] }
  | { readonly type: 'redirect'; readonly status: number; readonly location: string }
  | { readonly type: 'respond'; readonly status: number; readonly reason: string }
  /** `status`: null where there is no answer at all. */
  | { readonly type: 'refused'; readonly status: number | null; readonly reason: string }
  /** It hangs on what a request does not show. */
  | { readonly type: 'undecided'; readonly reason: string };

/** What is told of one listener. A step that was not reached is absent. */
export interface RawExplanation {
  readonly listener: RawName;
  /** As Envoy knows it. */
  readonly name: string;
  /** `address:port`, all of them. */
  readonly addresses: readonly string[];
  /** Name of the filter chain, or its place: `filter_chains[0]`, `default_filter_chain`. */
  readonly filterChain?: string;
  /** The routes; `resource` is absent where they stand in the listener. */
  readonly routes?: { readonly name: string; readonly resource?: RawName };
  readonly virtualHost?: { readonly name: string; readonly domain: string };
  /** That routes are compared with. */
  readonly path?: string;
  /** In their order; those behind the one that takes the request are not asked. */
  readonly candidates: readonly RawCandidate[];
  /** The one that takes it. */
  readonly route?: string;
  /** What else may decide: filters before the router, and what a request does not show. */
  readonly notes: readonly string[];
  readonly outcome: RawOutcome;
}
