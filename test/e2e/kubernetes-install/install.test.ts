import { CoreV1Api, CustomObjectsApi } from '@kubernetes/client-node';
import { describeIf, LoadGenerator, request, until } from '@sluice/testkit';
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
import { ClusterApi } from '../../harness/kubernetes/cluster-api.ts';
import { gateway, httpRoute, rule } from '../../harness/objects.ts';

const waitMs = 110_000;
/** For all Pods to be replaced: an Envoy takes 20 s to go. */
const rollMs = 300_000;

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

  it(
    'rolls the Envoys and the xds-servers under load without a failed request',
    async () => {
      await using api = new ClusterApi(cluster);
      await cluster.apply(echoBackend as never);
      await api.applyAll([gateway('edge'), httpRoute('echo', { parent: 'edge', rules: [rule('echo')] })]);
      const target = { address: cluster.nodeAddress, port: await nodePortOf(api, 'edge-sluice') };
      await until(async () => (await request({ ...target, host: 'any.test' })).status === 200, {
        timeoutMs: waitMs,
        message: 'the Gateway to be served',
      });
      await using load = new LoadGenerator({ ...target, ratePerSecond: 100, maxSeconds: rollMs / 1_000 });
      for (const [workload, app] of [
        ['daemonsets/envoy', 'envoy'],
        ['statefulsets/xds-server', 'xds-server'],
      ] as const) {
        const before = await podsOf(api, app);
        await roll(api, workload);
        let now: readonly string[] = [];
        await until(
          async () => {
            now = await podsOf(api, app);
            const isRolled = now.length === before.length && now.every((uid) => !before.includes(uid));
            return isRolled && (await allReady(api, app));
          },
          {
            timeoutMs: waitMs,
            intervalMs: 250,
            message: () => `${app}: ${before} to be replaced, now ${now}`,
          },
        );
      }
      const answered = load.answered;
      await until(() => load.answered > answered + 100, { timeoutMs: waitMs, message: 'answers afterwards' });
      expect((await load.stop()).failures).toEqual([]);
    },
    rollMs,
  );
});

const labels = { app: 'echo' };
const echoBackend = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'echo', namespace: 'default' },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: 'echo',
              image: 'registry.k8s.io/gateway-api/echo-basic:v1.5.1',
              env: [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
            },
          ],
        },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'echo', namespace: 'default' },
    spec: { selector: labels, ports: [{ port: 8080, targetPort: 3000 }] },
  },
];

const system = '/namespaces/sluice-system';

/** Changes nothing but an annotation of the Pods, which replaces them. */
async function roll(api: ClusterApi, workload: string): Promise<void> {
  await api.json({
    method: 'PATCH',
    path: `/apis/apps/v1${system}/${workload}`,
    contentType: 'application/merge-patch+json',
    body: { spec: { template: { metadata: { annotations: { 'sluice.test/rolled': 'yes' } } } } },
  });
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly uid: string };
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }[];
}

async function listPods(api: ClusterApi, app: string): Promise<PodList['items']> {
  const path = `/api/v1${system}/pods?labelSelector=app.kubernetes.io%2Fname%3D${app}`;
  return ((await api.json({ path })) as PodList).items;
}

async function podsOf(api: ClusterApi, app: string): Promise<string[]> {
  return (await listPods(api, app)).map(({ metadata }) => metadata.uid);
}

async function allReady(api: ClusterApi, app: string): Promise<boolean> {
  return (await listPods(api, app)).every(({ status }) =>
    status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'),
  );
}

/** The port of the node that leads to port 80 of a Service. */
function nodePortOf(api: ClusterApi, name: string): Promise<number> {
  return until(
    async () => {
      const service = { apiVersion: 'v1', kind: 'Service', metadata: { name } };
      const { ports = [] } = ((await api.find(service))?.spec ?? {}) as { ports?: { nodePort?: number }[] };
      return ports[0]?.nodePort;
    },
    { timeoutMs: waitMs, message: `a node port of ${name}` },
  );
}
