import { setTimeout as sleep } from 'node:timers/promises';
import type { V1LifecycleHandler } from '@kubernetes/client-node';
import { askHttpGet, type ProbeTarget } from './probe.ts';

/** After a hook a container has at least so long between SIGTERM and SIGKILL, milliseconds: as with the kubelet. */
const leastGraceMs = 2_000;

/**
 * Ends a container as the kubelet does: its `preStop` hook first, which counts as part of the grace time and whose outcome changes nothing; then
 * SIGTERM, and SIGKILL once the grace time is over.
 * @param graceMs 0: no hook, SIGKILL at once
 */
export async function endContainer(target: ProbeTarget, graceMs: number): Promise<void> {
  const { container, process } = target;
  const hook = container.lifecycle?.preStop;
  if (hook === undefined || graceMs <= 0) return process.stop(graceMs);
  const startMs = performance.now();
  await runHook(hook, target, graceMs);
  const leftMs = graceMs - (performance.now() - startMs);
  await process.stop(Math.max(leftMs, leastGraceMs));
}

/** Resolves when the hook is done, the time is over, or the container has ended by itself. */
async function runHook(hook: V1LifecycleHandler, target: ProbeTarget, timeoutMs: number): Promise<void> {
  const over = new AbortController();
  const done = act(hook, target, { timeoutMs, signal: over.signal }).catch(() => undefined);
  await Promise.race([done, target.process.exited, sleep(timeoutMs, undefined, { signal: over.signal })]);
  over.abort();
}

async function act(
  { exec, httpGet, sleep: pause }: V1LifecycleHandler,
  target: ProbeTarget,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  if (exec !== undefined) await target.process.exec(exec.command ?? [], timeoutMs);
  else if (httpGet !== undefined) await askHttpGet(httpGet, target, timeoutMs);
  else if (pause !== undefined) await sleep(pause.seconds * 1_000, undefined, { signal });
}
