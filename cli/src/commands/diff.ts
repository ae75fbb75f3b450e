import type { Command } from 'commander';
import type { CommandContext, Finish } from '../command.ts';
import { addDiffOptions, type DiffOutput, type DiffTarget } from './diff-options.ts';
import { dataDirOption } from './options.ts';

const help = `
FROM and TO are each one of
  now                    what is in force (the default of the side that is left out)
  42, 2-17               a sequence of FACTS as \`sluice log\` shows it, a revision as the access log shows it
  10m, 2026-11-22T18:00:00Z   how long ago, or a time
  DIR, DIR:DIR           manifests that are not applied yet: as if \`sluice up\` were started on these directories alone, in
                         place of those of now. Write ./42 for a directory of that name.

Objects, refusals, IR, what the kernel of a node is told (datapath), xDS and conditions are compared, and the newest requests of Envoy's access log (--requests) are
asked again on both sides. Headers and query are not logged: a request is judged without them, and as may-differ where a
match on them could decide. Conditions are those that the facts lead to once every connected Envoy has acknowledged.
Faults in manifests are named with their mend, and the rest is compared.
Exit code 0 where nothing differs, 1 where something does or a manifest is faulty, 2 where it cannot be told.

Examples:
  $ sluice diff manifests/            what would change were these applied
  $ sluice diff 10m                   what changed in the last ten minutes
  $ sluice diff 40 42 --details       between two sequences, line by line
  $ sluice diff now next/ -o json     everything as data`;

/** `sluice diff [FROM] [TO]`. */
export function registerDiff(program: Command, context: CommandContext, finish: Finish): void {
  const command = program
    .command('diff')
    .summary('what differs between two moments, or would change with other manifests')
    .description(
      'Compares two states: objects, IR, datapath, xDS, conditions, and which logged requests would take another route.',
    )
    .argument('<from>', 'a moment, or directories; alone: manifests against now, or a moment against now')
    .argument('[to]', 'the same')
    .option('--fixture <file>', 'a log written by `sluice log export`, in place of an instance');
  addDiffOptions(command)
    .addOption(dataDirOption().conflicts('fixture'))
    .addHelpText('after', help)
    .action(async (from: string, to: string | undefined, options: DiffOutput & DiffTarget) => {
      const { parseSides, runDiff } = await import('./diff-action.ts');
      finish(await runDiff(context, { ...options, ...parseSides(from, to) }));
    });
}
