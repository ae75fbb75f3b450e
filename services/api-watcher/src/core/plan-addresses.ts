// The part of a plan that is about the addresses of Gateways, and of Services that stand at a listener of their own.
import { type FactOf, parseSubject } from '@sluice/events';
import { canonicalJson } from '@sluice/ir';
import {
  type Gateway,
  type Ingress,
  type IngressClass,
  isEnvoyConfig,
  type KnownObject,
  type ListenerSet,
  objectRefOf,
  type ReferenceGrant,
  type Service,
} from '@sluice/kinds';
import { assignAddresses } from './addresses.ts';
import { add, type Draft } from './draft.ts';
import { assignServiceAddresses } from './infrastructure/service-addresses.ts';
import { type IngressHolder, ingressAddressing, ingressHolders } from './ingress-holders.ts';
import { keyOf } from './keys.ts';
import {
  claimedServices,
  mayClaim,
  type OwnAddress,
  ownAddress,
  type ServiceClaim,
} from './service-claims.ts';

/** The kinds that get no address and have no say in who does: of these there may be many, and they are not looked at. */
const bystanders: ReadonlySet<KnownObject['kind']> = new Set([
  'EndpointSlice',
  'GRPCRoute',
  'HTTPRoute',
  'Pod',
  'TCPRoute',
  'TLSRoute',
  'UDPRoute',
]);

/** Whether the object with this key (see `keyOf`) may have an address, or a say in who has one. */
export function concernsAddresses(key: string): boolean {
  const kinds: ReadonlySet<string> = bystanders;
  return !kinds.has(parseSubject(key).kind);
}

/** Who gets addresses. */
interface Holders {
  readonly gateways: Gateway[];
  readonly listenerSets: ListenerSet[];
  readonly services: Service[];
  readonly others: OwnAddress[];
  readonly ingresses: IngressHolder[];
}

/** Assigns and releases addresses where something changed that has one, or decides who has. */
export function planAddresses(draft: Draft): void {
  const touched =
    draft.addressesChanged === true ||
    draft.objects.entries().some(([key, fact]) => concerns(draft, key, fact));
  if (!touched) return;
  const holders = ours(draft);
  const { gateways, services, others, ingresses } = holders;
  const { addressing } = draft.environment;
  const before = draft.inForce.addresses;
  const assigned =
    addressing.kind === 'pool'
      ? assignAddresses(
          [
            ...gateways.map((g) => ({ ref: objectRefOf(g), requested: g.spec.addresses })),
            ...services.map((service) => ({ ref: objectRefOf(service), requested: [] })),
            ...[...ingresses, ...others].map(({ ref }) => ({ ref, requested: [] })),
          ],
          before,
          addressing,
        )
      : assignServiceAddresses(holders, before, addressing);
  for (const [key, fact] of assigned) {
    const current = draft.inForce.addresses.get(key);
    if (current === undefined || canonicalJson(current) !== canonicalJson(fact)) add(draft, fact);
  }
  for (const [key, { gateway }] of draft.inForce.addresses)
    if (!assigned.has(key)) add(draft, { type: 'AddressReleased', gateway });
}

function concerns(draft: Draft, key: string, fact: FactOf<'ObjectChanged'> | undefined): boolean {
  const { inForce, environment } = draft;
  const held = inForce.objects.get(key);
  const kind = fact?.object.kind ?? held?.kind;
  if (kind === undefined || bystanders.has(kind)) return false;
  const before = held?.object;
  if (kind === 'Gateway' || kind === 'GatewayClass') return true;
  if (kind === 'ListenerSet') return environment.addressing.kind === 'services';
  if (kind === 'Ingress' || kind === 'IngressClass')
    return canonicalJson(ingressAddressing(before)) !== canonicalJson(ingressAddressing(fact?.object));
  if (inForce.addresses.has(key)) return true;
  if (kind === 'ReferenceGrant') return [fact?.object, before].some(isOfServices);
  if (kind === 'Service' && before === undefined && isClaimed(draft, key)) return true;
  const asks = (object: KnownObject | undefined): string =>
    object === undefined
      ? 'null'
      : canonicalJson([
          claimedServices(object, environment.controllers),
          ownAddress(object, environment.controllers) ?? null,
        ]);
  return asks(before) !== asks(fact?.object);
}

/** Only a grant for Services has a say in who has an address. */
function isOfServices(object: KnownObject | undefined): boolean {
  return object?.kind === 'ReferenceGrant' && object.spec.to.some((to) => to.kind === 'Service');
}

/** Whether an object that stands already puts this Service at a listener. */
function isClaimed({ inForce }: Draft, service: string): boolean {
  return inForce.redirects
    .values()
    .some((claims) => claims.some((claim) => keyOf(claim.service) === service));
}

/**
 * Gateways of our classes, and those that hold an address already: one that was given is kept while the Gateway lives;
 * all sets; the Services that something puts at a listener; and what is reached with no Service in between.
 */
function ours(draft: Draft): Holders {
  const { controllers } = draft.environment;
  const classes = new Set<string>();
  const claims: ServiceClaim[] = [];
  const grants: ReferenceGrant[] = [];
  const others: OwnAddress[] = [];
  const gateways: Gateway[] = [];
  const listenerSets: ListenerSet[] = [];
  const services: Service[] = [];
  const ingresses: Ingress[] = [];
  const ingressClasses: IngressClass[] = [];
  for (const object of after(draft)) {
    claims.push(...claimedServices(object, controllers));
    if (object.kind === 'GatewayClass' && controllers.has(object.spec.controllerName))
      classes.add(object.metadata.name);
    else if (object.kind === 'Gateway') gateways.push(object);
    else if (object.kind === 'ListenerSet') listenerSets.push(object);
    else if (object.kind === 'Service') services.push(object);
    else if (object.kind === 'Ingress') ingresses.push(object);
    else if (object.kind === 'IngressClass') ingressClasses.push(object);
    else if (object.kind === 'ReferenceGrant') grants.push(object);
    else if (isEnvoyConfig(object)) {
      const own = ownAddress(object, controllers);
      if (own !== undefined) others.push(own);
    }
  }
  const granted = claims.filter((claim) => mayClaim(claim, grants));
  const claimed = new Set(granted.map(({ service }) => keyOf(service)));
  const isOurs = (g: Gateway): boolean =>
    classes.has(g.spec.gatewayClassName) || draft.inForce.addresses.has(keyOf(objectRefOf(g)));
  return {
    gateways: gateways.filter(isOurs),
    listenerSets,
    services: claimed.size === 0 ? [] : services.filter((s) => claimed.has(keyOf(objectRefOf(s)))),
    others,
    ingresses: ingressHolders({ ingresses, ingressClasses }, controllers),
  };
}

function* after({ inForce, objects }: Draft): Generator<KnownObject> {
  for (const [key, held] of inForce.objects)
    if (!bystanders.has(held.kind) && !objects.has(key)) yield held.object;
  for (const fact of objects.values())
    if (fact !== undefined && !bystanders.has(fact.object.kind)) yield fact.object;
}
