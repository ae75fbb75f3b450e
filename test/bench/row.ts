import type { HostLayout } from '../harness/many-routes.ts';
import type { WorldResult } from './report.ts';

/** One figure over all numbers of routes. */
export interface Row {
  readonly what: string;
  readonly hosts: HostLayout | 'both' | '';
  /** Empty where nothing is expected. */
  readonly expected: string;
  readonly cells: ReadonlyMap<number, Cell>;
}

/** A measured value as it is shown, and whether it is what is expected; undefined where nothing is. */
export interface Cell {
  readonly text: string;
  readonly met?: boolean | undefined;
}

/** A row over the worlds of one shape; worlds of which `cell` says nothing have no cell. */
export function rowOf(
  worlds: readonly WorldResult[],
  of: Omit<Row, 'cells'> & { readonly cell: (world: WorldResult) => Cell | undefined },
): Row[] {
  const { what, hosts, expected, cell } = of;
  const cells = new Map(
    worlds.flatMap((world) => {
      const made = cell(world);
      return made === undefined ? [] : [[world.routes, made] as const];
    }),
  );
  return cells.size === 0 ? [] : [{ what, hosts, expected, cells }];
}
