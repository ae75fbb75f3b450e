// The status that we give to an object, and the status that it has → the one that it is to have. Gateway API v1.7.0:
// of a list with entries of several controllers only ours are touched; conditions of types that are not ours stay.
import { canonicalJson } from '@sluice/ir';
import { isRecord } from '../kubernetes/api-object.ts';
import { mergeConditions, withoutOwn } from './conditions.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What is merged. */
export interface StatusMerge {
  /** As it stands at the API server. */
  readonly live: unknown;
  /** What we say; undefined: nothing any more. */
  readonly desired: Fields | undefined;
  /** Controller names that are ours. */
  readonly controllers: ReadonlySet<string>;
  /** Namespace of the object: the default of references. */
  readonly namespace: string;
}

/** Lists that hold one entry for each controller and what it speaks of. */
const shared = { parents: 'parentRef', ancestors: 'ancestorRef' } as const;
/** The API takes no more entries of a shared list. */
const maxEntries = { parents: 32, ancestors: 16 } as const;
type Shared = keyof typeof shared;

/** The fields of the status that are to be written; undefined where it stands already as it should. */
export function mergeStatus(merge: StatusMerge): Fields | undefined {
  const live = isRecord(merge.live) ? merge.live : {};
  const fields = Object.entries(mergedFields(live, merge)).filter(
    ([name, value]) => canonicalJson(value) !== canonicalJson(live[name] ?? null),
  );
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
}

function mergedFields(live: Fields, merge: StatusMerge): Fields {
  const { desired } = merge;
  const list = (Object.keys(shared) as Shared[]).find(
    (name) => desired?.[name] !== undefined || (desired === undefined && live[name] !== undefined),
  );
  if (list !== undefined)
    return { [list]: mergeEntries(list, { ...merge, live: live[list], desired: desired?.[list] }) };
  if (desired === undefined) {
    const conditions = withoutOwn(live.conditions);
    return conditions === undefined ? {} : { conditions };
  }
  return Object.fromEntries(
    Object.entries(desired).map(([name, value]) => [name, mergeField(name, value, live[name])]),
  );
}

function mergeField(name: string, desired: unknown, live: unknown): unknown {
  if (name === 'conditions') return mergeConditions(desired, live);
  if (name === 'loadBalancer') return mergeBalancer(desired, live);
  if (name !== 'listeners' || !Array.isArray(desired)) return desired;
  const before = Array.isArray(live) ? live.filter(isRecord) : [];
  return desired.filter(isRecord).map((listener) => ({
    ...listener,
    conditions: mergeConditions(
      listener.conditions,
      before.find((l) => l.name === listener.name)?.conditions,
    ),
  }));
}

/** A merge patch keeps what it does not name: addresses that are gone are taken out by name. */
function mergeBalancer(desired: unknown, live: unknown): unknown {
  const isGone =
    isRecord(live) && live.ingress !== undefined && isRecord(desired) && desired.ingress === undefined;
  return isGone ? { ...desired, ingress: null } : desired;
}

/** Ours in the order in which they stand already, foreign ones where they are, new ones at the end. */
function mergeEntries(
  list: Shared,
  { live, desired, controllers, namespace }: Omit<StatusMerge, 'desired'> & { readonly desired: unknown },
): unknown[] {
  const id = (entry: Fields): string => entryId(entry[shared[list]], entry.controllerName, namespace);
  const wanted = new Map((Array.isArray(desired) ? desired.filter(isRecord) : []).map((e) => [id(e), e]));
  const merged: unknown[] = [];
  for (const entry of Array.isArray(live) ? live.filter(isRecord) : []) {
    if (typeof entry.controllerName !== 'string' || !controllers.has(entry.controllerName)) {
      merged.push(entry);
      continue;
    }
    const now = wanted.get(id(entry));
    if (now === undefined) continue;
    wanted.delete(id(entry));
    merged.push({ ...now, conditions: mergeConditions(now.conditions, entry.conditions) });
  }
  return [...merged, ...wanted.values()].slice(0, Math.max(maxEntries[list], merged.length));
}

/** Identity of an entry; what an API server would fill in counts as given. */
function entryId(reference: unknown, controller: unknown, namespace: string): string {
  const ref = isRecord(reference) ? reference : {};
  return JSON.stringify([
    controller,
    ref.group ?? 'gateway.networking.k8s.io',
    ref.kind ?? 'Gateway',
    ref.namespace ?? namespace,
    ref.name,
    ref.sectionName ?? null,
    ref.port ?? null,
  ]);
}
