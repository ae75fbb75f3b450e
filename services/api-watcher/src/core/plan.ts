// Declarations and the state in force → the events that bring the one to the other. decide(command, state) → events:
// equal objects raise none. Cost follows the keys that are looked at.
import {
  type Fact,
  type FactOf,
  type Fault,
  fileRefusalSubject,
  objectRefusalSubject,
  parseSubject,
} from '@sluice/events';
import { canonicalJson, type ObjectRef } from '@sluice/ir';
import { type KnownObject, objectRefOf } from '@sluice/kinds';
import { builtInRefs } from './built-in.ts';
import { add, type Draft, type Plan, type PlanInput, type PlannedFact, use } from './draft.ts';
import { refersOnly } from './first-glance.ts';
import type { InForce } from './in-force.ts';
import { keyOf } from './keys.ts';
import { planAddresses } from './plan-addresses.ts';
import { planObject } from './plan-object.ts';
import { planExpiries, planSecret } from './plan-secret.ts';

/** Plans one step from what is in force to what is declared. */
export function plan(input: PlanInput): Plan {
  const draft: Draft = {
    ...input,
    objects: new Map(),
    certificates: new Map(),
    namespaceUse: new Map(),
    facts: [],
    seals: [],
    unseals: [],
  };
  if (input.isPiece === true) return planPiece(draft);
  for (const key of new Set(input.keys)) {
    const ref = refOf(draft, key);
    if (ref !== undefined && !isNamespace(ref)) planKey(draft, key, ref);
    else if (ref !== undefined) use(draft, ref.name, 0);
  }
  for (const name of draft.namespaceUse.keys()) {
    const ref: ObjectRef = { group: '', kind: 'Namespace', namespace: '', name };
    planKey(draft, keyOf(ref), ref);
  }
  planExpiries(draft);
  planAddresses(draft);
  for (const part of new Set(input.parts)) planPartFaults(draft, part);
  return { seals: draft.seals, facts: draft.facts.toSorted(inOrder), unseals: draft.unseals };
}

/** Who has an address, which Namespaces there are and what a certificate is, is for the whole list to tell. */
function planPiece(draft: Draft): Plan {
  for (const key of draft.keys) {
    const standing = draft.declarations.standing(key);
    if (standing?.winner === undefined) continue;
    const { ref } = standing;
    if (!isSecret(ref) && !isNamespace(ref)) planObject(draft, key, ref);
  }
  // By now a file that declares one of them has most likely been read.
  if (draft.facts.some(({ fact }) => fact.type === 'ObjectChanged' && refersOnly(fact.object.kind)))
    for (const ref of builtInRefs) if (!isNamespace(ref)) planObject(draft, keyOf(ref), ref);
  return { seals: [], facts: draft.facts.toSorted(inOrder), unseals: [] };
}

function planKey(draft: Draft, key: string, ref: ObjectRef): void {
  const tooLarge = isSecret(ref) ? planSecret(draft, key, ref) : planObject(draft, key, ref);
  planRefusal(draft, ref, [...(draft.declarations.standing(key)?.faults ?? []), ...tooLarge]);
}

function isNamespace(ref: ObjectRef): boolean {
  return ref.group === '' && ref.kind === 'Namespace';
}

function isSecret(ref: ObjectRef): boolean {
  return ref.group === '' && ref.kind === 'Secret';
}

function refOf({ declarations, inForce }: Draft, key: string): ObjectRef | undefined {
  const standing = declarations.standing(key);
  if (standing !== undefined) return standing.ref;
  const fact = inForce.objects.get(key);
  if (fact !== undefined) return objectRefOf(fact.object);
  const known =
    inForce.certificates.get(key)?.ref ?? inForce.sealed.get(key)?.ref ?? refusedRef(inForce, key);
  return known ?? builtInRefs.find((ref) => keyOf(ref) === key) ?? namespaceRef(inForce, key);
}

/** A Namespace that holds objects is there, whether or not anybody declares it. */
function namespaceRef(inForce: InForce, key: string): ObjectRef | undefined {
  const { domain: _, ...ref } = parseSubject(key);
  return isNamespace(ref) && inForce.namespaceUse(ref.name) > 0 ? ref : undefined;
}

/** An object that was only ever refused is known by its refusal. */
function refusedRef(inForce: InForce, key: string): ObjectRef | undefined {
  const refusal = inForce.refusals.get(key.replace(/^object\./, 'refusal.'));
  return refusal?.type === 'ObjectRefused' && keyOf(refusal.ref) === key ? refusal.ref : undefined;
}

/** More faults of one object or file than these are only counted. */
const maxFaults = 50;

function capped(faults: readonly Fault[]): Fault[] {
  const [first] = faults;
  if (faults.length <= maxFaults || first === undefined) return [...faults];
  const rest = faults.length - maxFaults + 1;
  return [
    ...faults.slice(0, maxFaults - 1),
    { origin: first.origin, path: '', message: `and ${rest} more faults`, hint: 'mend these first' },
  ];
}

function planRefusal(draft: Draft, ref: ObjectRef, faults: readonly Fault[]): void {
  if (faults.length === 0 && draft.inForce.refusals.size === 0) return;
  planFaults(
    draft,
    objectRefusalSubject(ref),
    faults.length === 0 ? undefined : { type: 'ObjectRefused', ref, faults: capped(faults) },
  );
}

function planPartFaults(draft: Draft, part: string): void {
  const faults = draft.declarations.partFaults(part);
  if (faults.length === 0 && draft.inForce.refusals.size === 0) return;
  planFaults(
    draft,
    fileRefusalSubject(part),
    faults.length === 0 ? undefined : { type: 'FileRefused', file: part, faults: capped(faults) },
  );
}

function planFaults(
  draft: Draft,
  subject: string,
  wanted: FactOf<'ObjectRefused'> | FactOf<'FileRefused'> | undefined,
): void {
  const current = draft.inForce.refusals.get(subject);
  if (wanted === undefined) {
    if (current !== undefined) add(draft, { type: 'RefusalCleared' }, subject);
  } else if (current === undefined || canonicalJson(current) !== canonicalJson(wanted))
    add(draft, wanted, subject);
}

/** What is referred to before what refers to it: a reader that sees a part sees no reference that leads nowhere. */
const ranks: Readonly<Record<KnownObject['kind'] | 'Secret' | 'Address', number>> = {
  Namespace: 0,
  ReferenceGrant: 1,
  EndpointSlice: 2,
  Pod: 4,
  Service: 3,
  Secret: 4,
  GatewayClass: 5,
  IngressClass: 5,
  Gateway: 6,
  ListenerSet: 7,
  Address: 8,
  ConfigMap: 4,
  BackendTLSPolicy: 5,
  CiliumEnvoyConfig: 9,
  CiliumClusterwideEnvoyConfig: 9,
  HTTPRoute: 9,
  GRPCRoute: 9,
  TLSRoute: 9,
  TCPRoute: 9,
  UDPRoute: 9,
  Ingress: 9,
};
const rankOfKind: ReadonlyMap<string, number> = new Map(Object.entries(ranks));
/** More than any rank. */
const going = 20;
const faults = 30;
const synced = 40;

function rankOf(fact: Fact): number {
  switch (fact.type) {
    case 'ObjectChanged':
      return ranks[fact.object.kind];
    case 'CertificateObserved':
      return ranks.Secret;
    case 'AddressAssigned':
      return ranks.Address;
    case 'ObjectDeleted':
      return going - (rankOfKind.get(fact.ref.kind) ?? 0);
    case 'CertificateForgotten':
      return going - ranks.Secret;
    case 'AddressReleased':
      return going - ranks.Address;
    case 'KindSynced':
      return synced;
    case 'ObjectRefused':
    case 'FileRefused':
    case 'RefusalCleared':
    case 'ResourceRejected':
    case 'RejectionCleared':
    case 'EventJudged':
      return faults;
  }
}

/** What is new before what goes (make before break), and that in the opposite order; the same on every machine. */
function inOrder(a: PlannedFact, b: PlannedFact): number {
  return rankOf(a.fact) - rankOf(b.fact) || (a.encoded.subject < b.encoded.subject ? -1 : 1);
}
