import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '@sluice/testkit/cluster';
import { parse } from 'yaml';
import { z } from 'zod';

const checkout = join(import.meta.dirname, '..', '..');
const kustomizationSchema = z.object({ resources: z.array(z.string()) });

/** Does what deploy/README.md tells a user to do: the namespace, the Secrets, then every manifest. */
export async function installSluice(cluster: Cluster): Promise<void> {
  const manifest = (name: string) => readFileSync(join(checkout, 'deploy', name), 'utf8');
  const { resources } = kustomizationSchema.parse(parse(manifest('kustomization.yaml')));
  await cluster.apply(manifest('namespace.yaml'));
  const sluice = [join(checkout, 'cli/src/main.ts'), 'kubernetes', 'secrets'];
  const secrets = execFileSync(process.execPath, sluice, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await cluster.apply(secrets);
  for (const resource of resources) await cluster.apply(manifest(resource));
}
