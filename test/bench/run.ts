// The whole measurement, part by part. A part that fails is told in the report, and the next one goes on.

import { setTimeout as pause } from 'node:timers/promises';
import { clusterUnavailable } from '@sluice/testkit/cluster';
import { footprintAtRest } from '../harness/footprint.ts';
import { measureBaseLoad } from './base-load.ts';
import { measureChanges } from './changes.ts';
import { type ChurnResult, measureChurn } from './churn.ts';
import { envoyConfigs as envoyConfigKind } from './envoy-configs.ts';
import { type EventLogFigures, measureEventLog } from './event-log.ts';
import { ingresses } from './ingress.ts';
import { type KubernetesLoad, type KubernetesResult, measureKubernetes } from './kubernetes.ts';
import { describeMachine } from './machine.ts';
import { type ManyKind, type ManyResult, measureOneOfMany } from './one-of-many.ts';
import type { BenchOptions } from './options.ts';
import { readMemory } from './processes.ts';
import type { Part, Report, WorldResult } from './report.ts';
import { measureRequestCosts, type RequestCost } from './request-cost.ts';
import { measureStart } from './start-time.ts';
import { BenchWorld } from './world.ts';

/** What the run reports to. */
export interface RunContext {
  readonly options: BenchOptions;
  readonly progress: (text: string) => void;
  /** Aborted: what runs is ended and nothing more begins. */
  readonly signal: AbortSignal;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const restMs = 300_000;

/** Runs all parts that are asked for. */
export async function runBench(context: RunContext): Promise<Report> {
  const { options } = context;
  const machine = describeMachine();
  const startedAt = new Date().toISOString();
  const faults: string[] = [];
  const worlds: WorldResult[] = [];
  const requests: RequestCost[] = [];
  const ingress: ManyResult[] = [];
  const envoyConfigs: ManyResult[] = [];
  const kubernetes: KubernetesResult[] = [];
  const skipped: string[] = [];
  let eventLog: EventLogFigures | undefined;
  const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
    if (context.signal.aborted) return;
    try {
      await work();
    } catch (error) {
      if (context.signal.aborted) return;
      faults.push(`${what}: ${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)}`);
      context.progress(`failed: ${what}\n${error instanceof Error ? error.stack : String(error)}`);
    }
  };
  if (needsWorlds(options))
    for (const hosts of options.hosts)
      for (const routes of options.routes)
        await attempt(`${hosts}, ${routes} routes`, async () => {
          const result: Mutable<WorldResult> = { hosts, routes };
          worlds.push(result);
          await measureWorld(context, result);
        });
  if (options.parts.includes('requests'))
    for (const routes of endsOf(options.routes))
      await attempt(`requests, ${routes} routes`, async () => {
        const load = { routes, rounds: options.rounds, requestsPerRound: options.requestsPerRound };
        const progress = (text: string) => context.progress(`requests, ${routes} routes: ${text}`);
        requests.push(...(await abortable(context.signal, measureRequestCosts(load, progress))));
      });
  for (const { part, kind, counts, results } of [
    { part: 'ingress', kind: ingresses, counts: options.routes, results: ingress },
    { part: 'envoy-config', kind: envoyConfigKind, counts: options.envoyConfigs, results: envoyConfigs },
  ] as const)
    if (options.parts.includes(part))
      for (const count of endsOf(counts))
        await attempt(`${count} ${kind.name}`, async () => {
          results.push(await measureMany(context, kind, count));
        });
  if (options.parts.includes('kubernetes')) {
    const missing = clusterUnavailable();
    if (missing !== undefined) skipped.push(`kubernetes: ${missing}`);
    else
      for (const load of kubernetesLoads(context))
        await attempt(`API server, ${load.routes} routes`, async () => {
          const told = (result: KubernetesResult): void => void kubernetes.push(result);
          await abortable(context.signal, measureKubernetes(load, told));
        });
  }
  if (options.parts.includes('event-log'))
    await attempt('event log', async () => {
      context.progress('event log');
      eventLog = await measureEventLog(options.logEvents);
    });
  if (context.signal.aborted) faults.push('stopped before its end');
  return {
    schema: 1,
    startedAt,
    command: options.command,
    machine,
    worlds,
    requests,
    ingress,
    envoyConfigs,
    kubernetes,
    eventLog,
    skipped,
    faults,
  };
}

function measureMany(
  { options, progress, signal }: RunContext,
  kind: ManyKind,
  count: number,
): Promise<ManyResult> {
  const { changes, idleMs, tidyMs, looks } = options;
  const told = (text: string): void => progress(`${count.toLocaleString('en')} ${kind.name}: ${text}`);
  return abortable(signal, measureOneOfMany(kind, { count, changes, idleMs, tidyMs, looks, progress: told }));
}

function needsWorlds({ parts }: BenchOptions): boolean {
  return (['start', 'memory', 'change', 'churn'] as const).some((part) => parts.includes(part));
}

/** The fewest and the most routes: what does not need every number is measured with these. */
function endsOf(routes: readonly number[]): number[] {
  return [...new Set([Math.min(...routes), Math.max(...routes)])];
}

function kubernetesLoads({ options, progress }: RunContext): KubernetesLoad[] {
  const { changes, attachedRoutes } = options;
  return options.hosts.slice(0, 1).flatMap((hosts) =>
    endsOf(options.routes).map((routes) => ({
      hosts,
      routes,
      changes,
      attachedRoutes,
      progress: (text) => progress(`API server, ${routes.toLocaleString('en')} routes: ${text}`),
    })),
  );
}

/** Fills `result` as it goes, so that what was measured before a failure is kept. */
async function measureWorld(context: RunContext, result: Mutable<WorldResult>): Promise<void> {
  const { options, signal } = context;
  const { hosts, routes } = result;
  const wants = (part: Part): boolean => options.parts.includes(part);
  const progress = (text: string): void =>
    context.progress(`${hosts}, ${routes.toLocaleString('en')} routes: ${text}`);
  progress('write the manifests');
  await using world = await BenchWorld.prepare({ hosts, routes });
  result.sink = world.sink.name;
  const step = <T>(work: Promise<T>): Promise<T> => abortable(signal, work);
  progress('cold start');
  result.cold = await step(measureStart(world));
  progress('rest');
  const rest = async (): Promise<void> => {
    await step(footprintAtRest(world.sluice.dataDir, restMs));
    await step(pause(options.tidyMs));
  };
  await rest();
  if (wants('memory')) result.memory = readMemory(world.sluice);
  if (wants('change') || wants('churn')) {
    progress('what is used without changes');
    const base = await step(measureBaseLoad(world, { idleMs: options.idleMs, looks: options.looks }));
    result.base = base;
    if (wants('change'))
      result.changes = await step(measureChanges(world, { changes: options.changes, base, progress }));
    if (wants('churn') && endsOf(options.routes).includes(routes))
      result.churn = await step(measureAllChurn({ world, options, base, progress }));
    if (wants('memory')) {
      await rest();
      result.memoryAfter = readMemory(world.sluice);
    }
  }
  if (wants('start')) {
    progress('everything stopped and started again');
    await step(world.sluice.stop());
    result.warm = await step(measureStart(world));
  }
}

async function measureAllChurn(of: {
  world: BenchWorld;
  options: BenchOptions;
  base: NonNullable<WorldResult['base']>;
  progress: (text: string) => void;
}): Promise<ChurnResult[]> {
  const { world, options, base, progress } = of;
  const { churnSeconds: seconds, requestsPerSecond } = options;
  const results: ChurnResult[] = [];
  for (const changesPerSecond of options.churnRates) {
    progress(`${seconds} s of churn, ${changesPerSecond} changes/s at ${requestsPerSecond} requests/s`);
    results.push(await measureChurn(world, { rate: { changesPerSecond, seconds, requestsPerSecond }, base }));
    await footprintAtRest(world.sluice.dataDir, restMs);
  }
  return results;
}

/** Rejects as soon as the signal is aborted, so that what stands around it is cleared away. */
function abortable<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new Error('stopped'));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', abort));
}
