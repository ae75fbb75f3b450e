import { Command, CommanderError } from 'commander';
import type { CommandContext, ExitCode, Finish } from './command.ts';
import { registerConvert } from './commands/convert.ts';
import { registerDiff } from './commands/diff.ts';
import { registerDown } from './commands/down.ts';
import { registerExplain } from './commands/explain.ts';
import { registerGet } from './commands/get.ts';
import { registerKubernetes } from './commands/kubernetes.ts';
import { registerLog } from './commands/log.ts';
import { registerReplay } from './commands/replay.ts';
import { registerStatus } from './commands/status.ts';
import { registerUp } from './commands/up.ts';
import { registerValidate } from './commands/validate.ts';
import { escapeText } from './output/escape.ts';
import type { Terminal } from './output/terminal.ts';
import { sluiceVersion } from './standalone/toolchain.ts';

/** The whole command line. Commands load what they need when they run, so that `--help` and `--version` are quick. */
export function createProgram(context: CommandContext): SluiceProgram {
  const program = new Command('sluice');
  const outcome: { code: ExitCode } = { code: 0 };
  const finish: Finish = (code) => {
    outcome.code = code;
  };
  program
    .description(
      'Turns Gateway API manifests into a running Envoy, with every change kept as an event that can be replayed.',
    )
    .version(sluiceVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .showHelpAfterError('(--help shows what is possible)')
    .configureOutput({
      writeOut: (text) => context.terminal.out(text.trimEnd()),
      writeErr: (text) => context.terminal.err(text.trimEnd()),
    })
    .addHelpText('after', programHelp);
  for (const register of [
    registerUp,
    registerDown,
    registerStatus,
    registerGet,
    registerExplain,
    registerDiff,
    registerLog,
    registerReplay,
    registerValidate,
    registerConvert,
    registerKubernetes,
  ])
    register(program, context, finish);
  return { program, outcome };
}

export interface SluiceProgram {
  readonly program: Command;
  readonly outcome: { readonly code: ExitCode };
}

const programHelp = `
Examples:
  $ sluice validate manifests/       check manifests without running anything
  $ sluice up manifests/             run them until Ctrl-C
  $ sluice status                    is all well, and if not, what to do
  $ sluice get gateways              addresses and conditions

Exit codes: 0 all is well, 1 findings, 2 wrong usage or the command could not do its work.`;

/** Runs the command line. Never throws: an error becomes a message with its mend, and exit code 2. */
export async function runProgram(
  { program, outcome }: SluiceProgram,
  of: { readonly context: CommandContext; readonly argv: readonly string[] },
): Promise<ExitCode> {
  try {
    await program.parseAsync(of.argv);
    return outcome.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    report(of.context.terminal, error);
    return 2;
  }
}

function report(terminal: Terminal, error: unknown): void {
  const { colors } = terminal;
  if (!(error instanceof Error)) {
    terminal.err(escapeText(String(error)));
    return;
  }
  const hint = 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined;
  terminal.err(`${colors.red('error:')} ${escapeText(error.message)}`);
  if (hint !== undefined) {
    if (hint !== '') terminal.err(`${colors.bold('mend:')} ${escapeText(hint)}`);
    return;
  }
  for (const line of (error.stack ?? '').split('\n').slice(1)) terminal.err(escapeText(line));
}
