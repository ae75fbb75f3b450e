// The part of a plan that is about objects: what changed, what is new, what goes, and the Namespaces that come and go
// with them.
import { encodeEvent, type FactOf, type Fault } from '@sluice/events';
import type { ObjectRef } from '@sluice/ir';
import type { KnownObject } from '@sluice/kinds';
import { admitted, builtIn } from './built-in.ts';
import type { DeclaredObject } from './declared-object.ts';
import { add, type Draft, use } from './draft.ts';
import type { HeldObject } from './held-object.ts';
import { uidOf } from './keys.ts';
import { sameJson } from './same-json.ts';

/** Plans one object. @returns faults that only show here: it is too large for the log */
export function planObject(draft: Draft, key: string, ref: ObjectRef): Fault[] {
  const current = draft.inForce.objects.get(key);
  const standing = draft.declarations.standing(key);
  const wanted =
    standing?.winner ?? (current !== undefined && standing !== undefined ? undefined : builtInOf(draft, ref));
  if (wanted === undefined) {
    if (
      standing === undefined &&
      current !== undefined &&
      !draft.declarations.mayBeUnread(ref, current.origin.file)
    )
      remove(draft, key, ref, current);
    return [];
  }
  const { read, origin } = wanted;
  if (current !== undefined && read.isInForceAs(current)) return [];
  const { object } = read;
  if (object.kind === 'Secret') return [];
  const { standalone } = draft.environment;
  const whole = standalone ? admitted(object) : object;
  const before = current?.object;
  const next = standalone ? identified(whole, ref, before) : whole;
  if (current !== undefined && sameJson(next, before)) {
    if (whole === object) read.inForceAs(current);
    return [];
  }
  const fact: FactOf<'ObjectChanged'> = { type: 'ObjectChanged', object: next, origin };
  const encoded = encodeEvent(fact);
  if (encoded.data.length > draft.environment.maxEventBytes)
    return [tooLarge(wanted, encoded.data.length, draft.environment.maxEventBytes)];
  draft.facts.push({ fact, encoded, ...(whole === object ? { read } : {}) });
  draft.objects.set(key, fact);
  if (current === undefined) use(draft, ref.namespace, 1);
  return [];
}

function builtInOf(draft: Draft, ref: ObjectRef): DeclaredObject | undefined {
  if (!draft.environment.standalone) return undefined;
  return builtIn(ref, (namespace) => namespace !== '' && inUse(draft, namespace));
}

function inUse({ inForce, namespaceUse }: Draft, namespace: string): boolean {
  return inForce.namespaceUse(namespace) + (namespaceUse.get(namespace) ?? 0) > 0;
}

function remove(draft: Draft, key: string, ref: ObjectRef, current: HeldObject): void {
  add(draft, { type: 'ObjectDeleted', ref, uid: current.object.metadata.uid });
  draft.objects.set(key, undefined);
  use(draft, ref.namespace, -1);
}

/**
 * Gives an object out of a file its identity: the uid follows from its reference, the generation counts the changes
 * of everything but metadata, and there is no creation time.
 */
function identified(object: KnownObject, ref: ObjectRef, current: KnownObject | undefined): KnownObject {
  const generation =
    current === undefined ? 1 : current.metadata.generation + (sameSpec(object, current) ? 0 : 1);
  return {
    ...object,
    metadata: { ...object.metadata, uid: uidOf(ref), generation, creationTimestamp: '' },
  } as KnownObject;
}

function sameSpec({ metadata: _a, ...a }: KnownObject, { metadata: _b, ...b }: KnownObject): boolean {
  return sameJson(a, b);
}

function tooLarge({ origin }: DeclaredObject, size: number, max: number): Fault {
  return {
    origin,
    path: '',
    message: `the object is ${size} bytes long, and the log takes at most ${max}`,
    hint: 'split it into several objects',
  };
}
