// What belongs to the first list of a source: everything is looked at once, and each kind is closed.
import type { FactOf } from '@sluice/events';
import { kinds } from '@sluice/kinds';
import { builtInRefs } from './built-in.ts';
import type { Declarations } from './declarations.ts';
import type { InForce } from './in-force.ts';
import { keyOf, kindKey } from './keys.ts';
import type { Unavailable } from './source.ts';

/** Every object that is declared, in force, refused or built in, and every Namespace in use. */
export function everyKey(declarations: Declarations, inForce: InForce): Set<string> {
  return new Set([
    ...builtInRefs.map(keyOf),
    ...declarations.keys(),
    ...inForce.namespaces().map((name) => keyOf({ group: '', kind: 'Namespace', namespace: '', name })),
    ...inForce.objects.keys(),
    ...inForce.certificates.keys(),
    ...inForce.sealed.keys(),
    ...inForce.refusals.values().flatMap((fact) => (fact.type === 'ObjectRefused' ? [keyOf(fact.ref)] : [])),
  ]);
}

/** Every part that exists, or has a refusal in force. */
export function everyPart(declarations: Declarations, inForce: InForce): Set<string> {
  return new Set([
    ...declarations.partNames(),
    ...inForce.refusals.values().flatMap((fact) => (fact.type === 'FileRefused' ? [fact.file] : [])),
  ]);
}

/** The word on each kind. @param unavailable by `kindKey`; the others are synced */
export function kindsSynced(unavailable: ReadonlyMap<string, Unavailable>): FactOf<'KindSynced'>[] {
  return kinds.map(({ group, kind }) => {
    const reason = unavailable.get(kindKey({ group, kind }))?.reason;
    return {
      type: 'KindSynced',
      group,
      kind,
      state: reason === undefined ? 'synced' : 'unavailable',
      reason: reason ?? '',
    };
  });
}
