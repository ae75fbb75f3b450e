import { type Command, Option } from 'commander';
import type { CommandContext, ExitCode, Finish } from '../command.ts';
import { protocolOf } from '../model/connection-line.ts';
import type { Moment } from '../model/find-moment.ts';
import { UserError } from '../standalone/settings.ts';
import type { ExplainOptions } from './explain-action.ts';
import { dataDirOption, outputOption, parseMoment, parseWhole } from './options.ts';

const help = `
URL's host is the address of a Gateway, with -H 'Host: …' for the name; or a name: then every Gateway that listens on
the port is asked. Over https the SNI is the name in the URL, or --sni.
--at takes a sequence of FACTS as \`sluice log\` shows it, a revision as the access log of Envoy shows it (2-17), or a
moment (2026-11-22T18:00:00Z, 10m).
--request-id explains a request that was served, from the access log: ID is the x-request-id of its response.
Of a connection below HTTP: tls, tcp or udp, and ADDRESS:PORT as \`sluice get gateways\` shows it; of tls also NAME:PORT.
Of tcp and udp also the address of a Service, or a node's with a node port: \`sluice get backends\` shows them.
Exit code 1 where no route takes the request, or the connection.

Examples:
  $ sluice explain GET http://127.80.0.1/details -H 'Host: shop.example'
  $ sluice explain POST https://bookinfo.cilium.rocks/reviews?id=1 -H 'X-Version: 2'
  $ sluice explain GET http://shop.example/ --at 42 -o json
  $ sluice explain tls 127.80.0.1:8443 --sni vault.shop.example
  $ sluice explain udp 127.80.0.1:5353
  $ sluice explain --request-id 4bca63ae-8f43-4e43-9b0e-3b3c0b3f2a0b`;

/** `sluice explain METHOD URL`. */
export function registerExplain(program: Command, context: CommandContext, finish: Finish): void {
  program
    .command('explain')
    .summary('which route takes a request or connection, since which change, and why no other')
    .description(
      'Tells which route takes a request or a connection, which change put it there, and why the others do not take it.',
    )
    .argument('[method]', 'e.g. GET; or tls, tcp, udp for a connection')
    .argument(
      '[url]',
      'http:// or https://, with path and query as they would be sent; ADDRESS:PORT of a connection',
    )
    .option('-H, --header <header>', "a header as 'Name: value'; may be repeated", append, [])
    .option('--sni <name>', 'server name of the TLS handshake')
    .option('--at <moment>', 'as it was then, instead of now', parseAt)
    .addOption(
      new Option('--request-id <id>', 'of a request that was served, instead of METHOD and URL').conflicts([
        'at',
        'sni',
      ]),
    )
    .addOption(outputOption(['table', 'json']))
    .addOption(dataDirOption())
    .addHelpText('after', help)
    .action(async (method: string | undefined, url: string | undefined, options: ExplainOptions & Logged) => {
      finish(await run(context, { ...options, method, url }));
    });
}

interface Logged {
  readonly requestId?: string;
}

async function run(
  context: CommandContext,
  asked: ExplainOptions & Logged & { readonly method: string | undefined; readonly url: string | undefined },
): Promise<ExitCode> {
  const { method, url, requestId: id } = asked;
  if (id !== undefined) {
    if (method !== undefined || asked.header.length > 0)
      throw new UserError(
        '--request-id takes the request from the access log',
        'leave out METHOD, URL and -H, or leave out --request-id',
      );
    const { runExplainLogged } = await import('./explain-logged-action.ts');
    return runExplainLogged(context, { ...asked, id });
  }
  const protocol = method === undefined ? undefined : protocolOf(method);
  if (method === undefined || url === undefined)
    throw protocol === undefined
      ? new UserError(
          'a request is missing',
          'write `sluice explain GET http://HOST/PATH`, `sluice explain tls|tcp|udp ADDRESS:PORT`, or --request-id ID',
        )
      : new UserError(
          'a place is missing',
          `write \`sluice explain ${protocol.toLowerCase()} ADDRESS:PORT\``,
        );
  if (protocol !== undefined && !/^https?:\/\//i.test(url)) {
    if (asked.header.length > 0)
      throw new UserError(
        `a ${protocol} connection has no headers`,
        'leave out -H; the name of tls is --sni',
      );
    const { runExplainConnection } = await import('./explain-connection-action.ts');
    return runExplainConnection(context, { ...asked, protocol, place: url });
  }
  const { runExplain } = await import('./explain-action.ts');
  return runExplain(context, { ...asked, method, url });
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
