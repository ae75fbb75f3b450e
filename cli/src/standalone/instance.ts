import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { CliConfig } from '../config.ts';
import { type Layout, layoutOf } from './layout.ts';
import { readJson, writeWhole } from './pid-file.ts';
import { findMarked, isAlive } from './process-identity.ts';

const processViewSchema = z.strictObject({
  name: z.string(),
  state: z.enum(['waiting', 'starting', 'ready', 'unready', 'restarting', 'stopped']),
  pid: z.int().optional(),
  restarts: z.int(),
  lastExit: z.string(),
  adopted: z.boolean(),
  detail: z.string(),
});

/** `run/instance.json`: what other commands, and the next supervisor, need to know about an instance. */
export const instanceSchema = z.strictObject({
  schema: z.literal(1),
  version: z.string(),
  /** Absolute. */
  directories: z.array(z.string()),
  supervisor: z.strictObject({ pid: z.int().positive(), startTime: z.string() }),
  state: z.enum(['starting', 'ready', 'stopping', 'stopped']),
  natsPort: z.int(),
  natsMonitorPort: z.int(),
  pool: z.string(),
  lowPortOffset: z.int(),
  controllerNames: z.array(z.string()),
  /** How xds-server cuts routes; absent in files of earlier versions: its default. */
  routeLayout: z.string().optional(),
  processes: z.array(processViewSchema),
});
export type Instance = z.infer<typeof instanceSchema>;

/** An instance as found on disk, with what of it lives. */
export interface FoundInstance {
  readonly layout: Layout;
  readonly instance: Instance;
  readonly supervisorAlive: boolean;
  /** Names of its living processes; empty where it is stopped. */
  readonly alive: readonly string[];
}

const registryEntrySchema = z.strictObject({ dataDir: z.string() });

function registryOf(config: CliConfig): string {
  return join(config.stateHome, 'sluice-instances');
}

/** Makes the instance known to the other commands of this user. */
export function registerInstance(config: CliConfig, layout: Layout): void {
  mkdirSync(registryOf(config), { recursive: true, mode: 0o700 });
  writeWhole(join(registryOf(config), `${layout.id}.json`), `${JSON.stringify({ dataDir: layout.root })}\n`);
}

/** Takes it out again. */
export function unregisterInstance(config: CliConfig, layout: Layout): void {
  rmSync(join(registryOf(config), `${layout.id}.json`), { force: true });
}

/** Reads the instance of a data directory; undefined where there never was one. */
export function readInstance(config: CliConfig, dataDir: string): FoundInstance | undefined {
  const layout = layoutOf(dataDir, config);
  const instance = readJson(layout.instance, instanceSchema);
  if (instance === undefined) return undefined;
  const alive = findMarked(layout.id).map((process) => process.name);
  return { layout, instance, supervisorAlive: isAlive(instance.supervisor), alive };
}

/** All registered instances of this user of which anything lives. */
export function runningInstances(config: CliConfig): FoundInstance[] {
  let entries: string[];
  try {
    entries = readdirSync(registryOf(config)).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
  const dataDirs = entries.map(
    (name) => readJson(join(registryOf(config), name), registryEntrySchema)?.dataDir,
  );
  return dataDirs
    .flatMap((dataDir) => (dataDir === undefined ? [] : (readInstance(config, dataDir) ?? [])))
    .filter((found) => found.supervisorAlive || found.alive.length > 0);
}
