// What a change is: what comes in, and which answer shows it.
import { setTimeout as pause } from 'node:timers/promises';
import { placeOf } from '../harness/many-routes.ts';
import { type BenchClient, type Effect, type Expected, effectOf } from './client.ts';
import type { ObjectSink } from './object-sink.ts';
import { movingPlace, type ServiceName, type WorldSetup } from './world.ts';

/** What is changed. `new route` is taken out again, which is measured as `removed route`. */
export const changeKinds = ['changed route', 'new route', 'backend flip', 'endpoint change'] as const;
export type ChangeKind = (typeof changeKinds)[number] | 'removed route';

/** What is changed, wherever its objects stand. */
export interface ChangingWorld {
  readonly sink: Pick<ObjectSink, 'write' | 'stage' | 'remove'>;
  readonly setup: Pick<WorldSetup, 'hosts' | 'routes'>;
  route(index: number, version: string, service?: ServiceName): object;
  moving(to: ServiceName): object[];
}

/** After a change is seen, its status and acknowledgement are still on their way; the rest is chance, so that no timer is met. */
const pauseMs = { least: 100, spread: 100 };
const patienceMs = 60_000;
/** A prime: the changed routes are spread over all of them. */
const stride = 7_919;

type Step = Omit<Expected, 'patienceMs' | 'what'> & { readonly kind: ChangeKind };

/** Makes the changes `from` to `to` (not included) of a kind, one after the other. @throws Error where one does not show */
export async function makeChanges(
  client: BenchClient,
  world: ChangingWorld,
  of: { readonly kind: (typeof changeKinds)[number]; readonly from: number; readonly to: number },
): Promise<Map<ChangeKind, Effect[]>> {
  const effects = new Map<ChangeKind, Effect[]>();
  for (let i = of.from; i < of.to; i += 1)
    for (const step of stepsOf(world, of.kind, i)) {
      const what = `${step.kind} ${i}`;
      const effect = await effectOf(client, { ...step, patienceMs, what });
      effects.set(step.kind, [...(effects.get(step.kind) ?? []), effect]);
      await pause(pauseMs.least + Math.random() * pauseMs.spread);
    }
  return effects;
}

/** What changes of one kind did: those that warm up, and as many that are measured. */
export type Series = Record<'warmUp' | 'measured', readonly Effect[]>;

/** Answers in the whole series that nobody should get: their number, and their statuses, each once. */
export function failedIn({ warmUp, measured }: Series): { failed: number; failures: number[] } {
  const failures = [...warmUp, ...measured].flatMap((effect) => effect.failures);
  return { failed: failures.length, failures: [...new Set(failures)] };
}

/** The changes of number `i` of a kind. */
function stepsOf(world: ChangingWorld, kind: (typeof changeKinds)[number], i: number): Step[] {
  const { sink, setup } = world;
  const index = (i * stride) % setup.routes;
  const place = placeOf(setup.hosts, index);
  // The same route twice: there, and back.
  const flippedIndex = (Math.floor(i / 2) * stride) % setup.routes;
  const flipped = i % 2 === 0 ? 'other' : 'echo';
  switch (kind) {
    case 'changed route': {
      const version = `c${i}`;
      const stage = () => sink.stage([world.route(index, version)]);
      return [{ kind, place, stage, seen: (look) => look.version === version, allowed: [200] }];
    }
    case 'new route':
      return newAndRemoved(world, setup.routes + i);
    case 'backend flip': {
      const stage = () => sink.stage([world.route(flippedIndex, `b${i}`, flipped)]);
      const seen: Step['seen'] = (look) => look.backend === flipped;
      return [{ kind, place: placeOf(setup.hosts, flippedIndex), stage, seen, allowed: [200] }];
    }
    case 'endpoint change': {
      const stage = () => sink.stage(world.moving(flipped).slice(1));
      const seen: Step['seen'] = (look) => look.backend === flipped;
      return [{ kind, place: movingPlace, stage, seen, allowed: [200] }];
    }
    default:
      return kind satisfies never;
  }
}

function newAndRemoved(world: ChangingWorld, index: number): Step[] {
  const { sink, setup } = world;
  const place = placeOf(setup.hosts, index);
  const object = world.route(index, 'new');
  return [
    {
      kind: 'new route',
      place,
      stage: () => sink.stage([object]),
      seen: (look) => look.status === 200,
      allowed: [404, 200],
    },
    {
      kind: 'removed route',
      place,
      stage: async () => () => sink.remove([object]),
      seen: (look) => look.status === 404,
      allowed: [404, 200],
    },
  ];
}
