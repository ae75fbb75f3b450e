// Where an unknown field was meant to stand: a misspelt neighbour, or the same name at another place.
import { distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import { childrenOf, type FieldPath, fieldPaths, schemaAt } from './fields.ts';

/** Writes a path as `spec.rules[0].backendRefs`; names that are no plain words stand as `["a.b"]`. */
export function formatPath(path: readonly PropertyKey[]): string {
  let out = '';
  for (const step of path) {
    if (typeof step === 'number') out += `[${step}]`;
    else if (step === '[]') out += '[]';
    else if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(String(step)))
      out += out === '' ? String(step) : `.${String(step)}`;
    else out += `[${JSON.stringify(step)}]`;
  }
  return out;
}

/** The closest of `words`, or undefined where none is close enough to be a slip of the pen. */
export function closest(word: string, words: Iterable<string>): string | undefined {
  let best: { word: string; cost: number } | undefined;
  for (const candidate of words) {
    const cost = candidate.toLowerCase() === word.toLowerCase() ? 0.5 : distance(word, candidate);
    const limit = Math.max(1, Math.floor(Math.min(word.length, candidate.length) / 3));
    if (cost <= limit && (best === undefined || cost < best.cost)) best = { word: candidate, cost };
  }
  return best?.word;
}

/** What to do about an unknown field. */
export interface Mend {
  /** The empty string where nothing near is known. */
  readonly hint: string;
  /** The path that the field belongs to; undefined where it is not another one. */
  readonly place?: string;
}

/** The mend for the unknown field `key` in the object at `at`. */
export function mendUnknownField(schema: z.core.$ZodType, at: readonly PropertyKey[], key: string): Mend {
  const parent = schemaAt(schema, at);
  const siblings = parent === undefined ? [] : [...childrenOf(parent).keys()];
  if (siblings.includes(key)) return { hint: wrongVariant(at, key) };
  const typo = closest(key, siblings);
  if (typo !== undefined) return { hint: `did you mean ${typo}?` };
  const place = nearestPlace(schema, at, key);
  if (place !== undefined) return place;
  return { hint: siblings.length === 0 ? '' : `known fields here: ${siblings.join(', ')}` };
}

/** The field exists here, but only beside another `type`. */
function wrongVariant(at: readonly PropertyKey[], key: string): string {
  return `${key} does not fit the type of ${formatPath(at)}: change the type, or remove ${key}`;
}

/** Steps up are cheap (a slip of indentation), steps down are dear. */
function cost(at: FieldPath, target: FieldPath): number {
  let shared = 0;
  while (shared < at.length && shared < target.length && at[shared] === target[shared]) shared++;
  return 0.25 * (at.length - shared) + (target.length - shared);
}

function nearestPlace(schema: z.core.$ZodType, at: readonly PropertyKey[], key: string): Mend | undefined {
  const here = at.map((step) => (typeof step === 'number' ? '[]' : String(step)));
  let best: { path: FieldPath; cost: number } | undefined;
  for (const path of fieldPaths(schema)) {
    if (path.at(-1) !== key) continue;
    const c = cost(here, path);
    if (best === undefined || c < best.cost) best = { path, cost: c };
  }
  if (best === undefined) return undefined;
  const { target, owner } = concrete(best.path, at);
  const place = formatPath(target);
  const neighbour = at[target.length - 1];
  if (neighbour !== undefined && target.slice(0, -1).every((step, i) => step === at[i]))
    return { hint: `${key} belongs beside ${String(neighbour)}: move it to ${place}`, place };
  const belongs = owner === undefined ? 'belongs elsewhere' : `belongs to each ${singular(owner)}`;
  return { hint: `${key} ${belongs}: move it under ${place}`, place };
}

/**
 * Puts indexes in: those of the place the field was found at as far as both go together, then 0.
 * `owner` is the innermost list that only the target goes through.
 */
function concrete(
  path: FieldPath,
  at: readonly PropertyKey[],
): { target: PropertyKey[]; owner: string | undefined } {
  let together = true;
  let owner: string | undefined;
  const target = path.map((step, i) => {
    const other = at[i];
    if (step !== '[]') {
      together &&= step === other;
      return step;
    }
    if (together && typeof other === 'number') return other;
    owner = path[i - 1];
    return 0;
  });
  return { target, owner };
}

function singular(list: string): string {
  if (list.endsWith('ches')) return list.slice(0, -2);
  return list.endsWith('s') ? list.slice(0, -1) : list;
}
