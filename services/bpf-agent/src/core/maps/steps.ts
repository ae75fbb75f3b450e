// In which order a change is written. What a frontend names is there before it names it, and goes after nothing names it any more: the
// writer may end between any two rows, and what the programs then find is whole.

import type { MapsChange } from './desired-maps.ts';
import { type MaglevSize, maglevSizes, maglevTable } from './maglev.ts';
import {
  type BackendRow,
  type BackendSet,
  backendName,
  type FrontendKey,
  type FrontendRow,
  type SourceRange,
} from './rows.ts';

/** One slot of a set. */
export interface SlotRow {
  readonly set: string;
  readonly slot: number;
  readonly backend: BackendRow;
}

/** Rows of one map. They are written one by one, in any order. */
export type Step =
  | { readonly kind: 'put-slots'; readonly rows: readonly SlotRow[] }
  | { readonly kind: 'put-tables'; readonly sets: readonly BackendSet[] }
  | { readonly kind: 'put-ranges'; readonly rows: readonly SourceRange[] }
  | { readonly kind: 'put-frontends'; readonly rows: readonly FrontendRow[] }
  | { readonly kind: 'remove-frontends'; readonly keys: readonly FrontendKey[] }
  | { readonly kind: 'remove-ranges'; readonly keys: readonly SourceRange[] }
  | { readonly kind: 'remove-tables'; readonly sets: readonly string[] }
  | {
      readonly kind: 'remove-slots';
      readonly keys: readonly { readonly set: string; readonly slot: number }[];
    };

/** The steps of a change, in their order; none is empty. */
export function stepsOf(change: MapsChange): Step[] {
  const withTable = (sets: readonly BackendSet[]): BackendSet[] =>
    sets.filter(({ tableSize }) => tableSize > 0);
  const steps: Step[] = [
    { kind: 'put-slots', rows: change.sets.flatMap(slotsOf) },
    { kind: 'put-tables', sets: withTable(change.sets) },
    { kind: 'put-ranges', rows: change.ranges },
    { kind: 'put-frontends', rows: change.frontends },
    { kind: 'remove-frontends', keys: change.goneFrontends },
    { kind: 'remove-ranges', keys: change.goneRanges },
    { kind: 'remove-tables', sets: withTable(change.goneSets).map(({ id }) => id) },
    { kind: 'remove-slots', keys: change.goneSets.flatMap(slotsOf) },
  ];
  return steps.filter((step) => sizeOf(step) > 0);
}

/** Rows that a step touches. */
export function sizeOf(step: Step): number {
  return 'rows' in step ? step.rows.length : 'keys' in step ? step.keys.length : step.sets.length;
}

/** The slots of a set. */
export function slotsOf({ id, backends }: BackendSet): SlotRow[] {
  return backends.map((backend, slot) => ({ set: id, slot, backend }));
}

/** The Maglev table of a set: slots of it by hash. */
export function tableOf({ backends, tableSize }: BackendSet): Uint32Array {
  const size: MaglevSize | undefined = maglevSizes.find((known) => known === tableSize);
  if (size === undefined) throw new RangeError(`${tableSize} is no size of a table`);
  return maglevTable(
    backends.map((backend) => ({ name: backendName(backend) })),
    size,
  );
}
