import { join, resolve } from 'node:path';
import { connectEventLog, type EventLog, type LogEvent, type VerifyReport } from '@sluice/event-log';
import { type StreamName, streams } from '@sluice/events';
import type { CliConfig } from './config.ts';
import { World } from './model/world.ts';
import { findInstance } from './standalone/find-instance.ts';
import type { FoundInstance } from './standalone/instance.ts';
import type { Layout } from './standalone/layout.ts';
import { UserError } from './standalone/settings.ts';

/** A connection to the log of a running instance. Disposing it closes it. */
export interface Connection extends AsyncDisposable {
  readonly found: FoundInstance;
  readonly log: EventLog;
}

/** The file with the nkey seed that the command reads the log with. */
export function cliSeedFile(layout: Layout): string {
  return join(layout.keys, 'nkeys', 'cli.seed');
}

/** Connects to the log of an instance. */
export function connectInstance({
  layout,
  instance,
}: {
  readonly layout: Layout;
  readonly instance: Pick<FoundInstance['instance'], 'natsPort' | 'natsMonitorPort'>;
}): Promise<EventLog> {
  return connectEventLog({
    url: `nats://127.0.0.1:${instance.natsPort}`,
    seedFile: cliSeedFile(layout),
    monitorUrl: `http://127.0.0.1:${instance.natsMonitorPort}`,
    name: 'cli',
  });
}

/**
 * Finds the instance that a command means and connects to its log.
 * @throws UserError where there is none, or its NATS does not run
 */
export async function openConnection(config: CliConfig, dataDir: string | undefined): Promise<Connection> {
  const found = findInstance(config, dataDir === undefined ? undefined : resolve(dataDir));
  if (!found.alive.includes('nats'))
    throw new UserError(
      `nats-server of the instance in ${found.layout.root} does not run`,
      '`sluice status` shows what is wrong',
    );
  const log = await connectInstance(found);
  return { found, log, [Symbol.asyncDispose]: () => log.close() };
}

/** Folds streams into a world, each as it stands now. A stream that nobody has made yet counts as empty. */
export async function loadWorld(log: EventLog, names: readonly StreamName[]): Promise<World> {
  return (await loadFolded(log, names)).world;
}

/** As `loadWorld`, with the states that come with reports; what has none is read. */
export async function worldOf(
  log: EventLog,
  names: readonly StreamName[],
  reports: readonly VerifyReport[],
): Promise<World> {
  const world = new World();
  for (const name of names) {
    const report = reports.find(({ stream }) => stream === streams[name].name);
    const { events } = report?.state ?? (await log.stateAt(streams[name].name));
    world.apply(name, [...events.values()].sort(bySequence));
  }
  return world;
}

/** As `loadWorld`, with the events that it was folded from, by stream and subject. */
export async function loadFolded(
  log: EventLog,
  names: readonly StreamName[],
): Promise<{
  readonly world: World;
  readonly events: ReadonlyMap<StreamName, ReadonlyMap<string, LogEvent>>;
}> {
  const world = new World();
  const events = new Map<StreamName, ReadonlyMap<string, LogEvent>>();
  for (const name of names) {
    const folded = await log.stateAt(streams[name].name);
    events.set(name, folded.events);
    world.apply(name, [...folded.events.values()].sort(bySequence));
  }
  return { world, events };
}

/** Order on the log. */
export function bySequence(a: LogEvent, b: LogEvent): number {
  return a.seq - b.seq;
}
