import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoreV1Api, KubeConfig, KubernetesObjectApi, VersionApi } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeIf } from '../describe-if.ts';
import { launch } from '../process.ts';
import { until } from '../until.ts';
import {
  type Cluster,
  clusterStartMs,
  clusterUnavailable,
  kubernetesVersion,
  startCluster,
} from './index.ts';

const gateway = (listener: object) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'a', namespace: 'default' },
  spec: {
    gatewayClassName: 'sluice',
    listeners: [{ name: 'http', port: 80, protocol: 'HTTP', ...listener }],
  },
});

const clusterDirs = (pid: number) =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`sluice-cluster-${pid}-`));

describeIf(clusterUnavailable())('a real API server', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ onDeath: () => undefined });
  }, clusterStartMs);
  afterAll(() => cluster?.stop());

  it('is of the version that go.mod pins', async () => {
    const { gitVersion } = await cluster.kubeConfig.makeApiClient(VersionApi).getCode();
    expect(gitVersion).toBe(kubernetesVersion);
  });

  it("checks Gateway API objects with the CRDs' own rules", async () => {
    await cluster.apply([gateway({})]);
    await expect(cluster.apply([gateway({ tls: { mode: 'Terminate' } })])).rejects.toThrow(
      'certificateRefs or options must be specified when mode is Terminate',
    );
  });

  it('lets a ServiceAccount do what RBAC says, and no more', async () => {
    const file = await cluster.serviceAccountKubeconfig({ namespace: 'default', name: 'nobody' });
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromFile(file);
    await expect(kubeConfig.makeApiClient(CoreV1Api).listNamespace()).rejects.toThrow(
      'system:serviceaccount:default:nobody',
    );
  });

  it('comes back with what it held after the API server and etcd were killed', async () => {
    await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kept' } }]);
    await cluster.signal('kube-apiserver', 'SIGKILL');
    await cluster.signal('etcd', 'SIGKILL');
    const namespaces = cluster.kubeConfig.makeApiClient(CoreV1Api);
    await expect(namespaces.readNamespace({ name: 'kept' })).rejects.toThrow('fetch failed');
    await cluster.start('etcd');
    await cluster.start('kube-apiserver');
    expect((await namespaces.readNamespace({ name: 'kept' })).metadata?.name).toBe('kept');
  });

  it('has nothing of another cluster that runs beside it', async () => {
    await using other = await startCluster({ channel: 'experimental', controllerManager: true });
    expect(other.server).not.toBe(cluster.server);
    const crd = (name: string) => ({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name },
    });
    const experimental = crd('xmeshes.gateway.networking.x-k8s.io');
    const api = (of: Cluster) => KubernetesObjectApi.makeApiClient(of.kubeConfig);
    expect((await api(other).read(experimental)).metadata?.name).toBe(experimental.metadata.name);
    await expect(api(cluster).read(experimental)).rejects.toThrow('not found');
  });

  it('ends with the process that started it, even by SIGKILL, and the next start removes its files', async () => {
    const owner = await launch({
      command: process.execPath,
      args: [join(import.meta.dirname, 'hold-cluster.fixture.ts')],
    });
    const server = (await owner.waitForLine(/^https:/, 60_000)).trim();
    expect(clusterDirs(owner.pid)).toHaveLength(1);
    owner.kill('SIGKILL');
    await owner.exited;
    const links = () => launch({ command: 'ip', args: ['-o', '-4', 'address'] });
    const peer = new URL(server).hostname.replace(/\d+$/, (last) => String(Number(last) - 1));
    await until(
      async () => {
        const listed = await links();
        await listed.exited;
        return !listed.stdout().includes(`${peer}/`);
      },
      { message: `the network of the killed owner, ${peer}, to go` },
    );
    await using _next = await startCluster({ channel: 'none' });
    expect(clusterDirs(owner.pid)).toEqual([]);
  });
});
