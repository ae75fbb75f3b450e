// Routes attach to one Gateway of a real API server: how long its status takes to say so, and how often it is written.
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '@sluice/testkit';
import type { ClusterApi, ClusterObject } from '../harness/kubernetes/cluster-api.ts';
import { openGateway } from '../harness/kubernetes/platform.ts';
import { httpRoute, type ObjectStatus, rule } from '../harness/objects.ts';

/** What came of it. */
export interface AttachResult {
  readonly routes: number;
  /** From the first route written to the answer for the last one, milliseconds. */
  readonly writtenMs: number;
  /** From the answer for the last route until a watch shows a Gateway with all of them in `attachedRoutes`, milliseconds. */
  readonly seenMs: number;
  /** Versions of the Gateway from the first route on until it was still: nobody else writes to it. */
  readonly gatewayWrites: number;
}

const name = 'attach';
const patienceMs = 120_000;
/** The Gateway counts as still after so long without a new version. */
const stillMs = 3_000;
const lookMs = 100;

/** Writes routes of a Gateway of their own as fast as the API server takes them. @throws Error where the count never comes */
export async function measureAttach(api: ClusterApi, routes: number): Promise<AttachResult> {
  const created = await api.apply(openGateway(name));
  const seen = { versions: new Set<string>(), attached: undefined as number | undefined, atMs: 0, allMs: 0 };
  const stop = new AbortController();
  const told = ({ metadata, status }: ClusterObject): void => {
    seen.versions.add(metadata.resourceVersion ?? '');
    seen.atMs = performance.now();
    seen.attached = (status as ObjectStatus | undefined)?.listeners?.[0]?.attachedRoutes;
    if (seen.attached === routes && seen.allMs === 0) seen.allMs = performance.now();
  };
  const watching = api.watch(created, { signal: stop.signal, told });
  try {
    await until(() => seen.attached === 0, {
      timeoutMs: patienceMs,
      message: 'the Gateway without routes',
    });
    await untilStill(seen);
    const before = seen.versions.size;
    const startMs = performance.now();
    await api.applyAll(Array.from({ length: routes }, (_, i) => attachedRoute(i)));
    const writtenAtMs = performance.now();
    await until(() => seen.allMs > 0, {
      timeoutMs: patienceMs,
      message: () => `${routes} attached routes; ${seen.attached} at last`,
    });
    await untilStill(seen);
    return {
      routes,
      writtenMs: writtenAtMs - startMs,
      seenMs: Math.max(0, seen.allMs - writtenAtMs),
      gatewayWrites: seen.versions.size - before,
    };
  } finally {
    stop.abort();
    await watching;
  }
}

async function untilStill(seen: { readonly atMs: number }): Promise<void> {
  while (performance.now() - seen.atMs < stillMs) await pause(lookMs);
}

function attachedRoute(index: number): object {
  const id = `attach-${index}`;
  return httpRoute(id, { parent: name, hostnames: [`${id}.example`], rules: [rule('echo')] });
}
