import type { CommandContext, ExitCode } from '../command.ts';
import { installationSecrets } from '../kubernetes/installation-secrets.ts';
import { toYaml } from '../output/yaml.ts';
import { UserError } from '../standalone/settings.ts';

/** Prints the Secrets of an installation, as YAML documents. */
export async function runKubernetesSecrets(
  { terminal }: CommandContext,
  options: { readonly namespace: string; readonly datapathNamespace?: string; readonly days: number },
): Promise<ExitCode> {
  const { namespace, datapathNamespace, days } = options;
  assertNamespace('--namespace', namespace);
  if (datapathNamespace !== undefined) assertNamespace('--datapath-namespace', datapathNamespace);
  const secrets = await installationSecrets({ namespace, datapathNamespace, days, nowMs: Date.now() });
  terminal.out(secrets.map((secret) => `---\n${toYaml(secret).trimEnd()}`).join('\n'));
  return 0;
}

function assertNamespace(option: string, name: string): void {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name))
    throw new UserError(
      `${option} ${name} is no name of a namespace`,
      'use lower-case letters, digits and "-", up to 63 of them',
    );
}
