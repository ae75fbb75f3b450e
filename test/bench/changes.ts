// One change at a time, the platform at rest between two: from the rename of its file to the first answer that shows it, and its cost.
import { type ChangeKind, changeKinds, makeChanges, warmUps } from './change-steps.ts';
import { BenchClient, type Effect } from './client.ts';
import { type BaseLoad, beginCost, type CostOfChange, endCost } from './cost.ts';
import { type Summary, summarize } from './percentile.ts';
import type { BenchWorld } from './world.ts';

/** A series of changes of one kind. */
export interface ChangeResult {
  readonly kind: ChangeKind;
  /** Milliseconds from the rename of its file to the first answer that shows the change. */
  readonly ms: Summary;
  /** Answers on the way that nobody should get. */
  readonly failed: number;
  /** Their statuses, each once; 0 stands for no answer. */
  readonly failures: readonly number[];
  /** `new route` and `removed route` share theirs: the mean of both. */
  readonly cost: CostOfChange;
}

/** @param changes of each kind */
export async function measureChanges(
  world: BenchWorld,
  of: { readonly changes: number; readonly base: BaseLoad; readonly progress: (text: string) => void },
): Promise<ChangeResult[]> {
  await using client = new BenchClient(world.target);
  const results: ChangeResult[] = [];
  for (const kind of changeKinds) {
    of.progress(`${of.changes} × ${kind}`);
    await makeChanges(client, world, { kind, from: 0, to: warmUps });
    const { sluice } = world;
    const start = await beginCost(sluice, client.asked);
    const effects = await makeChanges(client, world, { kind, from: warmUps, to: warmUps + of.changes });
    const made = [...effects.values()].reduce((sum, list) => sum + list.length, 0);
    const cost = await endCost(sluice, { start, asked: client.asked, changes: made, base: of.base });
    for (const [which, list] of effects) results.push(resultOf(which, list, cost));
  }
  return results;
}

function resultOf(kind: ChangeKind, effects: readonly Effect[], cost: CostOfChange): ChangeResult {
  const failures = effects.flatMap((effect) => effect.failures);
  const ms = summarize(effects.map((effect) => effect.ms));
  return { kind, ms, failed: failures.length, failures: [...new Set(failures)], cost };
}
