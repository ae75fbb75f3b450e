import { type Command, Option } from 'commander';
import type { CommandContext, Finish } from '../command.ts';
import type { GetOptions } from './get-action.ts';
import { dataDirOption, outputOption, parseWhole, routeLayoutOption } from './options.ts';

const help = `
WHAT is a kind (gateways, httproutes, ingresses, services, endpointslices, secrets, namespaces, gatewayclasses, referencegrants;
also gw, httproute, svc, ns, gc), or one of
  objects      every object in force
  conditions   every condition of every object, one a line
  ir           what the translator made of the objects
  backends     where connections to Services' addresses go, as the kernel of a node is told
  conntrack    connections from outside to Services that the kernels of nodes translate now; NAME is of a Service
  xds          what Envoy is given, in the route layout that the instance was started with; keys are left out

Examples:
  $ sluice get gateways
  $ sluice get httproutes -n shop -o yaml
  $ sluice get gw my-gateway -o json
  $ sluice get conditions
  $ sluice get backends web -n shop
  $ sluice get conntrack web --client 198.51.100.7
  $ sluice get ir http-route:default/http-app-1 -o json`;

/** `sluice get WHAT [NAME]`. */
export function registerGet(program: Command, context: CommandContext, finish: Finish): void {
  program
    .command('get')
    .summary('show objects with their status, conditions, the IR, or the xDS')
    .description('Shows objects with their status, conditions, the neutral model (IR), or the xDS resources.')
    .argument('<what>', 'a kind, or objects, conditions, ir, backends, conntrack, xds')
    .argument('[name]', 'only the one of this name')
    .option('-n, --namespace <namespace>', 'only this namespace')
    .addOption(new Option('-A, --all-namespaces', 'every namespace (the default)').conflicts('namespace'))
    .option('--client <address>', 'conntrack: only of the client of this address')
    .addOption(
      new Option(
        '--limit <n>',
        'conntrack: at most so many of each node (default 100, at most 1000)',
      ).argParser(parseWhole(1)),
    )
    .addOption(outputOption(['table', 'json', 'yaml']))
    .addOption(routeLayoutOption())
    .addOption(dataDirOption())
    .addHelpText('after', help)
    .action(async (what: string, name: string | undefined, options: GetOptions) => {
      const { runGet } = await import('./get-action.ts');
      finish(await runGet(context, { ...options, what, name }));
    });
}
