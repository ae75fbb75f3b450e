import { type Command, Option } from 'commander';
import type { CommandContext, Finish } from '../command.ts';
import type { LogOptions } from './log-options.ts';
import { collect, dataDirOption, outputOption, parseMoment, parseWhole } from './options.ts';

const help = `
Streams: FACTS (what was decided on; the default), IR (what it was translated to), ACKS (what Envoys acknowledged),
STATUS (conditions), SECRETS (sealed; their content is never shown). With -o json every event is one line.

Examples:
  $ sluice log --since 10m
  $ sluice log --kind HTTPRoute --name http-app-1 --follow
  $ sluice log --stream IR,ACKS --type RevisionCommitted -o json
  $ sluice log export history.jsonl`;

/** `sluice log` and `sluice log export`. */
export function registerLog(program: Command, context: CommandContext, finish: Finish): void {
  const log = program
    .command('log')
    .summary('show the events of the log')
    .description('Shows the events of the log, the oldest first.')
    .option('--stream <names>', 'streams, separated by commas', collect)
    .option('--kind <kind>', 'only events of this kind of object')
    .option('-n, --namespace <namespace>', 'only events of this namespace')
    .option('--name <name>', 'only events of this object')
    .option('--type <types>', 'only events of these types, e.g. ObjectChanged', collect)
    .option('--since <moment>', 'from then on: RFC 3339, or how long ago (10m)', parseMoment)
    .option('--until <moment>', 'up to then: RFC 3339, or how long ago (10m)', parseMoment)
    .option('--from-seq <number>', 'from this sequence on', parseWhole(1))
    .addOption(new Option('-f, --follow', 'go on with new events until Ctrl-C').conflicts('until'))
    .addOption(outputOption(['table', 'json']))
    .addOption(dataDirOption())
    .addHelpText('after', help)
    .action(async (options: LogOptions) => {
      const { runLog } = await import('./log-action.ts');
      finish(await runLog(context, { ...options, stream: options.stream ?? ['FACTS'] }));
    });
  log
    .command('export')
    .summary('write the retained log to a file')
    .description(
      'Writes the retained log, one JSON document a line, for `sluice replay --fixture`. Sealed secrets are left out.',
    )
    .argument('[file]', 'where to; - is standard output', '-')
    .action(async (file: string, _options: unknown, command: Command) => {
      const { runLogExport } = await import('./log-export-action.ts');
      const { dataDir } = command.optsWithGlobals<{ dataDir?: string }>();
      finish(await runLogExport(context, { file, dataDir }));
    });
}
