// Objects as the user knows them, with the status that Sluice gave them. Secrets stand on the log as the public facts
// of a certificate only, and so they are shown.
import type { Fact, FactOf, Origin } from '@sluice/events';
import { compareObjectRefs, type ObjectRef } from '@sluice/ir';
import { type KnownObject, kinds, objectRefOf } from '@sluice/kinds';
import { refKey, type World } from './world.ts';

/** One object to show. */
export interface ShownObject {
  readonly ref: ObjectRef;
  readonly origin: Origin | undefined;
  /** As kubectl would give it: apiVersion, kind, metadata, spec or the kind's own fields, status. */
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** The fact of an object of one kind. */
export type ObjectFact<K extends KnownObject['kind']> = FactOf<'ObjectChanged'> & {
  object: Extract<KnownObject, { kind: K }>;
};

/** All objects of a kind in force. */
export function objectsOfKind<K extends KnownObject['kind']>(world: World, kind: K): ObjectFact<K>[] {
  return [...world.facts.group(kind).values()].filter(
    (fact): fact is ObjectFact<K> => fact.type === 'ObjectChanged',
  );
}

/** What of the objects is asked for. Absent: no limit. */
export interface ObjectQuery {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** The objects in force, sorted by group, kind, namespace and name. Cluster-scoped ones are in every namespace. */
export function findObjects(world: World, query: ObjectQuery): ShownObject[] {
  return [...world.facts.values()]
    .flatMap((fact) => shown(world, fact) ?? [])
    .filter(
      ({ ref }) =>
        (query.kind === undefined || ref.kind === query.kind) &&
        (query.namespace === undefined || ref.namespace === '' || ref.namespace === query.namespace) &&
        (query.name === undefined || ref.name === query.name),
    )
    .sort((a, b) => compareObjectRefs(a.ref, b.ref));
}

function shown(world: World, fact: Fact): ShownObject | undefined {
  if (fact.type === 'CertificateObserved') return shownSecret(fact);
  if (fact.type !== 'ObjectChanged') return undefined;
  const ref = objectRefOf(fact.object);
  const status = world.statuses.get(refKey(ref))?.status;
  // Where a Pod is stands in its own status.
  const own = fact.object.kind === 'Pod' ? fact.object.status : {};
  const manifest = status === undefined ? fact.object : { ...fact.object, status: { ...own, ...status } };
  return { ref, origin: fact.origin, manifest };
}

function shownSecret(fact: FactOf<'CertificateObserved'>): ShownObject {
  const { dnsNames, notBefore, notAfter, expired, fault } = fact;
  const metadata = { name: fact.ref.name, namespace: fact.ref.namespace, uid: fact.uid };
  const certificate = { dnsNames, notBefore, notAfter, expired, fault };
  return {
    ref: fact.ref,
    origin: undefined,
    manifest: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      type: fact.secretType,
      data: '(never shown)',
      certificate,
    },
  };
}

/** What users type beside the plural and the short names that a kind has of its own. */
const aliases: Readonly<Record<string, string>> = {
  gw: 'Gateway',
  route: 'HTTPRoute',
  routes: 'HTTPRoute',
  eps: 'EndpointSlice',
};

/** The kind that a word of the command line means: kind, plural or short name, in any case, with or without the group. */
export function kindOfWord(word: string): string | undefined {
  const [plain = ''] = word.toLowerCase().split('.');
  const known = kinds.find(
    ({ kind, plural, shortNames }) =>
      kind.toLowerCase() === plain || plural === plain || shortNames.includes(plain),
  );
  return known?.kind ?? (Object.hasOwn(aliases, plain) ? aliases[plain] : undefined);
}
