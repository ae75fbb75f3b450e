// Lists of conditions (metav1.Condition): ours take the place of ours, all others stay.
import { isRecord } from '../kubernetes/api-object.ts';

/** Types of conditions of the Gateway API that a controller writes. One that stands there and that we no longer say goes; any other type is somebody else's. */
const ownConditionTypes: ReadonlySet<string> = new Set([
  'Accepted',
  'AttachedListenerSets',
  'Conflicted',
  'InsecureFrontendValidationMode',
  'OverlappingTLSConfig',
  'PartiallyInvalid',
  'Programmed',
  'Ready',
  'ResolvedRefs',
  'Scheduled',
  'SupportedVersion',
]);

/** Prefix of types on objects whose conditions are everybody's, as those of Services: nobody else writes such. */
const ownConditionPrefix = 'sluice.dev/';

/** Whether a type of condition is ours: one that stands there and that we no longer say goes. */
export function isOwnCondition(type: unknown): boolean {
  const text = String(type);
  return ownConditionTypes.has(text) || text.startsWith(ownConditionPrefix);
}

type Condition = Readonly<Record<string, unknown>>;

/** Merges; `lastTransitionTime` stays where the status of a condition does. */
export function mergeConditions(desired: unknown, live: unknown): Condition[] {
  const wanted = new Map(conditionsOf(desired).map((c) => [c.type, c]));
  const merged: Condition[] = [];
  for (const condition of conditionsOf(live)) {
    const now = wanted.get(condition.type);
    if (now !== undefined) {
      wanted.delete(condition.type);
      merged.push(
        now.status === condition.status
          ? { ...now, lastTransitionTime: condition.lastTransitionTime ?? now.lastTransitionTime }
          : now,
      );
    } else if (!isOwnCondition(condition.type)) merged.push(condition);
  }
  return [...merged, ...wanted.values()];
}

/** The conditions of a list without those that are ours by their prefix; undefined where there is none of them. */
export function withoutOwn(live: unknown): Condition[] | undefined {
  const conditions = conditionsOf(live);
  const others = conditions.filter(({ type }) => !String(type).startsWith(ownConditionPrefix));
  return others.length === conditions.length ? undefined : others;
}

/** The conditions of a list; what is none is left out. */
export function conditionsOf(value: unknown): Condition[] {
  return Array.isArray(value) ? value.filter(isRecord).filter((c) => typeof c.type === 'string') : [];
}
