import { removeDatapath } from './datapath.ts';
import { EnvoyAdmin } from './envoy-admin.ts';
import type { Layout } from './layout.ts';
import { socketPaths } from './plan.ts';
import { findMarked, type MarkedProcess, signalProcess } from './process-identity.ts';
import { removeSharedMemory } from './shared-memory.ts';
import { endProcess } from './stop.ts';

const stopTimeoutMs = 5_000;

/** What is stopped together; later groups serve earlier ones to the end. */
function groupOf({ name }: MarkedProcess): number {
  if (name === 'envoy') return 0;
  return name === 'nats' ? 2 : 1;
}

/**
 * Stops all processes of an instance, whoever started them: lets Envoy end its requests, then stops Envoy, the services
 * and NATS. Bounded by `drainTimeoutMs` and 10 s for each of the three.
 */
export async function stopInstance(layout: Layout, of: { readonly drainTimeoutMs: number }): Promise<void> {
  const marked = findMarked(layout.id);
  if (marked.some((process) => groupOf(process) === 0))
    await new EnvoyAdmin(socketPaths(layout.sockets).envoyAdmin).drain(of.drainTimeoutMs);
  for (const group of [0, 1, 2]) {
    const members = marked.filter((process) => groupOf(process) === group);
    await Promise.all(members.map(({ identity }) => endProcess(identity, stopTimeoutMs)));
  }
  killInstance(layout);
}

/** SIGKILL to all processes of an instance; what it has in the kernel and in memory goes with them. */
export function killInstance(layout: Layout): void {
  for (const { identity } of findMarked(layout.id)) signalProcess(identity, 'SIGKILL');
  removeDatapath(layout);
  removeSharedMemory(layout);
}
