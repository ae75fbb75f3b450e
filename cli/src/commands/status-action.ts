import { resolve } from 'node:path';
import type { CommandContext, ExitCode } from '../command.ts';
import { connectInstance, loadWorld } from '../connection.ts';
import { type Check, integrityCheck, lagCheck, ok, worldChecks } from '../model/checks.ts';
import { toJson } from '../output/escape.ts';
import { formatTable } from '../output/table.ts';
import { toYaml } from '../output/yaml.ts';
import { findInstance } from '../standalone/find-instance.ts';
import type { FoundInstance } from '../standalone/instance.ts';
import { processChecks } from '../standalone/process-checks.ts';
import { translatedSequence } from '../standalone/translator-progress.ts';
import { streamNames } from './log-options.ts';
import { paintStatus } from './paint.ts';

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
  try {
    const log = await connectInstance(found);
    try {
      const world = await loadWorld(log, ['FACTS', 'STATUS', 'ACKS', 'IR']);
      const names = found.instance.processes.map(({ name }) => name);
      const translated = await translatedSequence(found.layout.sockets, names);
      const reports = await Promise.all(streamNames.map((stream) => log.verify(stream)));
      return [
        ...worldChecks(world, found.instance.controllerNames),
        lagCheck(world, translated),
        ...reports.map(integrityCheck),
        lowPortCheck(found),
      ];
    } finally {
      await log.close();
    }
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return [
      {
        id: 'log',
        state: 'fail',
        cause: `cannot be read: ${cause}`,
        next: `tail ${found.layout.log}/nats.log`,
      },
    ];
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
