import { resolve } from 'node:path';
import type { CommandContext, ExitCode } from '../command.ts';
import { findInstance } from '../standalone/find-instance.ts';
import { type FoundInstance, unregisterInstance } from '../standalone/instance.ts';
import { takeLock } from '../standalone/lock.ts';
import { isAlive, signalProcess } from '../standalone/process-identity.ts';
import { UserError } from '../standalone/settings.ts';
import { waitForEnd } from '../standalone/stop.ts';
import { stopInstance } from '../standalone/stop-instance.ts';

/** Beyond the draining, what the processes themselves may take to stop, milliseconds. */
const processStopMs = 20_000;

/** Stops an instance through its supervisor, or by itself where that one is gone. */
export async function runDown(
  { config, terminal }: CommandContext,
  options: { readonly dataDir: string | undefined; readonly drainTimeoutMs: number },
): Promise<ExitCode> {
  const dataDir = options.dataDir === undefined ? undefined : resolve(options.dataDir);
  const found = findInstance(config, dataDir);
  if (found.supervisorAlive) await stopSupervisor(found, options.drainTimeoutMs);
  const lock = await takeLock({ uid: config.uid, id: found.layout.id });
  if (lock === undefined)
    throw new UserError(
      `another \`sluice up\` has just started on ${found.layout.root}`,
      'run `sluice down` again',
    );
  try {
    await stopInstance(found.layout, { drainTimeoutMs: options.drainTimeoutMs });
    unregisterInstance(config, found.layout);
  } finally {
    lock.release();
  }
  terminal.out(`stopped the instance in ${found.layout.root}`);
  return 0;
}

async function stopSupervisor({ instance }: FoundInstance, drainTimeoutMs: number): Promise<void> {
  signalProcess(instance.supervisor, 'SIGTERM');
  if (await waitForEnd(instance.supervisor, drainTimeoutMs + processStopMs)) return;
  if (isAlive(instance.supervisor)) signalProcess(instance.supervisor, 'SIGKILL');
  await waitForEnd(instance.supervisor, processStopMs);
}
