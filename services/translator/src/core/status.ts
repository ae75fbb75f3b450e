// Statuses. What comes in: statuses whose conditions have no time; what goes out: the same with the time of each
// condition's last change of status, taken from the status before where it did not change (metav1.Condition).
import type { ObjectRef } from '@sluice/ir';

/** The status of one object, without times. */
export interface StatusOutput {
  readonly ref: ObjectRef;
  readonly uid: string;
  /** The status sub-object as the Gateway API defines it for the kind. */
  readonly status: Readonly<Record<string, unknown>>;
}

/** Fills in `lastTransitionTime` of every condition: the one of `previous` where status is the same, else `time`. */
export function withTransitionTimes(status: unknown, previous: unknown, time: string): unknown {
  if (Array.isArray(status))
    return status.map((item) => withTransitionTimes(item, counterpart(item, previous), time));
  if (!isRecord(status)) return status;
  if (isCondition(status)) {
    const before =
      isRecord(previous) && previous.status === status.status ? previous.lastTransitionTime : undefined;
    return { ...status, lastTransitionTime: typeof before === 'string' && before !== '' ? before : time };
  }
  const fields = Object.entries(status).map(([name, value]) => {
    const old = isRecord(previous) ? previous[name] : undefined;
    return [name, withTransitionTimes(value, old, time)] as const;
  });
  return Object.fromEntries(fields);
}

/**
 * What of a status the next one's `withTransitionTimes` needs as `previous`: conditions with their times, and what tells
 * whose they are. Undefined where there is no condition. It is the same for all routes that became what they are together.
 */
export function transitionTimesOf(status: unknown): unknown {
  if (Array.isArray(status)) {
    const items = status.map(transitionTimesOf).filter((item) => item !== undefined);
    return items.length === 0 ? undefined : items;
  }
  if (!isRecord(status)) return undefined;
  if (isCondition(status)) {
    const { type, status: value, lastTransitionTime } = status;
    return { type, status: value, lastTransitionTime };
  }
  const parts = Object.entries(status).map(([name, value]) => [name, transitionTimesOf(value)] as const);
  const kept = parts.filter(([, part]) => part !== undefined);
  return kept.length === 0 ? undefined : { ...identityFields(status), ...Object.fromEntries(kept) };
}

/** Takes the times out again, for comparing. */
export function withoutTransitionTimes(status: unknown): unknown {
  if (Array.isArray(status)) return status.map(withoutTransitionTimes);
  if (!isRecord(status)) return status;
  const fields = Object.entries(status).filter(([name]) => name !== 'lastTransitionTime');
  return Object.fromEntries(fields.map(([name, value]) => [name, withoutTransitionTimes(value)]));
}

/** The item of an older list that speaks of the same thing: condition type, listener name, or parent. */
function counterpart(item: unknown, previous: unknown): unknown {
  if (!Array.isArray(previous) || !isRecord(item)) return undefined;
  const id = identity(item);
  return id === undefined ? undefined : previous.find((other) => isRecord(other) && identity(other) === id);
}

function identity(item: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof item.type === 'string') return item.type;
  const ref = item.parentRef ?? item.ancestorRef;
  if (isRecord(ref)) {
    return JSON.stringify(
      ['group', 'kind', 'namespace', 'name', 'sectionName', 'port'].map((f) => ref[f] ?? null),
    );
  }
  return typeof item.name === 'string' ? item.name : undefined;
}

/** The fields that `identity` reads. */
function identityFields(item: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const fields = ['type', 'parentRef', 'ancestorRef', 'name'].filter((field) => item[field] !== undefined);
  return Object.fromEntries(fields.map((field) => [field, item[field]]));
}

function isCondition(value: Readonly<Record<string, unknown>>): boolean {
  return typeof value.type === 'string' && typeof value.observedGeneration === 'number';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
