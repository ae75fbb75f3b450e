import type { Command } from 'commander';
import type { CommandContext, Finish } from '../command.ts';
import type { Moment } from '../model/history.ts';
import type { ExplainOptions } from './explain-action.ts';
import { dataDirOption, outputOption, parseMoment, parseWhole } from './options.ts';

const help = `
URL's host is the address of a Gateway, with -H 'Host: …' for the name; or a name: then every Gateway that listens on
the port is asked. Over https the SNI is the name in the URL, or --sni.
--at takes a sequence of FACTS as \`sluice log\` shows it, a revision as the access log of Envoy shows it (2-17), or a
moment (2026-11-22T18:00:00Z, 10m).
Exit code 1 where no route takes the request.

Examples:
  $ sluice explain GET http://127.80.0.1/details -H 'Host: shop.example'
  $ sluice explain POST https://bookinfo.cilium.rocks/reviews?id=1 -H 'X-Version: 2'
  $ sluice explain GET http://shop.example/ --at 42 -o json`;

/** `sluice explain METHOD URL`. */
export function registerExplain(program: Command, context: CommandContext, finish: Finish): void {
  program
    .command('explain')
    .summary('which route takes a request, since which change, and why no other')
    .description(
      'Tells which route takes a request, which change put it there, and why the others do not take it.',
    )
    .argument('<method>', 'e.g. GET')
    .argument('<url>', 'http:// or https://, with path and query as they would be sent')
    .option('-H, --header <header>', "a header as 'Name: value'; may be repeated", append, [])
    .option('--sni <name>', 'server name of the TLS handshake')
    .option('--at <moment>', 'as it was then, instead of now', parseAt)
    .addOption(outputOption(['table', 'json']))
    .addOption(dataDirOption())
    .addHelpText('after', help)
    .action(async (method: string, url: string, options: ExplainOptions) => {
      const { runExplain } = await import('./explain-action.ts');
      finish(await runExplain(context, { ...options, method, url }));
    });
}

function append(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

/** Reads `42`, `2-17`, `2026-11-22T18:00:00Z` or `10m`. @throws InvalidArgumentError */
export function parseAt(text: string): Moment {
  if (/^\d+$/.test(text)) return { type: 'sequence', seq: parseWhole(1)(text) };
  if (/^\d+-\d+$/.test(text)) return { type: 'revision', revision: text };
  return { type: 'time', timeMs: parseMoment(text) };
}
