import type { Command } from 'commander';
import type { CommandContext, Finish } from '../command.ts';
import { parseWhole } from './options.ts';

const help = `
Each run makes new keys: a sealing key, one for each service to prove itself to NATS, and certificates of an authority
whose own key is not kept. Nothing is written to a cluster. Apply them once, with \`create\`, so that a second run cannot
replace the sealing key: with another one, what stands on the log sealed cannot be opened any more.

Examples:
  $ sluice kubernetes secrets | kubectl create -f -
  $ sluice kubernetes secrets --datapath-namespace sluice-datapath | kubectl create -f -      without kube-proxy
  $ sluice kubernetes secrets --namespace edge --days 365 > secrets.yaml     to be sealed and kept with the other manifests`;

/** `sluice kubernetes …`. */
export function registerKubernetes(program: Command, context: CommandContext, finish: Finish): void {
  program
    .command('kubernetes')
    .summary('what an installation in Kubernetes needs')
    .description('Prepares an installation in Kubernetes. It needs no access to a cluster.')
    .command('secrets')
    .summary('print the Secrets that the manifests in deploy/ mount')
    .description('Prints new keys and certificates as Secrets, for the manifests in deploy/.')
    .option('--namespace <name>', 'namespace of the installation', 'sluice-system')
    .option('--datapath-namespace <name>', 'also print what the agents in this namespace mount')
    .option('--days <days>', 'how long the certificates are valid', parseWhole(1), 3_650)
    .addHelpText('after', help)
    .action(async (options: { namespace: string; datapathNamespace?: string; days: number }) => {
      const { runKubernetesSecrets } = await import('./kubernetes-secrets-action.ts');
      finish(await runKubernetesSecrets(context, options));
    });
}
