import type { Command } from 'commander';
import type { CommandContext, Finish } from '../command.ts';
import { dataDirOption, outputOption } from './options.ts';

const help = `
Every check has an id, a state (ok, warn, fail), the cause, and the command that shows more. Exit code 1 where one fails.

Examples:
  $ sluice status
  $ sluice status -o json`;

/** `sluice status`. */
export function registerStatus(program: Command, context: CommandContext, finish: Finish): void {
  program
    .command('status')
    .summary('is all well, and if not, what to do')
    .description('Checks every part of the running instance.')
    .addOption(outputOption(['table', 'json', 'yaml']))
    .addOption(dataDirOption())
    .addHelpText('after', help)
    .action(async (options: { dataDir?: string; output: 'table' | 'json' | 'yaml' }) => {
      const { runStatus } = await import('./status-action.ts');
      finish(await runStatus(context, options));
    });
}
