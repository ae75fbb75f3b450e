// Gateways. What comes in: a Gateway with its class, ListenerSets, certificates, grants and addresses; what goes out: a
// model of it in which everything is judged that concerns this Gateway alone. Gateway API v1.6.3 GatewaySpec.
import type { FactOf, Sockets } from '@sluice/events';
import type { Collection, Fetch, Graph } from '@sluice/incremental';
import type { ObjectRef } from '@sluice/ir';
import { type Gateway, type GatewayClass, gatewayGroup } from '@sluice/kinds';
import type { OwnClass } from './gateway-class.ts';
import { objectKey } from './keys.ts';
import { conflictsOf } from './listener-conflicts.ts';
import { judgeListener, type ListenerModel } from './listener-model.ts';
import { type JudgedSet, judgeSets, type ListenerSetNeeds, type SetModel } from './listener-sets.ts';
import type { ReasonOf } from './reasons.ts';

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
  /** Its own in their order, then those of its attached ListenerSets in the order of precedence. */
  readonly listeners: readonly ListenerModel[];
  /** Whether `allowedListeners` is set. */
  readonly takesSets: boolean;
  /** ListenerSets that name it, attached or not, in the order of precedence. */
  readonly sets: readonly SetModel[];
  /** IP addresses, sorted. */
  readonly addresses: readonly string[];
  /** DNS names of the load balancer in front of it, sorted. */
  readonly hostnames: readonly string[];
  readonly lowPortOffset: number;
  /** Where to bind instead of the addresses. */
  readonly sockets: Sockets | undefined;
  readonly unusable: readonly { readonly value: string; readonly reason: string }[];
}

interface Needs extends ListenerSetNeeds {
  readonly gateways: Collection<Gateway>;
  readonly classes: Collection<GatewayClass>;
  readonly ownClasses: Collection<OwnClass>;
  readonly certificates: Collection<FactOf<'CertificateObserved'>>;
  readonly permissions: Collection<true>;
  readonly addresses: Collection<FactOf<'AddressAssigned'>>;
  /** Controller name under which Gateways of unknown classes are reported; undefined: they are left alone. */
  readonly orphanController: string | undefined;
}

/** Models of our Gateways by key. */
export function gatewayModels(graph: Graph, needs: Needs): Collection<GatewayModel> {
  return graph.map(needs.gateways, 'gateway models', (gateway, key, fetch) => {
    const owner = ownerOf(gateway, needs, fetch);
    if (owner === undefined) return undefined;
    const { metadata, spec } = gateway;
    const assigned = fetch(needs.addresses, key);
    const sets = judgeSets({ gateway, key }, needs, fetch);
    return {
      key,
      ref: { group: gatewayGroup, kind: 'Gateway', namespace: metadata.namespace, name: metadata.name },
      uid: metadata.uid,
      generation: metadata.generation,
      createdAt: metadata.creationTimestamp,
      controllerName: owner.controllerName,
      refusal: owner.refusal ?? refusalOf(gateway),
      listeners: listenersOf({ gateway, sets }, needs, fetch),
      takesSets: spec.allowedListeners !== undefined,
      sets: sets.map(({ model }) => model),
      addresses: [...(assigned?.addresses ?? [])].sort(),
      hostnames: [...(assigned?.hostnames ?? [])].sort(),
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

/** The listeners of a Gateway, then those of its attached sets in the order of precedence. */
function listenersOf(
  { gateway, sets }: { gateway: Gateway; sets: readonly JudgedSet[] },
  needs: Needs,
  fetch: Fetch,
): ListenerModel[] {
  const holders = [
    { key: '', namespace: gateway.metadata.namespace, listeners: gateway.spec.listeners },
    ...sets.flatMap(({ set, model }) =>
      model.notAllowed === ''
        ? [{ key: model.key, namespace: set.metadata.namespace, listeners: set.spec.listeners }]
        : [],
    ),
  ];
  const placed = holders.flatMap(({ key, namespace, listeners }, rank) =>
    listeners.map((listener) => ({ listener, rank, namespace, set: key })),
  );
  const conflicts = conflictsOf(placed);
  const all = placed.map(({ listener }) => listener);
  return placed.map((place, i) =>
    judgeListener({ ...place, conflict: conflicts[i] }, all, { ...needs, fetch }),
  );
}
