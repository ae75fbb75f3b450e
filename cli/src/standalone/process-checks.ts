import { join } from 'node:path';
import { z } from 'zod';
import { type Check, ok } from '../model/checks.ts';
import { EnvoyAdmin } from './envoy-admin.ts';
import type { FoundInstance } from './instance.ts';
import { localRequest } from './local-http.ts';
import { probeNats, probeService, socketPaths } from './plan.ts';
import type { Health } from './process-spec.ts';

/** Checks of `sluice status` on the processes themselves: each is asked, whoever supervises it. */
export async function processChecks(found: FoundInstance): Promise<Check[]> {
  const names = found.instance.processes.map(({ name }) => name);
  return [
    supervisorCheck(found),
    ...(await Promise.all(names.map((name) => processCheck(found, name)))),
    await storeCheck(found),
  ];
}

function supervisorCheck({ instance, supervisorAlive, layout }: FoundInstance): Check {
  if (supervisorAlive) return ok('supervisor', `pid ${instance.supervisor.pid}, ${instance.state}`);
  const directories = instance.directories.join(' ');
  return {
    id: 'supervisor',
    state: 'fail',
    cause: 'it is gone; the other processes go on, and nobody restarts them',
    next: `sluice up ${directories} --data-dir ${layout.root}`,
  };
}

async function processCheck(found: FoundInstance, name: string): Promise<Check> {
  const id = `process/${name}`;
  const view = found.instance.processes.find((process) => process.name === name);
  const next = `tail ${join(found.layout.log, `${name}.log`)}`;
  if (!found.alive.includes(name))
    return { id, state: 'fail', cause: `does not run${view?.lastExit ? `; it ${view.lastExit}` : ''}`, next };
  const health = await probe(found, name);
  const restarts =
    view === undefined || view.restarts === 0
      ? ''
      : `, ${view.restarts} restarts, the last time it ${view.lastExit}`;
  if (health.ok && health.degraded !== undefined)
    return { id, state: 'warn', cause: `ready, but degraded: ${health.degraded}${restarts}`, next };
  if (health.ok) return ok(id, `ready, pid ${view?.pid ?? 'unknown'}${restarts}`);
  return { id, state: 'fail', cause: `not ready: ${health.detail}${restarts}`, next };
}

async function probe({ instance, layout }: FoundInstance, name: string): Promise<Health> {
  const sockets = socketPaths(layout.sockets);
  if (name === 'envoy') return new EnvoyAdmin(sockets.envoyAdmin).probe();
  return name === 'nats' ? probeNats(instance.natsMonitorPort) : probeService(sockets.http(name));
}

const varzSchema = z.object({
  version: z.string(),
  jetstream: z.object({ config: z.object({ sync_always: z.boolean().optional() }).optional() }).optional(),
});

/** NATS' own word on its version and on how safely it writes. */
async function storeCheck({ instance, layout }: FoundInstance): Promise<Check> {
  const next = `tail ${join(layout.log, 'nats.log')}`;
  try {
    const at = { port: instance.natsMonitorPort };
    const { body } = await localRequest({ at, path: '/varz', timeoutMs: 2_000 });
    const { version, jetstream } = varzSchema.parse(JSON.parse(body));
    if (jetstream?.config?.sync_always === true)
      return ok('nats/store', `version ${version}, every write is synced`);
    return { id: 'nats/store', state: 'fail', cause: `version ${version} does not sync every write`, next };
  } catch {
    return { id: 'nats/store', state: 'fail', cause: 'its monitoring port does not answer', next };
  }
}
