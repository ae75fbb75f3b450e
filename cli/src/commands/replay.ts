import { type Command, Option } from 'commander';
import type { CommandContext, Finish } from '../command.ts';
import { addDiffOptions, type DiffOutput } from './diff-options.ts';
import { dataDirOption } from './options.ts';
import type { ReplayOptions } from './replay-action.ts';

const help = `
It checks the hash chains, gaps and checkpoints of every stream, then translates the facts again from the start and
compares the outcome with every revision on the log, by hashes. A revision that another version of the translator made
may differ: the difference is printed, and is no fault. Exit code 1 where something is wrong.

--with translates the facts of the newest revision with another version's translator and compares as \`sluice diff\` does,
and by hash: what an upgrade, or a way back, would change. VERSION-OR-DIR is a directory that holds a checkout of Sluice
with its libraries installed; else a tag or commit of the git history of this checkout, which is unpacked for the time
and run with the libraries of this installation. Its code runs in a process of its own that may write no file. It is
this version that compiles xDS for both sides. Exit code 1 where something differs.

Examples:
  $ sluice replay --verify
  $ sluice replay --verify --data-dir ./.sluice/state     also when that instance is stopped
  $ sluice replay --verify --fixture history.jsonl        a log that \`sluice log export\` wrote
  $ sluice replay --with v0.2.0                           what that version would make of it
  $ sluice replay --with ../sluice-next --details         line by line, for a checkout beside this one`;

/** `sluice replay --verify`. */
export function registerReplay(program: Command, context: CommandContext, finish: Finish): void {
  const command = program
    .command('replay')
    .summary('prove that the log gives what is in force, or preview another version')
    .description(
      'Proves that the retained log is whole and that translating it again gives the same; or shows what another version of the translator would make of it.',
    )
    .option('--verify', 'compare with what is on the log')
    .addOption(
      new Option(
        '--with <version-or-dir>',
        'translate with another version, and show what differs',
      ).conflicts('verify'),
    )
    .addOption(new Option('--fixture <file>', 'a log written by `sluice log export`').conflicts('dataDir'));
  addDiffOptions(command)
    .addOption(dataDirOption())
    .addHelpText('after', help)
    .action(
      async ({
        with: other,
        ...options
      }: ReplayOptions & DiffOutput & { with?: string; verify?: boolean }) => {
        if (other !== undefined) {
          const { runReplayWith } = await import('./replay-with-action.ts');
          finish(await runReplayWith(context, { ...options, other }));
          return;
        }
        if (options.verify !== true) command.error('error: say --verify, or --with VERSION-OR-DIR');
        const { runReplay } = await import('./replay-action.ts');
        finish(await runReplay(context, options));
      },
    );
}
