import type { CommandContext, ExitCode } from '../command.ts';
import { installationSecrets } from '../kubernetes/installation-secrets.ts';
import { toYaml } from '../output/yaml.ts';
import { UserError } from '../standalone/settings.ts';

/** Prints the Secrets of an installation, as YAML documents. */
export async function runKubernetesSecrets(
  { terminal }: CommandContext,
  { namespace, days }: { readonly namespace: string; readonly days: number },
): Promise<ExitCode> {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace))
    throw new UserError(
      `--namespace ${namespace} is no name of a namespace`,
      'use lower-case letters, digits and "-", up to 63 of them',
    );
  const secrets = await installationSecrets({ namespace, days, nowMs: Date.now() });
  terminal.out(secrets.map((secret) => `---\n${toYaml(secret).trimEnd()}`).join('\n'));
  return 0;
}
