import type { Command } from 'commander';
import type { CommandContext, Finish } from '../command.ts';

const help = `
Needs no running instance and changes nothing. The manifests are printed as YAML; what has no equal, or an equal that must
be known of, stands there as a comment and goes to standard error as well. IngressClasses and Services among the files are
used (for the default class, the mode, and ports that are named) and not printed.
Exit code 1 where a document of the files is faulty (it is left out) or there is no Ingress.

Examples:
  $ sluice convert ingress ingress.yaml > gateway.yaml
  $ sluice convert ingress manifests/ --class cilium
  $ kubectl get ingress,ingressclass,service -A -o yaml | sluice convert ingress -`;

/** `sluice convert ingress FILE…`. */
export function registerConvert(program: Command, context: CommandContext, finish: Finish): void {
  const convert = program
    .command('convert')
    .summary('print the equal Gateway API manifests of other kinds')
    .description('Prints the equal Gateway API manifests of objects of other kinds.');
  convert
    .command('ingress')
    .summary('print the Gateway API manifests that do the same as Ingresses')
    .description('Prints Gateways and routes that give the same answer to every request as the Ingresses do.')
    .argument('<file...>', 'files, directories (*.yaml, *.yml, *.json below them), or - for standard input')
    .option('--class <name>', 'GatewayClass of the Gateways; default: the name of the IngressClass')
    .option('--namespace <name>', 'namespace of the Gateway of Ingresses that share one', 'default')
    .addHelpText('after', help)
    .action(async (files: string[], options: { class?: string; namespace: string }) => {
      const { runConvertIngress } = await import('./convert-ingress-action.ts');
      finish(await runConvertIngress(context, { files, ...options }));
    });
}
