// What stands in the kernel's maps compared with what has to: only the difference is written. After a start the maps may hold anything
// that an earlier agent wrote, whole or cut off in the middle.
import { isSameFrontend, type MapsChange, type MapsState } from './desired-maps.ts';
import { type BackendSet, type FrontendRow, frontendId, type SourceRange, sourceRangeId } from './rows.ts';
import { type SlotRow, type Step, stepsOf } from './steps.ts';

/** What a dump of the maps says. */
export interface MapsDump {
  readonly frontends: readonly FrontendRow[];
  readonly slots: readonly SlotRow[];
  /** Sets that have a table, with its slots; a table cannot be compared cell by cell, so its set stands for its content. */
  readonly tables: readonly string[];
  readonly ranges: readonly SourceRange[];
}

/**
 * The steps that make the maps what they have to be. A set keeps what it has of its slots, whoever wrote them. What nothing names goes first:
 * the maps may be too full for what is to come.
 */
export function repair(dump: MapsDump, desired: MapsState): Step[] {
  const frontends = new Map([...desired.frontends].map((row) => [frontendId(row), row]));
  const sets = new Map([...desired.sets].map((set) => [set.id, set]));
  const ranges = new Map([...desired.ranges].map((range) => [sourceRangeId(range), range]));
  const there = new Map(dump.frontends.map((row) => [frontendId(row), row]));
  const rangesThere = new Set(dump.ranges.map(sourceRangeId));
  const tablesThere = new Set(dump.tables);
  const change: MapsChange = {
    sets: [],
    goneSets: [],
    ranges: [...ranges].filter(([id]) => !rangesThere.has(id)).map(([, range]) => range),
    goneRanges: dump.ranges.filter((range) => !ranges.has(sourceRangeId(range))),
    frontends: [...frontends.values()].filter((row) => {
      const found = there.get(frontendId(row));
      return found === undefined || !isSameFrontend(found, row);
    }),
    goneFrontends: [],
  };
  const isWanted = (row: FrontendRow): boolean => frontends.has(frontendId(row));
  const named = new Set(dump.frontends.filter(isWanted).map(({ set }) => set));
  const isFree = (set: string): boolean => !sets.has(set) && !named.has(set);
  const freed: Step[] = [
    { kind: 'remove-frontends', keys: dump.frontends.filter((row) => !isWanted(row)) },
    { kind: 'remove-tables', sets: dump.tables.filter(isFree) },
    { kind: 'remove-slots', keys: dump.slots.filter(({ set }) => isFree(set)) },
  ];
  const put: Step[] = [
    { kind: 'put-slots', rows: missingSlots(dump.slots, [...sets.values()]) },
    {
      kind: 'put-tables',
      sets: [...sets.values()].filter(({ id, tableSize }) => tableSize > 0 && !tablesThere.has(id)),
    },
  ];
  const removed: Step[] = [
    {
      kind: 'remove-tables',
      sets: dump.tables.filter((id) => !isFree(id) && (sets.get(id)?.tableSize ?? 0) === 0),
    },
    {
      kind: 'remove-slots',
      keys: dump.slots.filter(
        ({ set, slot }) => !isFree(set) && slot >= (sets.get(set)?.backends.length ?? 0),
      ),
    },
  ];
  return [...freed, ...put, ...stepsOf(change), ...removed].filter(
    (step) => ('rows' in step ? step.rows : 'keys' in step ? step.keys : step.sets).length > 0,
  );
}

/** Slots that are not there, or say something else. */
function missingSlots(slots: readonly SlotRow[], sets: readonly BackendSet[]): SlotRow[] {
  const there = new Map(slots.map((row) => [`${row.set}|${row.slot}`, row.backend]));
  return sets.flatMap(({ id, backends }) =>
    backends.flatMap((backend, slot) => {
      const found = there.get(`${id}|${slot}`);
      const same =
        found?.address === backend.address && found.port === backend.port && found.flags === backend.flags;
      return same ? [] : [{ set: id, slot, backend }];
    }),
  );
}
