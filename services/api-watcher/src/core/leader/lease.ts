// Who of several api-watchers leads: a Lease of coordination.k8s.io/v1. What comes in: the Lease as it was read, and
// when; what goes out: what to do about it. Clocks of machines are never compared: a holder counts as gone when its Lease
// has not changed for its duration as seen from here.
import { isRecord } from '../kubernetes/api-object.ts';

/** The parts of a Lease that are used. */
export interface LeaseRecord {
  /** The empty string: nobody. */
  readonly holder: string;
  readonly durationMs: number;
  /** RFC 3339, as the holder wrote them; only ever compared for being the same. */
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly transitions: number;
  readonly resourceVersion: string;
}

/** A Lease, and since when it has been seen to stand as it is, ms of a monotonic clock. */
export interface SeenLease {
  readonly record: LeaseRecord;
  readonly sinceMs: number;
}

/** What to do: take it over, renew it, or wait. */
export type LeaseMove = 'take' | 'renew' | 'wait';

/** Reads a Lease; what is missing counts as nobody's. */
export function readLease(value: unknown): LeaseRecord {
  const object = isRecord(value) ? value : {};
  const spec = isRecord(object.spec) ? object.spec : {};
  const metadata = isRecord(object.metadata) ? object.metadata : {};
  const text = (field: unknown): string => (typeof field === 'string' ? field : '');
  const number = (field: unknown): number => (typeof field === 'number' && field > 0 ? field : 0);
  return {
    holder: text(spec.holderIdentity),
    durationMs: number(spec.leaseDurationSeconds) * 1000,
    acquireTime: text(spec.acquireTime),
    renewTime: text(spec.renewTime),
    transitions: number(spec.leaseTransitions),
    resourceVersion: text(metadata.resourceVersion),
  };
}

/** Takes a look at a Lease into account. */
export function observe(before: SeenLease | undefined, record: LeaseRecord, nowMs: number): SeenLease {
  return before !== undefined && before.record.resourceVersion === record.resourceVersion
    ? before
    : { record, sinceMs: nowMs };
}

/** What `identity` is to do about a Lease. */
export function moveFor({ record, sinceMs }: SeenLease, identity: string, nowMs: number): LeaseMove {
  if (record.holder === identity) return 'renew';
  if (record.holder === '') return 'take';
  return nowMs - sinceMs > record.durationMs ? 'take' : 'wait';
}

/** The spec that `identity` writes. @param now RFC 3339 with microseconds */
export function leaseSpec(
  before: LeaseRecord | undefined,
  by: { readonly identity: string; readonly durationMs: number; readonly now: string },
): Record<string, unknown> {
  const same = before?.holder === by.identity;
  return {
    holderIdentity: by.identity,
    leaseDurationSeconds: Math.ceil(by.durationMs / 1000),
    acquireTime: same ? before.acquireTime : by.now,
    renewTime: by.now,
    leaseTransitions: (before?.transitions ?? 0) + (same || before === undefined ? 0 : 1),
  };
}
