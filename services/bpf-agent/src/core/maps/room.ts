// How much fits into the maps. Comes in: what is in them, what a Service has there and what it is to have; goes out: whether that fits. A
// Service that does not is left out as a whole, and goes on with what it had: half of a Service would be connections that fail.
import type { MapName } from '../kernel-port.ts';
import { type BackendSet, frontendId, sourceRangeId } from './rows.ts';
import type { ServiceRows } from './service-rows.ts';

/** Maps whose rows follow from the log. */
export type DesiredMapName = Extract<MapName, 'lb_frontends' | 'lb_slots' | 'lb_tables' | 'lb_source_ranges'>;
/** Rows of each map. */
export type RowCounts = Readonly<Record<DesiredMapName, number>>;

/** The most entries (bpf/lb_consts.h). */
export const mapSizes: RowCounts = {
  lb_frontends: 65_536,
  lb_slots: 262_144,
  lb_tables: 16_384,
  lb_source_ranges: 65_536,
};

/** Of a map, the part that stays free: what is new is written before what it replaces is removed. */
const reserve = 1 / 16;

/** How many rows may be asked of maps of these sizes; those of `mapSizes` where none is given. */
export function limitsOf(sizes: Readonly<Partial<Record<MapName, number>>> = {}): RowCounts {
  const of = (map: DesiredMapName): number => {
    const size = sizes[map] ?? mapSizes[map];
    return size - Math.floor(size * reserve);
  };
  return {
    ...{ lb_frontends: of('lb_frontends'), lb_slots: of('lb_slots') },
    ...{ lb_tables: of('lb_tables'), lb_source_ranges: of('lb_source_ranges') },
  };
}

/** How often a row is wanted; 0: it is not there. */
export interface Wanted {
  readonly frontend: (id: string) => number;
  readonly set: (id: string) => number;
  readonly range: (id: string) => number;
}

/** Rows of a Service by what names them. */
export interface NamedRows {
  readonly frontends: ReadonlySet<string>;
  readonly sets: ServiceRows['sets'];
  readonly ranges: ReadonlySet<string>;
}

/** What names the rows of a Service. */
export function namedOf({ frontends, sets, ranges }: ServiceRows): NamedRows {
  return { frontends: new Set(frontends.map(frontendId)), sets, ranges: new Set(ranges.map(sourceRangeId)) };
}

/** The rows of a Service that shares none. */
export function sizesOf({ frontends, sets, ranges }: ServiceRows): RowCounts {
  const all = [...sets.values()];
  return {
    lb_frontends: frontends.length,
    lb_slots: slotsIn(all),
    lb_tables: tablesIn(all),
    lb_source_ranges: ranges.length,
  };
}

const slotsIn = (sets: readonly BackendSet[]): number =>
  sets.reduce((sum, { backends }) => sum + backends.length, 0);
const tablesIn = (sets: readonly BackendSet[]): number =>
  sets.filter(({ tableSize }) => tableSize > 0).length;

/** How many rows come, less those that go, when a Service has `after` in place of `before`. */
export function growth(before: NamedRows | undefined, after: NamedRows, wanted: Wanted): RowCounts {
  const comes = <T>(ids: Iterable<T>, count: (id: T) => number): T[] =>
    [...ids].filter((id) => count(id) === 0);
  const goes = <T>(ids: Iterable<T>, count: (id: T) => number, stays: (id: T) => boolean): T[] =>
    [...ids].filter((id) => count(id) === 1 && !stays(id));
  const { frontends, sets, ranges } = before ?? {
    frontends: [],
    sets: new Map<string, BackendSet>(),
    ranges: [],
  };
  const ofSet = ({ id }: BackendSet): number => wanted.set(id);
  const newSets = comes(after.sets.values(), ofSet);
  const oldSets = goes(sets.values(), ofSet, ({ id }) => after.sets.has(id));
  return {
    lb_frontends:
      comes(after.frontends, wanted.frontend).length -
      goes(frontends, wanted.frontend, (id) => after.frontends.has(id)).length,
    lb_slots: slotsIn(newSets) - slotsIn(oldSets),
    lb_tables: tablesIn(newSets) - tablesIn(oldSets),
    lb_source_ranges:
      comes(after.ranges, wanted.range).length -
      goes(ranges, wanted.range, (id) => after.ranges.has(id)).length,
  };
}

/** The first map that has no room for it; undefined: it fits. What shrinks always fits. */
export function fullMap(held: RowCounts, by: RowCounts, limits: RowCounts): DesiredMapName | undefined {
  const names = Object.keys(limits) as DesiredMapName[];
  return names.find((map) => by[map] > 0 && held[map] + by[map] > limits[map]);
}
