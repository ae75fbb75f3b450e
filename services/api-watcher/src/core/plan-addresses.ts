// The part of a plan that is about the addresses of Gateways.
import type { FactOf } from '@sluice/events';
import { canonicalJson } from '@sluice/ir';
import { type Gateway, type ListenerSet, objectRefOf } from '@sluice/kinds';
import { assignAddresses } from './addresses.ts';
import { add, type Draft } from './draft.ts';
import { assignServiceAddresses } from './infrastructure/service-addresses.ts';
import { keyOf } from './keys.ts';

/** Assigns and releases addresses where a Gateway or a GatewayClass changed. */
export function planAddresses(draft: Draft): void {
  const touched =
    draft.addressesChanged === true ||
    draft.objects.entries().some(([key, fact]) => concerns(draft, key, fact));
  if (!touched) return;
  const { gateways, listenerSets } = ours(draft);
  const { addressing } = draft.environment;
  const before = draft.inForce.addresses;
  const assigned =
    addressing.kind === 'pool'
      ? assignAddresses(gateways, before, addressing)
      : assignServiceAddresses({ gateways, listenerSets }, before, addressing);
  for (const [key, fact] of assigned) {
    const current = draft.inForce.addresses.get(key);
    if (current === undefined || canonicalJson(current) !== canonicalJson(fact)) add(draft, fact);
  }
  for (const [key, { gateway }] of draft.inForce.addresses)
    if (!assigned.has(key)) add(draft, { type: 'AddressReleased', gateway });
}

function concerns(
  { inForce, environment }: Draft,
  key: string,
  fact: FactOf<'ObjectChanged'> | undefined,
): boolean {
  const kind = (fact ?? inForce.objects.get(key))?.object.kind;
  if (kind === 'Gateway' || kind === 'GatewayClass') return true;
  return kind === 'ListenerSet' && environment.addressing.kind === 'services';
}

/** Gateways of our classes, and those that hold an address already: one that was given is kept while the Gateway lives; and all sets. */
function ours(draft: Draft): { gateways: Gateway[]; listenerSets: ListenerSet[] } {
  const classes = new Set<string>();
  const gateways: Gateway[] = [];
  const listenerSets: ListenerSet[] = [];
  for (const { object } of after(draft)) {
    if (object.kind === 'GatewayClass' && draft.environment.controllers.has(object.spec.controllerName))
      classes.add(object.metadata.name);
    else if (object.kind === 'Gateway') gateways.push(object);
    else if (object.kind === 'ListenerSet') listenerSets.push(object);
  }
  const isOurs = (g: Gateway): boolean =>
    classes.has(g.spec.gatewayClassName) || draft.inForce.addresses.has(keyOf(objectRefOf(g)));
  return { gateways: gateways.filter(isOurs), listenerSets };
}

function* after({ inForce, objects }: Draft): Generator<FactOf<'ObjectChanged'>> {
  for (const [key, fact] of inForce.objects) if (!objects.has(key)) yield fact;
  for (const fact of objects.values()) if (fact !== undefined) yield fact;
}
