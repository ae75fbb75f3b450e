// The part of a plan that is about the addresses of Gateways, and of Services that stand at a listener of their own.
import type { FactOf } from '@sluice/events';
import { canonicalJson } from '@sluice/ir';
import { type Gateway, type KnownObject, type ListenerSet, objectRefOf, type Service } from '@sluice/kinds';
import { assignAddresses } from './addresses.ts';
import { add, type Draft } from './draft.ts';
import { assignServiceAddresses } from './infrastructure/service-addresses.ts';
import { keyOf } from './keys.ts';
import { claimedServices } from './service-claims.ts';

/** Who gets addresses. */
interface Holders {
  readonly gateways: Gateway[];
  readonly listenerSets: ListenerSet[];
  readonly services: Service[];
}

/** Assigns and releases addresses where something changed that has one, or decides who has. */
export function planAddresses(draft: Draft): void {
  const touched =
    draft.addressesChanged === true ||
    draft.objects.entries().some(([key, fact]) => concerns(draft, key, fact));
  if (!touched) return;
  const { gateways, listenerSets, services } = ours(draft);
  const { addressing } = draft.environment;
  const before = draft.inForce.addresses;
  const assigned =
    addressing.kind === 'pool'
      ? assignAddresses(
          [
            ...gateways.map((g) => ({ ref: objectRefOf(g), requested: g.spec.addresses })),
            ...services.map((service) => ({ ref: objectRefOf(service), requested: [] })),
          ],
          before,
          addressing,
        )
      : assignServiceAddresses({ gateways, listenerSets, services }, before, addressing);
  for (const [key, fact] of assigned) {
    const current = draft.inForce.addresses.get(key);
    if (current === undefined || canonicalJson(current) !== canonicalJson(fact)) add(draft, fact);
  }
  for (const [key, { gateway }] of draft.inForce.addresses)
    if (!assigned.has(key)) add(draft, { type: 'AddressReleased', gateway });
}

function concerns(draft: Draft, key: string, fact: FactOf<'ObjectChanged'> | undefined): boolean {
  const { inForce, environment } = draft;
  const before = inForce.objects.get(key)?.object;
  const kind = (fact?.object ?? before)?.kind;
  if (kind === 'Gateway' || kind === 'GatewayClass') return true;
  if (kind === 'ListenerSet') return environment.addressing.kind === 'services';
  if (inForce.addresses.has(key)) return true;
  return [fact?.object, before].some(
    (object) => object !== undefined && claimedServices(object, environment.controllers).length > 0,
  );
}

/**
 * Gateways of our classes, and those that hold an address already: one that was given is kept while the Gateway lives;
 * all sets; and the Services that something puts at a listener.
 */
function ours(draft: Draft): Holders {
  const { controllers } = draft.environment;
  const classes = new Set<string>();
  const claimed = new Set<string>();
  const gateways: Gateway[] = [];
  const listenerSets: ListenerSet[] = [];
  const services: Service[] = [];
  for (const object of after(draft)) {
    for (const ref of claimedServices(object, controllers)) claimed.add(keyOf(ref));
    if (object.kind === 'GatewayClass' && controllers.has(object.spec.controllerName))
      classes.add(object.metadata.name);
    else if (object.kind === 'Gateway') gateways.push(object);
    else if (object.kind === 'ListenerSet') listenerSets.push(object);
    else if (object.kind === 'Service') services.push(object);
  }
  const isOurs = (g: Gateway): boolean =>
    classes.has(g.spec.gatewayClassName) || draft.inForce.addresses.has(keyOf(objectRefOf(g)));
  return {
    gateways: gateways.filter(isOurs),
    listenerSets,
    services: claimed.size === 0 ? [] : services.filter((s) => claimed.has(keyOf(objectRefOf(s)))),
  };
}

function* after({ inForce, objects }: Draft): Generator<KnownObject> {
  for (const [key, { object }] of inForce.objects) if (!objects.has(key)) yield object;
  for (const fact of objects.values()) if (fact !== undefined) yield fact.object;
}
