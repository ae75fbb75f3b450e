import type { Command } from 'commander';
import type { CommandContext, Finish } from '../command.ts';
import { dataDirOption, defaultDrainMs, parseDuration } from './options.ts';

const help = `
Examples:
  $ sluice down
  $ sluice down --data-dir ./.sluice/state`;

/** `sluice down`. */
export function registerDown(program: Command, context: CommandContext, finish: Finish): void {
  program
    .command('down')
    .summary('stop the running instance, also one whose `sluice up` was killed')
    .description('Stops the running instance: lets requests end, then stops every process of it.')
    .addOption(dataDirOption())
    .option(
      '--drain-timeout <duration>',
      'how long running requests may take to end (default: 10s)',
      parseDuration,
    )
    .addHelpText('after', help)
    .action(async (options: { dataDir?: string; drainTimeout?: number }) => {
      const { runDown } = await import('./down-action.ts');
      finish(
        await runDown(context, {
          dataDir: options.dataDir,
          drainTimeoutMs: options.drainTimeout ?? defaultDrainMs,
        }),
      );
    });
}
