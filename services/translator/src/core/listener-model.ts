// Listeners of a Gateway and of its ListenerSets. What comes in: a listener with the object that holds it; what goes out:
// the listener with everything judged that the Gateway and its sets alone can tell. Gateway API v1.6.3 Listener,
// ListenerEntry.
import type { FactOf } from '@sluice/events';
import type { Collection, Fetch } from '@sluice/incremental';
import type { LabelSelector, Listener } from '@sluice/kinds';
import type { Transport } from './keys.ts';
import { type ListenerRefFault, resolveCertificates } from './listener-certificates.ts';
import { type Conflict, listenerHostname, overlapOf } from './listener-conflicts.ts';
import type { ReasonOf } from './reasons.ts';
import { isServedProtocol, type RouteKind, routeKindsOf, servedProtocols } from './route-kinds.ts';

/** Which routes a listener takes. */
export interface AllowedRoutes {
  readonly from: 'All' | 'Selector' | 'Same' | 'None';
  readonly selector: LabelSelector | undefined;
  /** Kinds of the Gateway API. */
  readonly kinds: readonly string[];
}

/** One listener, judged. */
export interface ListenerModel {
  /** The name in the Gateway, or `<namespace>/<set>/<name>` in a set: unique among all of a Gateway. */
  readonly id: string;
  readonly name: string;
  /** Key of the ListenerSet that holds it; the empty string: the Gateway itself. */
  readonly set: string;
  /** Namespace of the object that holds it. */
  readonly namespace: string;
  readonly port: number;
  readonly protocol: string;
  /** `*` for all. */
  readonly hostname: string;
  readonly allowed: AllowedRoutes;
  readonly supportedKinds: readonly RouteKind[];
  /** Why it is not served; undefined where it is. */
  readonly unsupported: Unsupported | undefined;
  readonly conflict: Conflict | undefined;
  readonly refFaults: readonly ListenerRefFault[];
  /** Keys of IR certificates. */
  readonly certificates: readonly string[];
  /** Other listeners whose TLS hostnames overlap; the empty string where there are none. */
  readonly overlap: string;
}

/** Something that a listener asks for and no data plane of ours does. */
export interface Unsupported {
  readonly reason: Extract<
    ReasonOf<'Listener.Accepted', 'False'>,
    'UnsupportedProtocol' | 'UnsupportedValue'
  >;
  readonly message: string;
}

/** What judging a listener reads. */
export interface ListenerNeeds {
  readonly certificates: Collection<FactOf<'CertificateObserved'>>;
  readonly permissions: Collection<true>;
}

/** A listener and where it stands. */
export interface PlacedListener {
  readonly listener: Listener;
  /** Key of the ListenerSet that holds it; the empty string: the Gateway itself. */
  readonly set: string;
  readonly namespace: string;
  readonly conflict: Conflict | undefined;
}

/** What the port of a listener is bound for. */
export function transportOf({ protocol }: { readonly protocol: string }): Transport {
  return protocol === 'UDP' ? 'udp' : 'tcp';
}

/** Whether traffic can be served by a listener as far as its Gateway alone can tell. */
export function isServable(listener: ListenerModel): boolean {
  if (listener.unsupported !== undefined || listener.conflict !== undefined) return false;
  if (listener.supportedKinds.length === 0) return false;
  return listener.protocol !== 'HTTPS' || listener.certificates.length > 0;
}

/** Judges one listener; `all` are the listeners that share the Gateway. */
export function judgeListener(
  { listener, set, namespace, conflict }: PlacedListener,
  all: readonly Listener[],
  needs: ListenerNeeds & { readonly fetch: Fetch },
): ListenerModel {
  const unsupported = unsupportedBy(listener);
  const { supportedKinds, faults } =
    unsupported === undefined ? routeKindsOf(listener) : { supportedKinds: [], faults: [] };
  const holder = { kind: set === '' ? 'Gateway' : 'ListenerSet', namespace } as const;
  const tls =
    listener.protocol === 'HTTPS'
      ? resolveCertificates({ listener, holder }, needs, needs.fetch)
      : { keys: [], faults: [] };
  const { from, selector } = listener.allowedRoutes.namespaces;
  return {
    id: set === '' ? listener.name : `${set}/${listener.name}`,
    name: listener.name,
    set,
    namespace,
    port: listener.port,
    protocol: listener.protocol,
    hostname: listenerHostname(listener),
    allowed: { from, selector, kinds: supportedKinds.map(({ kind }) => kind) },
    supportedKinds,
    unsupported,
    conflict,
    refFaults: [...tls.faults, ...faults],
    certificates: tls.keys,
    overlap: overlapOf(listener, all),
  };
}

function unsupportedBy({ protocol, tls }: Listener): Unsupported | undefined {
  if (!isServedProtocol(protocol))
    return {
      reason: 'UnsupportedProtocol',
      message: `protocol ${protocol} is not supported, only ${servedProtocols}`,
    };
  if (protocol === 'HTTPS' && tls?.mode === 'Passthrough')
    return { reason: 'UnsupportedValue', message: 'TLS mode Passthrough is not supported for HTTPS' };
  if (protocol === 'TLS' && tls?.mode !== 'Passthrough')
    return {
      reason: 'UnsupportedValue',
      message: 'TLS mode Terminate is not supported for TLS, only Passthrough',
    };
  return undefined;
}
