// The same platform behind a real API server: its start, changes, and the status of a Gateway that many routes attach to.
import { setTimeout as pause } from 'node:timers/promises';
import type { RequestTarget } from '@sluice/testkit';
import type { KubernetesPlatform } from '../harness/kubernetes/platform.ts';
import type { HostLayout } from '../harness/many-routes.ts';
import { total } from '../harness/metrics.ts';
import { type ChangeKind, changeKinds, failedIn, makeChanges, type Series } from './change-steps.ts';
import { BenchClient } from './client.ts';
import { type AttachResult, measureAttach } from './kubernetes-attach.ts';
import { KubernetesWorld } from './kubernetes-world.ts';
import { type Summary, summarize } from './percentile.ts';
import { allServed, countMissing } from './start-time.ts';
import { startPatienceMs } from './world.ts';

/** Changes of one kind through the API server; milliseconds. */
export interface KubernetesChange {
  readonly kind: ChangeKind;
  /** From the API server's answer to the first answer of Envoy that shows the change. */
  readonly afterMs: Summary;
  /** What the API server took to answer. */
  readonly writeMs: Summary;
  readonly failed: number;
  readonly failures: readonly number[];
}

/** From the start of all processes, milliseconds. */
export interface KubernetesStart {
  /** Until each of the routes asked for had answered 200. */
  readonly servedMs: number;
  /** Until as many statuses of HTTPRoutes had been written as there are routes. */
  readonly statusMs: number;
  /** Routes that did not answer 200 when all were asked right afterwards. */
  readonly missing: number;
}

/** What was measured with one number of routes. Parts that did not come to their end are undefined. */
export interface KubernetesResult {
  readonly hosts: HostLayout;
  readonly routes: number;
  readonly start?: KubernetesStart;
  readonly changes?: readonly KubernetesChange[];
  readonly attach?: AttachResult;
}

/** How much is measured. */
export interface KubernetesLoad {
  readonly hosts: HostLayout;
  readonly routes: number;
  /** Changes of each kind. */
  readonly changes: number;
  readonly attachedRoutes: number;
  readonly progress: (text: string) => void;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const lookMs = 100;
/** Statuses count as written when none has been for so long. */
const stillMs = 2_000;

/** Measures with one number of routes; `told` has what there is even where a later part fails. */
export async function measureKubernetes(
  load: KubernetesLoad,
  told: (result: KubernetesResult) => void,
): Promise<void> {
  const { hosts, routes, progress } = load;
  const result: Mutable<KubernetesResult> = { hosts, routes };
  told(result);
  progress('start an API server and write all objects');
  await using world = await KubernetesWorld.prepare({ hosts, routes });
  progress('start of the services');
  const { platform, target, start } = await measureStart(world);
  result.start = start;
  await statusesStill(platform);
  result.changes = await measureChanges(world, { target, ...load });
  await statusesStill(platform);
  progress(`${load.attachedRoutes} routes attach to one Gateway`);
  result.attach = await measureAttach(world.api, load.attachedRoutes);
}

async function measureStart(
  world: KubernetesWorld,
): Promise<{ platform: KubernetesPlatform; target: RequestTarget; start: KubernetesStart }> {
  const startMs = performance.now();
  const platform = await world.start();
  const target = await platform.target('edge');
  const served = { target, setup: world.setup };
  const servedMs = (await allServed(served, startMs + startPatienceMs)) - startMs;
  const missing = await countMissing(served);
  while ((await statusesOf(platform)) < world.setup.routes) {
    if (performance.now() - startMs > startPatienceMs) throw new Error('not every route got a status');
    await pause(lookMs);
  }
  return { platform, target, start: { servedMs, statusMs: performance.now() - startMs, missing } };
}

async function statusesOf(platform: KubernetesPlatform): Promise<number> {
  const figures = await platform.figures('api-watcher');
  return total(figures, 'sluice_source_status_writes_total');
}

async function statusesStill(platform: KubernetesPlatform): Promise<void> {
  let last = -1;
  for (;;) {
    const now = await statusesOf(platform);
    if (now === last) return;
    last = now;
    await pause(stillMs);
  }
}

async function measureChanges(
  world: KubernetesWorld,
  of: { readonly target: RequestTarget } & Pick<KubernetesLoad, 'changes' | 'progress'>,
): Promise<KubernetesChange[]> {
  await using client = new BenchClient(of.target);
  const results: KubernetesChange[] = [];
  for (const kind of changeKinds) {
    of.progress(`${of.changes} × ${kind}`);
    // As many to warm up.
    const warmUp = await makeChanges(client, world, { kind, from: 0, to: of.changes });
    const effects = await makeChanges(client, world, { kind, from: of.changes, to: 2 * of.changes });
    for (const [which, list] of effects)
      results.push(changeOf(which, { warmUp: warmUp.get(which) ?? [], measured: list }));
  }
  return results;
}

function changeOf(kind: ChangeKind, series: Series): KubernetesChange {
  const { measured } = series;
  return {
    kind,
    afterMs: summarize(measured.map(({ ms, writtenMs }) => ms - writtenMs)),
    writeMs: summarize(measured.map(({ writtenMs }) => writtenMs)),
    ...failedIn(series),
  };
}
