import { type Command, Option } from 'commander';
import type { CommandContext, Finish } from '../command.ts';
import { dataDirOption, outputOption, routeLayoutOption } from './options.ts';
import type { ReplayOptions } from './replay-action.ts';

const help = `
It checks the hash chains, gaps and checkpoints of every stream, then translates the facts again from the start and
compares the outcome with every revision on the log, by hashes. A revision that another version of the translator made
may differ: the difference is printed, and is no fault. Exit code 1 where something is wrong.

Examples:
  $ sluice replay --verify
  $ sluice replay --verify --data-dir ./.sluice/state     also when that instance is stopped
  $ sluice replay --verify --fixture history.jsonl        a log that \`sluice log export\` wrote`;

/** `sluice replay --verify`. */
export function registerReplay(program: Command, context: CommandContext, finish: Finish): void {
  program
    .command('replay')
    .summary('prove that the log gives what is in force')
    .description('Proves that the retained log is whole, and that translating it again gives the same.')
    .requiredOption('--verify', 'compare with what is on the log')
    .addOption(new Option('--fixture <file>', 'a log written by `sluice log export`').conflicts('dataDir'))
    .addOption(outputOption(['table', 'json']))
    .addOption(routeLayoutOption())
    .addOption(dataDirOption())
    .addHelpText('after', help)
    .action(async (options: ReplayOptions) => {
      const { runReplay } = await import('./replay-action.ts');
      finish(await runReplay(context, options));
    });
}
