import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, type ProcessIdentity, signalProcess } from './process-identity.ts';

const pollMs = 20;

/** Waits until the process has ended. False where it still runs after `timeoutMs`. */
export async function waitForEnd(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(identity)) {
    if (performance.now() > deadline) return false;
    await delay(pollMs);
  }
  return true;
}

/** SIGTERM, then SIGKILL after `timeoutMs`. Resolves when the process is gone. */
export async function endProcess(identity: ProcessIdentity, timeoutMs: number): Promise<void> {
  if (!signalProcess(identity, 'SIGTERM')) return;
  if (await waitForEnd(identity, timeoutMs)) return;
  signalProcess(identity, 'SIGKILL');
  await waitForEnd(identity, 5_000);
}
