// A file that is being written may be cut short, and a file cut short is often valid YAML. So while a file is still
// changing, only what it adds or changes is taken from it; what would be lost (an object, a field, a list item, the
// end of a text) and every fault wait until it has been still for a while.
import type { DeclaredObject } from './declared-object.ts';
import { keyOf } from './keys.ts';
import type { SourcePart } from './source.ts';

/** The content to go on with, and whether something of `next` was held back. */
export interface Acceptance {
  readonly part: SourcePart;
  readonly heldBack: boolean;
}

/** Takes from a file that may still be written what cannot be a cut. */
export function acceptUnfinished(before: SourcePart | undefined, next: SourcePart): Acceptance {
  const old = new Map(before?.objects.map((declared) => [declared.key, declared]));
  let heldBack = next.faults.length > 0 || next.refused.length > 0;
  const taken = new Map<string, DeclaredObject>();
  for (const declared of next.objects) {
    const previous = old.get(declared.key);
    const cut = previous !== undefined && isCut(previous, declared);
    heldBack ||= cut;
    taken.set(declared.key, cut ? previous : declared);
  }
  const kept = [...old].filter(([key]) => !taken.has(key)).map(([, declared]) => declared);
  const refusedBefore = (before?.refused ?? []).filter(({ ref }) => !taken.has(keyOf(ref)));
  const refusedNow = new Set(next.refused.map(({ ref }) => keyOf(ref)));
  heldBack ||= kept.length > 0 || refusedBefore.some(({ ref }) => !refusedNow.has(keyOf(ref)));
  if (!heldBack) return { part: next, heldBack };
  const objects = [...taken.values(), ...kept];
  return { part: { objects, refused: refusedBefore, faults: before?.faults ?? [] }, heldBack };
}

/** Of a document that did not change the reading is the same. */
function isCut(before: DeclaredObject, after: DeclaredObject): boolean {
  return before.read !== after.read && losesContent(before.object, after.object);
}

/** Whether `after` could be `before` cut short: a field or item is missing, or a text or number is a beginning of what it was. */
export function losesContent(before: unknown, after: unknown): boolean {
  if (Array.isArray(before))
    return (
      !Array.isArray(after) ||
      after.length < before.length ||
      before.some((item, i) => losesContent(item, after[i]))
    );
  if (typeof before === 'object' && before !== null) {
    if (typeof after !== 'object' || after === null) return true;
    const now = after as Record<string, unknown>;
    return Object.entries(before).some(
      ([name, value]) => !Object.hasOwn(now, name) || losesContent(value, now[name]),
    );
  }
  const [was, is] = [String(before), String(after)];
  return is.length < was.length && was.startsWith(is);
}
