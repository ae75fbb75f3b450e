// One change at a time, the platform at rest between two: from the rename of its file to the first answer that shows it, and its cost.
import { type ChangeKind, changeKinds, failedIn, makeChanges, type Series } from './change-steps.ts';
import { BenchClient } from './client.ts';
import { type BaseLoad, beginCost, type CostOfChange, endCost } from './cost.ts';
import { type Summary, summarize } from './percentile.ts';
import type { BenchWorld } from './world.ts';

/** A series of changes of one kind. */
export interface ChangeResult {
  readonly kind: ChangeKind;
  /** Milliseconds from the rename of its file to the first answer that shows the change. */
  readonly ms: Summary;
  /** The same of as many changes before those. Only the kind that is measured first tells how a platform is that just started. */
  readonly warmUpMs: Summary;
  /** Answers on the way that nobody should get, warm-up included. */
  readonly failed: number;
  /** Their statuses, each once; 0 stands for no answer. */
  readonly failures: readonly number[];
  /** `new route` and `removed route` share theirs: the mean of both. */
  readonly cost: CostOfChange;
}

/**
 * Changes of each kind: as many to warm up, then the measured ones.
 * @param changes of each kind
 */
export async function measureChanges(
  world: BenchWorld,
  of: { readonly changes: number; readonly base: BaseLoad; readonly progress: (text: string) => void },
): Promise<ChangeResult[]> {
  await using client = new BenchClient(world.target);
  const results: ChangeResult[] = [];
  for (const kind of changeKinds) {
    of.progress(`${of.changes} × ${kind}`);
    const warmUp = await makeChanges(client, world, { kind, from: 0, to: of.changes });
    const { sluice } = world;
    const start = await beginCost(sluice, client.asked);
    const effects = await makeChanges(client, world, { kind, from: of.changes, to: 2 * of.changes });
    const made = [...effects.values()].reduce((sum, list) => sum + list.length, 0);
    const cost = await endCost(sluice, { start, asked: client.asked, changes: made, base: of.base });
    for (const [which, list] of effects)
      results.push({ ...resultOf(which, { warmUp: warmUp.get(which) ?? [], measured: list }), cost });
  }
  return results;
}

function resultOf(kind: ChangeKind, series: Series): Omit<ChangeResult, 'cost'> {
  const { warmUp, measured } = series;
  return {
    kind,
    ms: summarize(measured.map(({ ms }) => ms)),
    warmUpMs: summarize(warmUp.map(({ ms }) => ms)),
    ...failedIn(series),
  };
}
