// What a run of the benchmark found: the JSON it writes.
import type { HostLayout } from '../harness/many-routes.ts';
import type { ChangeResult } from './changes.ts';
import type { ChurnResult } from './churn.ts';
import type { BaseLoad } from './cost.ts';
import type { EventLogFigures } from './event-log.ts';
import type { KubernetesResult } from './kubernetes.ts';
import type { Machine } from './machine.ts';
import type { ManyResult } from './one-of-many.ts';
import type { Memory } from './processes.ts';
import type { RequestCost } from './request-cost.ts';
import type { StartResult } from './start-time.ts';

/** The parts of a run, in their order; `start` is measured in any case where a platform is started. */
export const parts = [
  'start',
  'memory',
  'change',
  'churn',
  'requests',
  'ingress',
  'envoy-config',
  'kubernetes',
  'event-log',
] as const;
export type Part = (typeof parts)[number];

/** All of a run. Times are milliseconds, sizes bytes or MiB as the names say. */
export interface Report {
  readonly schema: 1;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly command: string;
  readonly machine: Machine;
  readonly worlds: readonly WorldResult[];
  readonly requests: readonly RequestCost[];
  readonly ingress: readonly ManyResult[];
  readonly envoyConfigs: readonly ManyResult[];
  readonly kubernetes: readonly KubernetesResult[];
  readonly eventLog: EventLogFigures | undefined;
  /** Parts that cannot run on this machine, with the reason. */
  readonly skipped: readonly string[];
  /** Parts that did not come to their end, with the reason. */
  readonly faults: readonly string[];
}

/** What was measured with one number of routes in one shape. Parts that were not asked for are undefined. */
export interface WorldResult {
  readonly hosts: HostLayout;
  readonly routes: number;
  /** Where objects were written to. */
  readonly sink?: string;
  readonly cold?: StartResult;
  /** Everything stopped and started again on the same data directory. */
  readonly warm?: StartResult;
  /** At rest after the load, before any change. */
  readonly memory?: Memory;
  /** At the end of changes and churn. */
  readonly memoryAfter?: Memory;
  readonly base?: BaseLoad;
  readonly changes?: readonly ChangeResult[];
  readonly churn?: readonly ChurnResult[];
}

/** Requests that failed, routes that were missing, and parts that did not end: what makes the command exit with 1. */
export function failuresOf(report: Report): string[] {
  const { worlds, requests, ingress, envoyConfigs, kubernetes, faults } = report;
  const said: string[] = [...faults];
  for (const { hosts, routes, cold, warm, changes = [], churn = [] } of worlds) {
    const where = `${hosts}, ${routes} routes`;
    for (const [start, result] of Object.entries({ cold, warm }))
      if (result !== undefined && result.missing > 0)
        said.push(`${where}, ${start} start: ${result.missing} routes did not answer 200`);
    for (const { kind, failed, failures } of changes)
      if (failed > 0) said.push(`${where}, ${kind}: ${failed} failed requests (${failures.join(', ')})`);
    for (const { changesPerSecond, failed, failures } of churn)
      if (failed > 0)
        said.push(
          `${where}, ${changesPerSecond} changes/s: ${failed} failed requests (${JSON.stringify(failures)})`,
        );
  }
  for (const { routes, what, failed, status } of requests)
    if (failed > 0) said.push(`${routes} routes, ${what}: ${failed} answers were not ${status}`);
  for (const [name, results] of [
    ['Ingresses', ingress],
    ['CiliumEnvoyConfigs', envoyConfigs],
  ] as const)
    for (const { routes, failed } of results)
      if (failed > 0) said.push(`${routes} ${name}: ${failed} failed requests`);
  said.push(...kubernetes.flatMap(kubernetesFailures));
  return said;
}

function kubernetesFailures({ routes, start, changes = [] }: KubernetesResult): string[] {
  const where = `API server, ${routes} routes`;
  const missing = start?.missing ?? 0;
  return [
    ...(missing === 0 ? [] : [`${where}: ${missing} routes did not answer 200`]),
    ...changes
      .filter(({ failed }) => failed > 0)
      .map(
        ({ kind, failed, failures }) =>
          `${where}, ${kind}: ${failed} failed requests (${failures.join(', ')})`,
      ),
  ];
}
