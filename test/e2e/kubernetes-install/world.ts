// What the tests of an installation ask and do.
import { realpathSync } from 'node:fs';
import { CoreV1Api } from '@kubernetes/client-node';
import { launch, request, until } from '@sluice/testkit';
import type { Cluster, Image } from '@sluice/testkit/cluster';
import type { ClusterApi } from '../../harness/kubernetes/cluster-api.ts';
import { gateway, httpRoute, rule } from '../../harness/objects.ts';

/** For an installation on a machine that is busy with others: half a minute is usual. */
export const waitMs = 240_000;
/** For a test with several such waits. */
export const testMs = 3 * waitMs;

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** Waits until the API server has a condition of a Service of `default` that is as wished. */
export async function untilCondition(
  cluster: Cluster,
  of: { readonly service: string; readonly type: string },
  isAsWished: (condition: Condition) => boolean,
): Promise<void> {
  const core = cluster.kubeConfig.makeApiClient(CoreV1Api);
  let last: Condition | undefined;
  await until(
    async () => {
      const { status } = await core.readNamespacedService({ namespace: 'default', name: of.service });
      last = status?.conditions?.find(({ type }) => type === of.type);
      return last !== undefined && isAsWished(last);
    },
    {
      timeoutMs: waitMs,
      intervalMs: 250,
      message: () => `${of.type} of Service ${of.service}, now ${JSON.stringify(last)}`,
    },
  );
}

/** Waits until each Pod of the installation is there and says that it is ready. */
export async function untilPodsReady(cluster: Cluster, expected: readonly string[]): Promise<void> {
  const core = cluster.kubeConfig.makeApiClient(CoreV1Api);
  let last = '';
  await until(
    async () => {
      const pods = (await core.listPodForAllNamespaces()).items.filter(({ metadata }) =>
        metadata?.namespace?.startsWith('sluice-'),
      );
      const isReady = (pod: (typeof pods)[number]) =>
        pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
      last = pods
        .filter((pod) => !isReady(pod))
        .map(({ metadata }) => metadata?.name)
        .join(', ');
      const apps = pods.map(({ metadata }) => metadata?.labels?.['app.kubernetes.io/name'] ?? '').sort();
      return last === '' && apps.join() === [...expected].sort().join();
    },
    { timeoutMs: waitMs, intervalMs: 500, message: () => `Pods to be ready: ${last}` },
  );
}

/** The Pods of deploy/, by the program in them. */
export const installedPods: readonly string[] = [
  ...['api-watcher', 'api-watcher', 'envoy', 'nats', 'translator', 'translator', 'xds-server', 'xds-server'],
];

/** The body that a URL gives to a process of the node; waits until there is one. */
export async function fetchInside(cluster: Cluster, url: string): Promise<string> {
  const script = `process.stdout.write(await (await fetch(${JSON.stringify(url)})).text())`;
  return until(
    async () => {
      await using run = await launch(cluster.inside(process.execPath, ['--input-type=module', '-e', script]));
      await run.exited;
      return run.stdout() || undefined;
    },
    { timeoutMs: waitMs, intervalMs: 250, message: url },
  );
}

/** What begins the line that `resultInPod` waits for. */
export const resultPrefix = 'result ';

/** Runs a program of Node in a Pod until it writes a line that begins with `resultPrefix`; what follows there, and the address of the Pod. */
export async function resultInPod(
  cluster: Cluster,
  name: string,
  script: string,
): Promise<{ readonly result: string; readonly ip: string }> {
  const core = cluster.kubeConfig.makeApiClient(CoreV1Api);
  const pod = { namespace: 'default', name };
  await cluster.apply([
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: pod,
      spec: {
        restartPolicy: 'Never',
        containers: [
          { name: 'client', image: 'node.test/node:24', args: ['--input-type=module', '-e', script] },
        ],
      },
    },
  ]);
  let last = '';
  const result = await until(
    async () => {
      // It has no log before it runs.
      const log = await core.readNamespacedPodLog(pod).catch((error: Error) => error.message);
      const lines = log.trimEnd().split('\n');
      last = lines.at(-1) ?? '';
      return lines.find((line) => line.startsWith(resultPrefix))?.slice(resultPrefix.length);
    },
    { timeoutMs: waitMs, intervalMs: 250, message: () => `a result of Pod ${name}: ${last}` },
  );
  const { status } = await core.readNamespacedPod(pod);
  await core.deleteNamespacedPod({ ...pod, gracePeriodSeconds: 0 });
  return { result, ip: status?.podIP ?? '' };
}

const node = realpathSync(process.execPath);
/** What runs the programs of `resultInPod`: to be among the images of the cluster. */
export const nodeImage: Image = {
  pattern: '^node\\.test/node:',
  entrypoint: [node],
  mounts: [{ source: node, target: node }],
  system: true,
};

const labels = { app: 'echo' };
/** A Deployment of two Pods that answer with what it was asked, and its Service. */
export const echoBackend = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'echo', namespace: 'default' },
    spec: {
      replicas: 2,
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
export async function roll(api: ClusterApi, workload: string): Promise<void> {
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

/** Uids of the Pods of a program. */
export async function podsOf(api: ClusterApi, app: string): Promise<string[]> {
  return (await listPods(api, app)).map(({ metadata }) => metadata.uid);
}

/** Whether each of them is ready. */
export async function allReady(api: ClusterApi, app: string): Promise<boolean> {
  return (await listPods(api, app)).every(({ status }) =>
    status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'),
  );
}

/** The port of the node that leads to port 80 of a Service. */
export function nodePortOf(api: ClusterApi, name: string): Promise<number> {
  return until(
    async () => {
      const service = { apiVersion: 'v1', kind: 'Service', metadata: { name } };
      const { ports = [] } = ((await api.find(service))?.spec ?? {}) as { ports?: { nodePort?: number }[] };
      return ports[0]?.nodePort;
    },
    { timeoutMs: waitMs, message: `a node port of ${name}` },
  );
}

/** Puts the echo Service behind a Gateway, and resolves with the port of the node where that answers. */
export async function serveEcho(
  cluster: Cluster,
  api: ClusterApi,
): Promise<{ readonly address: string; readonly port: number }> {
  await cluster.apply(echoBackend as never);
  await api.applyAll([gateway('edge'), httpRoute('echo', { parent: 'edge', rules: [rule('echo')] })]);
  const target = { address: cluster.nodeAddress, port: await nodePortOf(api, 'edge-sluice') };
  await until(async () => (await request({ ...target, host: 'any.test' })).status === 200, {
    timeoutMs: waitMs,
    message: 'the Gateway to be served',
  });
  return target;
}
