// What comes out of an explanation: data, for people by way of a command and for tests.
import type { IrRetry } from '../http-policy.ts';
import type { IrHeaderEdit, IrHttpMatch } from '../http-route.ts';
import type { ObjectRef } from '../key.ts';
import type { IrListener } from '../listener.ts';
import type { PrecedenceStep } from '../precedence.ts';
import type { Mismatch } from './match.ts';

/** What became of a candidate. */
export type Verdict =
  | { readonly type: 'won' }
  /** `parts` is never empty. */
  | { readonly type: 'not-matched'; readonly parts: readonly Mismatch[] }
  /** It matches, too, but the winner goes before it; `step` is the step of precedence that decided. */
  | { readonly type: 'outranked'; readonly step: PrecedenceStep };

/** One match of one rule of a route that is served for the hostname. */
export interface Candidate {
  /** `<namespace>/<route>/<rule>/<match>`, as in Envoy's access log. */
  readonly id: string;
  /** Key of the route. */
  readonly route: string;
  readonly source: ObjectRef;
  /** Position of the rule in the route, from 0. */
  readonly rule: number;
  readonly ruleName?: string;
  readonly match: IrHttpMatch;
  readonly verdict: Verdict;
}

/** A header as a backend gets it; a name may come several times. */
export interface Header {
  readonly name: string;
  readonly value: string;
}

/** One of the targets that a request may be sent to. */
export interface ForwardTarget {
  /** Key of the cluster; null where the reference is invalid. */
  readonly cluster: string | null;
  /** Part of the requests, above 0 up to 1. */
  readonly share: number;
  /** What Envoy answers instead of sending the request on: 500 (gRPC: 503) for an invalid reference, 503 where there is no endpoint. */
  readonly status?: 500 | 503;
  /** `address:port` of those that take new requests, sorted. */
  readonly endpoints: readonly string[];
  /** Host header as the backend gets it. */
  readonly host: string;
  /** What the client sent, after all edits; sorted by name. What Envoy adds by itself (X-Forwarded-For, X-Request-Id) is not in it. */
  readonly headers: readonly Header[];
  /** Edits of the response, to be applied in this order. */
  readonly responseEdits: readonly IrHeaderEdit[];
}

/** Where a part of the requests is copied to. */
export interface Mirror {
  /** Key of the cluster. */
  readonly cluster: string;
  /** Above 0 up to 1. */
  readonly share: number;
}

/** Why a request is not taken by any route. */
export type RefusalCause =
  /** Nothing listens there. */
  | 'no-listener'
  /** TLS where none is spoken, or the other way round. */
  | 'wrong-protocol'
  /** No server of the listener covers the SNI: the handshake is refused. */
  | 'no-server'
  /** The request is not valid, or not safe: 400. */
  | 'bad-request'
  /** Another server of the listener is the one for this host: 421, so that the client opens a connection of its own. */
  | 'misdirected'
  /** No hostname covers the host: 404. */
  | 'no-host'
  /** No match of the hostname holds: 404. */
  | 'no-match';

/** What the data plane does with the request. */
export type Outcome =
  | {
      readonly type: 'refused';
      readonly cause: RefusalCause;
      /** Null where there is no HTTP answer at all. */
      readonly status: 400 | 404 | 421 | null;
      /** In words. */
      readonly reason: string;
    }
  | {
      readonly type: 'forward';
      /** With the query, as the backend gets it. */
      readonly path: string;
      /** Never empty; in the order of the rule. */
      readonly targets: readonly ForwardTarget[];
      /** Where copies go; their answers are dropped. */
      readonly mirrors: readonly Mirror[];
      /** What is tried again beside what never reached a backend. */
      readonly retry?: IrRetry;
    }
  | {
      /** The data plane itself answers a browser that asks for leave (CORS). */
      readonly type: 'preflight';
      readonly status: 200;
      readonly origin: string;
      /** False: it gets no leave. */
      readonly allowed: boolean;
    }
  | {
      readonly type: 'redirect';
      readonly status: number;
      readonly location: string;
      readonly responseEdits: readonly IrHeaderEdit[];
    }
  | {
      readonly type: 'respond';
      readonly status: number;
      readonly reason: string;
      readonly responseEdits: readonly IrHeaderEdit[];
    };

/** Where something is served. */
export type DescribedListener = Readonly<
  Pick<IrListener, 'key' | 'gateway' | 'protocol' | 'addresses' | 'port' | 'bindPort'>
>;

/** The part of a listener that an explanation tells. */
export function describeListener(listener: IrListener): DescribedListener {
  const { key, gateway, protocol, addresses, port, bindPort } = listener;
  return { key, gateway, protocol, addresses, port, bindPort };
}

/** How a request is routed, step by step. A step that was not reached is absent. */
export interface Explanation {
  readonly listener?: DescribedListener;
  /** The Gateway's listener by its name. */
  readonly server?: { readonly name: string; readonly hostname: string };
  /** The path that routes are compared with: normalised, without the query. */
  readonly path?: string;
  /** The hostname that decides: the most specific one that covers the host. */
  readonly hostname?: string;
  /** Less specific hostnames of the same server that cover the host, too, with the routes that are not tried for it. */
  readonly shadowed: readonly { readonly hostname: string; readonly routes: readonly string[] }[];
  /** The matches of the hostname in the order in which they are tried. */
  readonly candidates: readonly Candidate[];
  readonly outcome: Outcome;
}
