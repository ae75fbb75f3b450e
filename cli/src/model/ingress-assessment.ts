// Where Ingresses stand. In: the folded log and the names of our controllers; out: the state of what has an address (a
// dedicated Ingress, a class whose Ingresses share one), and of the other Ingresses where something is wrong.
import { gatewayKey, type IrListener, type ObjectRef } from '@sluice/ir';
import { ingressControllersOf, objectRefOf } from '@sluice/kinds';
import { findCondition, recordsOf } from './conditions.ts';
import type { GatewayState } from './gateway-state.ts';
import { type ObjectFact, objectsOfKind } from './objects.ts';
import { gatewayProgress, parentProgress, type Standing } from './progress.ts';
import { addressesOf } from './service-state.ts';
import { listenerGroup, refKey, type World } from './world.ts';

/** The classes that are ours. */
export function ownIngressClasses(
  world: World,
  controllerNames: readonly string[],
): ObjectFact<'IngressClass'>[] {
  const controllers = ingressControllersOf(controllerNames);
  return objectsOfKind(world, 'IngressClass').filter(({ object }) => controllers.has(object.spec.controller));
}

/** The states of classes whose Ingresses share an address. */
export function classStates(world: World, classes: readonly ObjectFact<'IngressClass'>[]): GatewayState[] {
  return classes.flatMap((fact) => classState(world, fact));
}

/** A class has a state where Ingresses share its address. */
function classState(world: World, { object, origin }: ObjectFact<'IngressClass'>): GatewayState[] {
  const ref = objectRefOf(object);
  const status = world.statuses.get(refKey(ref))?.status;
  if (findCondition(status, 'Programmed') === undefined) return [];
  const addresses = recordsOf(status?.addresses).map(({ value }) => String(value));
  const listeners = listenersOf(world, ref);
  return [{ ref, origin, addresses, listeners, ...gatewayProgress(status, object.metadata.generation) }];
}

/**
 * The state of one; of one of a foreign class there is none, nor of one that shares an address and is in force.
 * @param ours names of our classes
 */
export function ingressState(
  world: World,
  { object, origin }: ObjectFact<'Ingress'>,
  ours: ReadonlySet<string>,
): GatewayState | undefined {
  const ref = objectRefOf(object);
  const { generation } = object.metadata;
  const status = world.statuses.get(refKey(ref))?.status;
  if (status === undefined && !ours.has(object.spec.ingressClassName ?? '')) return undefined;
  const judged = parentProgress(status, generation);
  if (findCondition(status, 'Programmed') === undefined)
    return judged.progress === 'in-force'
      ? undefined
      : { ref, origin, addresses: [], listeners: [], ...judged };
  const standing = withFaults(gatewayProgress(status, generation), judged);
  return { ref, origin, addresses: addressesOf(status), listeners: listenersOf(world, ref), ...standing };
}

/** What is not served of an Ingress that is in force. */
function withFaults(programmed: Standing, judged: Standing): Standing {
  return programmed.progress === 'in-force' ? { ...programmed, message: judged.message } : programmed;
}

/** What Envoy binds for a Gateway, or for what stands for one. */
export function listenersOf(world: World, ref: ObjectRef): IrListener[] {
  return [...world.ir.group(listenerGroup(gatewayKey(ref))).values()]
    .map(({ resource }) => resource)
    .filter((resource): resource is IrListener => resource.kind === 'listener');
}
