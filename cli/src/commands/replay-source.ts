import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createMemoryLog, type EventLog, importLog } from '@sluice/event-log';
import { streams } from '@sluice/events';
import type { CliConfig } from '../config.ts';
import { connectInstance } from '../connection.ts';
import { writeNatsConfig } from '../standalone/config-files.ts';
import { findInstance } from '../standalone/find-instance.ts';
import { type FoundInstance, readInstance } from '../standalone/instance.ts';
import { makeKeys } from '../standalone/keys.ts';
import { takeLock } from '../standalone/lock.ts';
import { ManagedProcess } from '../standalone/managed-process.ts';
import { PidFile } from '../standalone/pid-file.ts';
import { natsSpec } from '../standalone/plan.ts';
import { choosePorts } from '../standalone/ports.ts';
import { UserError } from '../standalone/settings.ts';
import { findProgram } from '../standalone/toolchain.ts';
import { isExportHead, splitExport } from './export-format.ts';

const natsReadyMs = 30_000;

/** A log to replay. Disposing it closes it, and stops what was started for it. */
export interface LogSource extends AsyncDisposable {
  readonly log: EventLog;
  /** The instance that it is the log of; undefined for an exported log. */
  readonly found: FoundInstance | undefined;
}

/** The log of the instance that a command means; of a stopped one through a nats-server of its own for the time. */
export async function openLog(config: CliConfig, dataDir: string | undefined): Promise<LogSource> {
  const named = dataDir ?? config.dataDir;
  const known = named === undefined ? undefined : readInstance(config, named);
  const found = known ?? findInstance(config, dataDir);
  if (!found.alive.includes('nats')) return openStopped(config, found);
  const log = await connectInstance(found);
  return { log, found, [Symbol.asyncDispose]: () => log.close() };
}

async function openStopped(config: CliConfig, found: FoundInstance): Promise<LogSource> {
  const { layout } = found;
  const stack = new AsyncDisposableStack();
  const lock = await takeLock({ uid: config.uid, id: layout.id });
  if (lock === undefined)
    throw new UserError(
      `another command works on ${layout.root}`,
      'wait until it is done, or stop it with `sluice down`',
    );
  stack.defer(() => lock.release());
  try {
    const ports = await startNats(config, found, stack);
    const log = await connectInstance({ layout, instance: ports });
    stack.defer(() => log.close());
    return { log, found, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function startNats(
  config: CliConfig,
  { layout, instance }: FoundInstance,
  stack: AsyncDisposableStack,
) {
  const natsServer = findProgram('nats-server', config.path);
  if (natsServer === undefined)
    throw new UserError(
      'nats-server was not found',
      'run `npm start` once in the checkout, which fetches it',
    );
  const ports = await choosePorts({ earlier: instance, natsAlive: false });
  const replicas = { 'api-watcher': 1, translator: 1, 'xds-server': 1, 'bpf-agent': 0 };
  const file = writeNatsConfig({ layout, ...ports, request: { replicas } }, makeKeys(layout));
  const managed = new ManagedProcess(
    natsSpec({ layout, natsServer, natsMonitorPort: ports.natsMonitorPort }, file),
    {
      instanceId: layout.id,
      pidFile: new PidFile(layout.run, 'nats'),
      note: () => {},
      changed: () => {},
    },
  );
  await managed.start();
  stack.defer(() => managed.stop());
  const deadline = performance.now() + natsReadyMs;
  while (!managed.ready) {
    if (performance.now() > deadline)
      throw new UserError('nats-server does not start', `tail ${layout.log}/nats.log`);
    await delay(20);
  }
  return ports;
}

/** A log that `sluice log export` wrote, in memory. Streams that it leaves out are empty. */
export async function openFixture(file: string): Promise<LogSource> {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const [first] = lines;
  if (first === undefined || !isExportHead(first))
    throw new UserError(`${file} is no exported log`, 'write one with `sluice log export`');
  const log = createMemoryLog();
  for (const stream of splitExport(lines)) await importLog(log, stream);
  for (const definition of Object.values(streams)) await log.ensureStream(definition);
  return { log, found: undefined, [Symbol.asyncDispose]: () => log.close() };
}
