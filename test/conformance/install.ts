import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CoreV1Api } from '@kubernetes/client-node';
import type { Cluster } from '@sluice/testkit/cluster';
import { parse } from 'yaml';
import { z } from 'zod';

const checkout = join(import.meta.dirname, '..', '..');
const kustomizationSchema = z.object({ resources: z.array(z.string()) });
const manifest = (...path: string[]) => readFileSync(join(checkout, 'deploy', ...path), 'utf8');

/** What is installed. */
export interface InstallOptions {
  /** Whether Services are made by the cluster's kube-proxy; false: by bpf-agent, as docs/guides/without-kube-proxy.md tells. */
  readonly kubeProxy: boolean;
}

/** Does what deploy/README.md tells a user to do: the namespaces, the Secrets, then every manifest. */
export async function installSluice(cluster: Cluster, { kubeProxy }: InstallOptions): Promise<void> {
  await cluster.apply(manifest('namespace.yaml'));
  if (!kubeProxy) {
    await cluster.apply(manifest('without-kube-proxy', 'namespace.yaml'));
    await cluster.apply([apiServerOf(cluster)]);
  }
  const agents = kubeProxy ? [] : ['--datapath-namespace', 'sluice-datapath'];
  const sluice = [join(checkout, 'cli/src/main.ts'), 'kubernetes', 'secrets', ...agents];
  const secrets = execFileSync(process.execPath, sluice, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await cluster.apply(secrets);
  await applyKustomization(cluster);
  if (!kubeProxy) await applyKustomization(cluster, 'without-kube-proxy');
}

/** Does what docs/guides/without-kube-proxy.md tells a user to do where Sluice is installed beside kube-proxy already, before that is deleted. */
export async function addAgents(cluster: Cluster): Promise<void> {
  const core = cluster.kubeConfig.makeApiClient(CoreV1Api);
  const [own, namespace] = ['sluice-system', 'sluice-datapath'];
  await cluster.apply(manifest('without-kube-proxy', 'namespace.yaml'));
  const secret = (name: string, data: Record<string, string | undefined>) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    data,
  });
  const seed = await core.readNamespacedSecret({ namespace: own, name: 'sluice-nats-bpf-agent' });
  const tls = await core.readNamespacedSecret({ namespace: own, name: 'sluice-nats-tls' });
  await cluster.apply([
    secret('sluice-nats-bpf-agent', { ...seed.data }),
    secret('sluice-nats-ca', { 'ca.crt': tls.data?.['ca.crt'] }),
    apiServerOf(cluster),
  ]);
  await applyKustomization(cluster, 'without-kube-proxy');
}

async function applyKustomization(cluster: Cluster, ...directory: string[]): Promise<void> {
  const { resources } = kustomizationSchema.parse(parse(manifest(...directory, 'kustomization.yaml')));
  for (const resource of resources) await cluster.apply(manifest(...directory, resource));
}

/** Where the API server is, not its Service. */
function apiServerOf({ server }: Cluster) {
  const { hostname, port } = new URL(server);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'sluice-api-server', namespace: 'sluice-system' },
    data: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
  };
}
