// One change at a time, the platform at rest between two: from the write to the first answer that shows it, and its cost.
import { setTimeout as pause } from 'node:timers/promises';
import { placeOf } from '../harness/many-routes.ts';
import { BenchClient, type Effect, type Expected, effectOf } from './client.ts';
import { type BaseLoad, beginCost, type CostOfChange, endCost } from './cost.ts';
import { type Summary, summarize } from './percentile.ts';
import { type BenchWorld, movingPlace } from './world.ts';

/** What is changed. `new route` is taken out again, which is measured as `removed route`. */
export const changeKinds = ['changed route', 'new route', 'backend flip', 'endpoint change'] as const;
export type ChangeKind = (typeof changeKinds)[number] | 'removed route';

/** A series of changes of one kind. */
export interface ChangeResult {
  readonly kind: ChangeKind;
  /** Milliseconds from the write to the first answer that shows the change. */
  readonly ms: Summary;
  /** Answers on the way that nobody should get. */
  readonly failed: number;
  /** Their statuses, each once; 0 stands for no answer. */
  readonly failures: readonly number[];
  /** `new route` and `removed route` share theirs: the mean of both. */
  readonly cost: CostOfChange;
}

/** Changes before the measured ones. */
const warmUps = 3;
/** After a change is seen, its status and acknowledgement are still on their way; the rest is chance, so that no timer is met. */
const pauseMs = { least: 100, spread: 100 };
const patienceMs = 60_000;
/** A prime: the changed routes are spread over all of them. */
const stride = 7_919;

type Step = Omit<Expected, 'patienceMs' | 'what'> & { readonly kind: ChangeKind };

/** @param changes of each kind */
export async function measureChanges(
  world: BenchWorld,
  of: { readonly changes: number; readonly base: BaseLoad; readonly progress: (text: string) => void },
): Promise<ChangeResult[]> {
  await using client = new BenchClient(world.target);
  const results: ChangeResult[] = [];
  for (const kind of changeKinds) {
    of.progress(`${of.changes} × ${kind}`);
    const run = async (from: number, to: number): Promise<Map<ChangeKind, Effect[]>> => {
      const effects = new Map<ChangeKind, Effect[]>();
      for (let i = from; i < to; i += 1)
        for (const step of stepsOf(world, kind, i)) {
          const what = `${step.kind} ${i}`;
          const effect = await effectOf(client, { ...step, patienceMs, what });
          effects.set(step.kind, [...(effects.get(step.kind) ?? []), effect]);
          await pause(pauseMs.least + Math.random() * pauseMs.spread);
        }
      return effects;
    };
    await run(0, warmUps);
    const { sluice } = world;
    const start = await beginCost(sluice, client.asked);
    const effects = await run(warmUps, warmUps + of.changes);
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

/** The changes of number `i` of a kind. */
function stepsOf(world: BenchWorld, kind: (typeof changeKinds)[number], i: number): Step[] {
  const { sink, setup } = world;
  const index = (i * stride) % setup.routes;
  const place = placeOf(setup.hosts, index);
  // The same route twice: there, and back.
  const flippedIndex = (Math.floor(i / 2) * stride) % setup.routes;
  const flipped = i % 2 === 0 ? 'other' : 'echo';
  switch (kind) {
    case 'changed route': {
      const version = `c${i}`;
      const write = () => sink.write([world.route(index, version)]);
      return [{ kind, place, write, seen: (look) => look.version === version, allowed: [200] }];
    }
    case 'new route':
      return newAndRemoved(world, setup.routes + i);
    case 'backend flip': {
      const write = () => sink.write([world.route(flippedIndex, `b${i}`, flipped)]);
      const seen: Step['seen'] = (look) => look.backend === flipped;
      return [{ kind, place: placeOf(setup.hosts, flippedIndex), write, seen, allowed: [200] }];
    }
    case 'endpoint change': {
      const write = () => sink.write(world.moving(flipped).slice(1));
      const seen: Step['seen'] = (look) => look.backend === flipped;
      return [{ kind, place: movingPlace, write, seen, allowed: [200] }];
    }
    default:
      return kind satisfies never;
  }
}

function newAndRemoved(world: BenchWorld, index: number): Step[] {
  const { sink, setup } = world;
  const place = placeOf(setup.hosts, index);
  const object = world.route(index, 'new');
  return [
    {
      kind: 'new route',
      place,
      write: () => sink.write([object]),
      seen: (look) => look.status === 200,
      allowed: [404, 200],
    },
    {
      kind: 'removed route',
      place,
      write: () => sink.remove([object]),
      seen: (look) => look.status === 404,
      allowed: [404, 200],
    },
  ];
}
