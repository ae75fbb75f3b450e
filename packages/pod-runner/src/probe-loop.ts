import { setTimeout } from 'node:timers/promises';
import type { V1Probe } from '@kubernetes/client-node';
import { askProbe, type ProbeTarget, probeTimes } from './probe.ts';

/** What the probes of a running container say. */
export interface ProbeListener {
  /** Whether the start-up probe has succeeded. */
  onStarted(): void;
  onReady(ready: boolean): void;
  /** The container is to be ended and started again. */
  onDead(): void;
}

/** Asks a container's probes until the signal ends it; a container without a probe is started and ready at once. */
export async function probeContainer(
  target: ProbeTarget,
  listener: ProbeListener,
  signal: AbortSignal,
): Promise<void> {
  const { startupProbe, readinessProbe, livenessProbe } = target.container;
  try {
    if (startupProbe !== undefined && !(await settle(startupProbe, target, signal))) return listener.onDead();
    listener.onStarted();
    if (readinessProbe === undefined) listener.onReady(true);
    await Promise.all([
      readinessProbe &&
        watch(readinessProbe, target, { signal, onChange: (ready) => listener.onReady(ready) }),
      livenessProbe &&
        watch(livenessProbe, target, { signal, onChange: (alive) => void (alive || listener.onDead()) }),
    ]);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Asks until one threshold is reached: true for the one of success. */
async function settle(probe: V1Probe, target: ProbeTarget, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const done = new AbortController();
  const both = AbortSignal.any([signal, done.signal]);
  const watching = watch(probe, target, { signal: both, onChange: resolve }).catch(() => undefined);
  const outcome = await Promise.race([promise, watching.then(() => false)]);
  done.abort();
  signal.throwIfAborted();
  return outcome;
}

interface Watch {
  readonly signal: AbortSignal;
  onChange(success: boolean): void;
}

async function watch(probe: V1Probe, target: ProbeTarget, { signal, onChange }: Watch): Promise<never> {
  const times = probeTimes(probe);
  let said: boolean | undefined;
  let last: boolean | undefined;
  let streak = 0;
  await setTimeout(times.initialDelayMs, undefined, { signal });
  for (;;) {
    const success = await askProbe(probe, target);
    signal.throwIfAborted();
    streak = success === last ? streak + 1 : 1;
    last = success;
    const threshold = success ? times.successThreshold : times.failureThreshold;
    if (success !== said && streak >= threshold) {
      said = success;
      onChange(success);
    }
    await setTimeout(times.periodMs, undefined, { signal });
  }
}
