// Conditions inside a status, read without trusting its shape: a status crosses the log as free JSON.
import { type Condition, conditionSchema } from '@sluice/events';
import type { ObjectRef } from '@sluice/ir';
import type { World } from './world.ts';

type Json = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The records in a list that may be missing or hold other things. */
export function recordsOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** The conditions of a status, of one of its listeners, of one of its parents or ancestors. */
export function conditionsOf(holder: unknown): readonly Condition[] {
  return entriesOf(holder).flatMap((entry) => parse(entry) ?? []);
}

/** One condition by its type. Costs the others next to nothing: many routes are asked for a few of theirs. */
export function findCondition(holder: unknown, type: string): Condition | undefined {
  return entriesOf(holder)
    .filter((entry) => entry.type === type)
    .map(parse)
    .find((condition) => condition !== undefined);
}

function entriesOf(holder: unknown): readonly Json[] {
  return isRecord(holder) ? recordsOf(holder.conditions) : [];
}

function parse(entry: Json): Condition | undefined {
  return conditionSchema.safeParse(entry).data;
}

/** One row of the flat list of conditions. */
export interface ConditionRow {
  readonly ref: ObjectRef;
  /** `listener/<name>`, or `parent/<namespace>/<name>[/<section>]` of routes, `ancestor/…` of policies; the empty string for the object itself. */
  readonly part: string;
  readonly condition: Condition;
}

/** Every condition of every object, in the order of the objects' names. */
export function allConditions(world: World): ConditionRow[] {
  return [...world.statuses.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, { ref, status }]) => [
      ...rowsOf(ref, '', status),
      ...recordsOf(status.listeners).flatMap((listener) =>
        rowsOf(ref, `listener/${String(listener.name)}`, listener),
      ),
      ...recordsOf(status.parents).flatMap((parent) =>
        rowsOf(ref, `parent${referencePart(ref, parent.parentRef)}`, parent),
      ),
      ...recordsOf(status.ancestors).flatMap((ancestor) =>
        rowsOf(ref, `ancestor${referencePart(ref, ancestor.ancestorRef)}`, ancestor),
      ),
    ]);
}

function rowsOf(ref: ObjectRef, part: string, holder: unknown): ConditionRow[] {
  return conditionsOf(holder).map((condition) => ({ ref, part, condition }));
}

/** `/<namespace>/<name>[/<section>]`. */
function referencePart(ref: ObjectRef, to: unknown): string {
  if (!isRecord(to)) return '';
  const section = to.sectionName === undefined ? '' : `/${String(to.sectionName)}`;
  return `/${String(to.namespace ?? ref.namespace)}/${String(to.name)}${section}`;
}
