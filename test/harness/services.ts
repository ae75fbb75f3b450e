import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LaunchedProcess, launch, type RunningNats, until } from '@sluice/testkit';
import { metricsOf } from './metrics.ts';

/** A service that is started by itself, as its README says. */
export interface ServiceSetup {
  readonly name: 'api-watcher' | 'translator' | 'xds-server';
  /** Below it stand sockets and state, as in an instance. */
  readonly dataDir: string;
  readonly nats: RunningNats;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a service on a log without access control, and waits until it answers. */
export async function startService({ name, dataDir, nats, env }: ServiceSetup): Promise<LaunchedProcess> {
  mkdirSync(join(dataDir, 'run'), { recursive: true });
  const service = await launch({
    name,
    command: process.execPath,
    args: [fileURLToPath(new URL(`../../services/${name}/src/main.ts`, import.meta.url))],
    env: {
      PATH: process.env.PATH,
      SLUICE_NATS_URL: nats.url,
      SLUICE_NATS_MONITOR_URL: nats.monitorUrl,
      SLUICE_HTTP_LISTEN: `unix:${join(dataDir, 'run', `${name}.http.sock`)}`,
      ...env,
    },
  });
  await until(() => metricsOf(dataDir, name), {
    message: () => `${name} to answer; its log:\n${service.log()}`,
  });
  return service;
}
