// Objects of an API server may hold fields that a newer schema than ours knows. They are left out, and named.
import type { z } from 'zod';
import { formatPath } from './nearest.ts';
import { parseWith } from './parse-with.ts';

/** Fields inside of left-out fields show only after those are gone: so many rounds at most. */
const maxRounds = 8;
/** More names of left-out fields than these help nobody. */
const maxIgnored = 50;

/** What came of an input whose unknown fields were left out. */
export interface Pruned<T> {
  readonly parsed: z.ZodSafeParseResult<T>;
  /** The input without them; the very same where there were none. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Paths of what was left out. */
  readonly ignored: readonly string[];
}

/** Parses `input`, leaving out every field that the schema does not know, and labels and annotations of a form that it does not know. */
export function pruneUnknown<T>(schema: z.ZodType<T>, input: Readonly<Record<string, unknown>>): Pruned<T> {
  const ignored: string[] = [];
  let at = input;
  let parsed = parseWith(schema, at);
  for (let round = 0; round < maxRounds && !parsed.success; round++) {
    const unknown = parsed.error.issues.flatMap(unknownOf);
    if (unknown.length === 0) break;
    ignored.push(...unknown.map(formatPath));
    at = structuredClone(at);
    for (const path of unknown) remove(at, path);
    parsed = schema.safeParse(at);
  }
  return { parsed, input: at, ignored: ignored.slice(0, maxIgnored) };
}

/** Paths of the fields that an issue says are unknown. */
function unknownOf(issue: z.core.$ZodIssue): PropertyKey[][] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => [...issue.path, key]);
  const [first, second] = issue.path;
  const tag = first === 'metadata' && (second === 'labels' || second === 'annotations');
  return tag && issue.path.length === 3 ? [[...issue.path]] : [];
}

function remove(input: unknown, path: readonly PropertyKey[]): void {
  let at = input;
  for (const step of path.slice(0, -1)) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return;
    at = (at as Record<PropertyKey, unknown>)[step];
  }
  const last = path.at(-1);
  if (typeof at === 'object' && at !== null && last !== undefined && !Array.isArray(at))
    delete (at as Record<PropertyKey, unknown>)[last];
}
