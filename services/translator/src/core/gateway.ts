// Gateways. What comes in: a Gateway with its class, certificates, grants and addresses; what goes out: a model of it
// in which everything is judged that concerns this Gateway alone. Gateway API v1.7.0 GatewaySpec.
import type { FactOf, Sockets } from '@sluice/events';
import type { Collection, Fetch, Graph } from '@sluice/incremental';
import type { ObjectRef } from '@sluice/ir';
import {
  type Gateway,
  type GatewayClass,
  gatewayGroup,
  type LabelSelector,
  type Listener,
} from '@sluice/kinds';
import type { OwnClass } from './gateway-class.ts';
import { objectKey } from './keys.ts';
import { type ListenerRefFault, resolveCertificates } from './listener-certificates.ts';
import {
  type Conflict,
  conflictOf,
  isServedProtocol,
  listenerHostname,
  overlapOf,
} from './listener-conflicts.ts';
import type { ReasonOf } from './reasons.ts';

/** Which routes a listener takes. */
export interface AllowedRoutes {
  readonly from: 'All' | 'Selector' | 'Same' | 'None';
  readonly selector: LabelSelector | undefined;
  /** Whether HTTPRoutes are among its kinds. */
  readonly http: boolean;
}

/** One listener, judged. */
export interface ListenerModel {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  /** `*` for all. */
  readonly hostname: string;
  readonly allowed: AllowedRoutes;
  readonly supportedKinds: readonly { readonly group: string; readonly kind: string }[];
  /** Why its protocol is not served; the empty string where it is. */
  readonly unsupported: string;
  readonly conflict: Conflict | undefined;
  readonly refFaults: readonly ListenerRefFault[];
  /** Keys of IR certificates. */
  readonly certificates: readonly string[];
  /** Other listeners whose TLS hostnames overlap; the empty string where there are none. */
  readonly overlap: string;
}

/** Why a Gateway as a whole is not served. */
export interface GatewayRefusal {
  readonly reason: ReasonOf<'Gateway.Accepted', 'False'> | 'Pending';
  readonly message: string;
}

/** A Gateway of ours. */
export interface GatewayModel {
  readonly key: string;
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly generation: number;
  readonly createdAt: string;
  readonly controllerName: string;
  readonly refusal: GatewayRefusal | undefined;
  readonly listeners: readonly ListenerModel[];
  /** IP addresses, sorted. */
  readonly addresses: readonly string[];
  readonly lowPortOffset: number;
  /** Where to bind instead of the addresses. */
  readonly sockets: Sockets | undefined;
  readonly unusable: readonly { readonly value: string; readonly reason: string }[];
}

interface Needs {
  readonly gateways: Collection<Gateway>;
  readonly classes: Collection<GatewayClass>;
  readonly ownClasses: Collection<OwnClass>;
  readonly certificates: Collection<FactOf<'CertificateObserved'>>;
  readonly permissions: Collection<true>;
  readonly addresses: Collection<FactOf<'AddressAssigned'>>;
  /** Controller name under which Gateways of unknown classes are reported; undefined: they are left alone. */
  readonly orphanController: string | undefined;
}

/** Whether traffic can be served by a listener as far as its Gateway alone can tell. */
export function isServable(listener: ListenerModel): boolean {
  if (listener.unsupported !== '' || listener.conflict !== undefined) return false;
  if (listener.supportedKinds.length === 0) return false;
  return listener.protocol === 'HTTP' || listener.certificates.length > 0;
}

/** Models of our Gateways by key. */
export function gatewayModels(graph: Graph, needs: Needs): Collection<GatewayModel> {
  return graph.map(needs.gateways, 'gateway models', (gateway, key, fetch) => {
    const owner = ownerOf(gateway, needs, fetch);
    if (owner === undefined) return undefined;
    const { metadata, spec } = gateway;
    const assigned = fetch(needs.addresses, key);
    return {
      key,
      ref: { group: gatewayGroup, kind: 'Gateway', namespace: metadata.namespace, name: metadata.name },
      uid: metadata.uid,
      generation: metadata.generation,
      createdAt: metadata.creationTimestamp,
      controllerName: owner.controllerName,
      refusal: owner.refusal ?? refusalOf(gateway),
      listeners: spec.listeners.map((listener) => judge({ listener, gateway }, needs, fetch)),
      addresses: [...(assigned?.addresses ?? [])].sort(),
      lowPortOffset: assigned?.lowPortOffset ?? 0,
      sockets: assigned?.sockets,
      unusable: assigned?.unusable ?? [],
    };
  });
}

function ownerOf(
  { spec }: Gateway,
  needs: Needs,
  fetch: Fetch,
): { controllerName: string; refusal: GatewayRefusal | undefined } | undefined {
  const key = objectKey('', spec.gatewayClassName);
  const own = fetch(needs.ownClasses, key);
  if (own !== undefined) {
    const message = `GatewayClass ${spec.gatewayClassName} is not accepted: ${own.fault}`;
    return {
      controllerName: own.controllerName,
      refusal: own.fault === '' ? undefined : { reason: 'Pending', message },
    };
  }
  if (needs.orphanController === undefined || fetch(needs.classes, key) !== undefined) return undefined;
  const message = `GatewayClass ${spec.gatewayClassName} does not exist`;
  return { controllerName: needs.orphanController, refusal: { reason: 'Pending', message } };
}

function refusalOf({ spec }: Gateway): GatewayRefusal | undefined {
  const parameters = spec.infrastructure?.parametersRef;
  if (parameters !== undefined)
    return {
      reason: 'InvalidParameters',
      message: `infrastructure.parametersRef names a ${parameters.kind}, and no kind of parameters is supported`,
    };
  const foreign = spec.addresses.find((address) => address.type !== 'IPAddress');
  if (foreign !== undefined)
    return {
      reason: 'UnsupportedAddress',
      message: `addresses of type ${foreign.type} are not supported, only IPAddress`,
    };
  if (spec.tls?.frontend !== undefined)
    return {
      reason: 'Invalid',
      message: 'tls.frontend (client certificates) is not supported; without it clients would go unchecked',
    };
  if (spec.tls?.backend !== undefined)
    return { reason: 'Invalid', message: 'tls.backend (client certificate for backends) is not supported' };
  return undefined;
}

function judge(
  { listener, gateway }: { listener: Listener; gateway: Gateway },
  needs: Needs,
  fetch: Fetch,
): ListenerModel {
  const { supportedKinds, fault } = kindsOf(listener);
  const served = isServedProtocol(listener.protocol);
  const tls =
    listener.protocol === 'HTTPS'
      ? resolveCertificates({ listener, namespace: gateway.metadata.namespace }, needs, fetch)
      : { keys: [], faults: [] };
  const { namespaces } = listener.allowedRoutes;
  return {
    name: listener.name,
    port: listener.port,
    protocol: listener.protocol,
    hostname: listenerHostname(listener),
    allowed: { from: namespaces.from, selector: namespaces.selector, http: supportedKinds.length > 0 },
    supportedKinds,
    unsupported: unsupportedBy(listener, served),
    conflict: served ? conflictOf(listener, gateway.spec.listeners) : undefined,
    refFaults: [...tls.faults, ...fault],
    certificates: tls.keys,
    overlap: overlapOf(listener, gateway.spec.listeners),
  };
}

function unsupportedBy(listener: Listener, served: boolean): string {
  if (!served) return `protocol ${listener.protocol} is not supported, only HTTP and HTTPS`;
  return listener.tls?.mode === 'Passthrough' ? 'TLS mode Passthrough is not supported for HTTPS' : '';
}

function kindsOf(listener: Listener): {
  supportedKinds: ListenerModel['supportedKinds'];
  fault: ListenerRefFault[];
} {
  const httpRoute = { group: gatewayGroup, kind: 'HTTPRoute' };
  const wanted = listener.allowedRoutes.kinds;
  if (!isServedProtocol(listener.protocol)) return { supportedKinds: [], fault: [] };
  if (wanted.length === 0) return { supportedKinds: [httpRoute], fault: [] };
  const foreign = wanted.filter((k) => k.group !== gatewayGroup || k.kind !== 'HTTPRoute');
  const supportedKinds = foreign.length === wanted.length ? [] : [httpRoute];
  if (foreign.length === 0) return { supportedKinds, fault: [] };
  const message = `routes of kind ${[...new Set(foreign.map((k) => k.kind))].join(', ')} are not supported here`;
  return { supportedKinds, fault: [{ reason: 'InvalidRouteKinds', message }] };
}
