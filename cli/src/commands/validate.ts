import type { Command } from 'commander';
import type { CommandContext, Finish } from '../command.ts';
import { outputOption } from './options.ts';

const help = `
Needs no running instance. Each fault is printed as file:line:column, the field and what is wrong, then how to mend it.
Exit code 1 where there is a fault.

Examples:
  $ sluice validate gateway.yaml route.yaml
  $ sluice validate manifests/
  $ cat route.yaml | sluice validate -`;

/** `sluice validate FILE…`. */
export function registerValidate(program: Command, context: CommandContext, finish: Finish): void {
  program
    .command('validate')
    .summary('check manifests without running anything')
    .description('Checks manifests: YAML, kinds, fields, and references between the objects given.')
    .argument('<file...>', 'files, directories (*.yaml, *.yml, *.json below them), or - for standard input')
    .addOption(outputOption(['table', 'json']))
    .addHelpText('after', help)
    .action(async (files: string[], options: { output: 'table' | 'json' }) => {
      const { runValidate } = await import('./validate-action.ts');
      finish(await runValidate(context, { files, output: options.output }));
    });
}
