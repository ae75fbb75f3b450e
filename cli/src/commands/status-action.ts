import { resolve } from 'node:path';
import type { EventLog, VerifyReport } from '@sluice/event-log';
import type { CommandContext, ExitCode } from '../command.ts';
import { connectInstance, worldOf } from '../connection.ts';
import { askAgents } from '../model/ask-agents.ts';
import { type Check, integrityCheck, lagCheck, ok, unreadableCheck, worldChecks } from '../model/checks.ts';
import { datapathChecks } from '../model/datapath-checks.ts';
import { typedPath } from '../model/typed-path.ts';
import { toJson } from '../output/escape.ts';
import { formatTable } from '../output/table.ts';
import { toYaml } from '../output/yaml.ts';
import { findInstance } from '../standalone/find-instance.ts';
import type { FoundInstance } from '../standalone/instance.ts';
import { processChecks } from '../standalone/process-checks.ts';
import { translatedSequence } from '../standalone/translator-progress.ts';
import { streamNames } from './log-options.ts';
import { paintStatus } from './paint.ts';

/** Streams that tell of objects, their statuses and the Envoys. */
const shown = ['FACTS', 'STATUS', 'ACKS', 'IR'] as const;

/** Runs every check and prints them. Findings (1): one of them fails. */
export async function runStatus(
  { config, terminal }: CommandContext,
  options: { readonly dataDir?: string; readonly output: 'table' | 'json' | 'yaml' },
): Promise<ExitCode> {
  const found = findInstance(config, options.dataDir === undefined ? undefined : resolve(options.dataDir));
  const checks = [...(await processChecks(found)), ...(await logChecks(found))];
  const failed = checks.some(({ state }) => state === 'fail');
  const document = { dataDir: found.layout.root, ok: !failed, checks };
  if (options.output === 'json') terminal.out(toJson(document));
  else if (options.output === 'yaml') terminal.out(toYaml(document).trimEnd());
  else {
    const rows = checks.map(({ id, state, cause, next }) => [state, id, cause, next]);
    terminal.out(
      formatTable({
        head: ['STATE', 'CHECK', 'CAUSE', 'NEXT'],
        rows,
        paint: (cell) => paintStatus(terminal.colors, cell),
      }),
    );
  }
  return failed ? 1 : 0;
}

async function logChecks(found: FoundInstance): Promise<Check[]> {
  if (!found.alive.includes('nats')) return [];
  let log: EventLog;
  try {
    log = await connectInstance(found);
  } catch (error) {
    return [{ ...unreadableCheck('log', error), next: `tail ${found.layout.log}/nats.log` }];
  }
  try {
    const reports: VerifyReport[] = [];
    const streams: Check[] = [];
    for (const stream of streamNames)
      try {
        const report = await log.verify(stream, { withState: shown.some((name) => name === stream) });
        reports.push(report);
        streams.push(integrityCheck(report));
      } catch (error) {
        streams.push(unreadableCheck(`log/${stream}`, error));
      }
    return [...(await objectChecks(found, { log, reports })), ...streams, lowPortCheck(found)];
  } finally {
    await log.close();
  }
}

/** What the objects, their statuses and the Envoys are found to be; one check where the log is too damaged to tell. */
async function objectChecks(
  { instance, layout }: FoundInstance,
  { log, reports }: { readonly log: EventLog; readonly reports: readonly VerifyReport[] },
): Promise<Check[]> {
  const { controllerNames, directories, processes } = instance;
  try {
    const world = await worldOf(log, shown, reports);
    const names = processes.map(({ name }) => name);
    const typed = (file: string) => typedPath(file, { directories, cwd: process.cwd() });
    const running = [...world.datapaths.values()].filter(({ state }) => state === 'running');
    const nodes = running.map(({ node }) => node);
    return [
      ...worldChecks(world, { controllerNames, typed }),
      ...datapathChecks(world, await askAgents(log, { nodes, about: { kind: 'state' } })),
      lagCheck(world, await translatedSequence(layout.sockets, names)),
    ];
  } catch (error) {
    return [unreadableCheck('objects', error)];
  }
}

function lowPortCheck({ instance }: FoundInstance): Check {
  const { lowPortOffset: offset } = instance;
  return ok(
    'low-ports',
    offset === 0
      ? 'ports below 1024 can be bound'
      : `cannot be bound by this user: 80 is ${80 + offset}, 443 is ${443 + offset}`,
  );
}
