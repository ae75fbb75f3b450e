import { CoreV1Api, CustomObjectsApi } from '@kubernetes/client-node';
import { describeIf, until } from '@sluice/testkit';
import {
  type Cluster,
  clusterStartMs,
  clusterUnavailable,
  podsPrograms,
  startCluster,
} from '@sluice/testkit/cluster';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { conformanceImages } from '../../conformance/images.ts';
import { installSluice } from '../../conformance/install.ts';

const waitMs = 110_000;

describeIf(clusterUnavailable([...podsPrograms, 'echo-basic']))('deploy/ on a real cluster', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster({ pods: { images: await conformanceImages() } });
    await installSluice(cluster);
  }, clusterStartMs);
  afterAll(() => cluster?.stop());

  it('brings every Pod up, and each of them says that it is ready', async () => {
    const core = cluster.kubeConfig.makeApiClient(CoreV1Api);
    const pods = async () => (await core.listNamespacedPod({ namespace: 'sluice-system' })).items;
    const waiting = async () =>
      (await pods())
        .filter(
          ({ status }) => !status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'),
        )
        .map(({ metadata }) => metadata?.name);
    let last: readonly (string | undefined)[] = [];
    await until(
      async () => {
        last = await waiting();
        return last.length === 0;
      },
      { timeoutMs: waitMs, intervalMs: 500, message: () => `Pods to be ready: ${last.join(', ')}` },
    );
    const apps = (await pods()).map(({ metadata }) => metadata?.labels?.['app.kubernetes.io/name']);
    expect(apps.toSorted()).toEqual([
      'api-watcher',
      'api-watcher',
      'envoy',
      'nats',
      'translator',
      'translator',
      'xds-server',
      'xds-server',
    ]);
  });

  it('accepts its GatewayClass, with no more rights than its own ServiceAccount has', async () => {
    const custom = cluster.kubeConfig.makeApiClient(CustomObjectsApi);
    const gatewayClass = () =>
      custom.getClusterCustomObject({
        group: 'gateway.networking.k8s.io',
        version: 'v1',
        plural: 'gatewayclasses',
        name: 'sluice',
      }) as Promise<{ status?: { conditions?: { type: string; status: string }[] } }>;
    await until(
      async () =>
        (await gatewayClass()).status?.conditions?.some(
          ({ type, status }) => type === 'Accepted' && status === 'True',
        ),
      { timeoutMs: waitMs, message: 'GatewayClass sluice to be accepted' },
    );
  });
});
