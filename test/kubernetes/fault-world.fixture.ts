// What the fault tests have: a real API server, the platform with two of the services that run twice, Envoy, and what a test asks of them.
import {
  type Backend,
  type LoadGenerator,
  type RequestTarget,
  request,
  serviceObjects,
  startBackend,
  until,
} from '@sluice/testkit';
import { type Cluster, startCluster } from '@sluice/testkit/cluster';
import { ClusterApi } from '../harness/kubernetes/cluster-api.ts';
import { KubernetesPlatform, openGateway, prepareCluster } from '../harness/kubernetes/platform.ts';
import { type Condition, httpRoute, type ObjectStatus, path, rule } from '../harness/objects.ts';

/** Longest wait of a test, milliseconds: for a busy machine. */
export const patienceMs = 100_000;
export const replicated = { 'xds-server': 2, translator: 2 } as const;
export const edge = openGateway('edge');

/** One cluster and one platform for all tests of a file. */
export interface FaultWorld extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly api: ClusterApi;
  readonly platform: KubernetesPlatform;
  readonly target: RequestTarget;
  readonly backends: { readonly one: Backend; readonly two: Backend };
}

/** A route for a path prefix; whatever namespace it is in, it belongs to Gateway `default/edge`. */
export function routeAt(at: string, { name = at.slice(1), namespace = 'default', service = 'echo' } = {}) {
  return httpRoute(name, {
    namespace,
    parent: [{ name: 'edge', namespace: 'default' }],
    rules: [rule(service, { matches: [path('PathPrefix', at)] })],
  });
}

/** Service `echo` of a namespace with a backend behind it; its slice keeps its name. */
export function echo(backend: Backend, namespace = 'default'): object[] {
  const [service = {}, slice] = serviceObjects({ name: 'echo', namespace, endpoints: [backend] });
  const labels = { 'kubernetes.io/service-name': 'echo' };
  return [service, { ...slice, metadata: { name: 'echo', namespace, labels } }];
}

/** Starts all of it; Gateway `edge` is programmed, and `/steady` served. @param objects further ones, there before the platform */
export async function startFaultWorld(objects: readonly object[] = []): Promise<FaultWorld> {
  await using stack = new AsyncDisposableStack();
  const cluster = stack.use(await startCluster({ controllerManager: true }));
  const api = stack.use(new ClusterApi(cluster));
  await prepareCluster(api);
  const backend = async (name: string) =>
    stack.use(await startBackend({ name, address: cluster.hostAddress }));
  const backends = { one: await backend('one'), two: await backend('two') };
  await api.applyAll([...objects, ...echo(backends.one), edge, routeAt('/steady')]);
  const env = { 'api-watcher': { SLUICE_LEASE_SECONDS: '6' } };
  const platform = stack.use(await KubernetesPlatform.start({ cluster, api, replicas: replicated, env }));
  const target = await platform.target('edge');
  const held = stack.move();
  const world = {
    ...{ cluster, api, platform, target, backends },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
  await untilAnswer(world, '/steady', 200);
  await untilProgrammed(world);
  return world;
}

/** Waits for a status of a path. */
export async function untilAnswer({ target }: FaultWorld, at: string, status: number): Promise<void> {
  let last = 0;
  await until(
    async () => {
      last = (await request({ ...target, path: at })).status;
      return last === status;
    },
    { timeoutMs: patienceMs, message: () => `${status} for ${at}, not ${last}` },
  );
}

/** Conditions of the Gateway as the API server has them, of its newest generation only. */
export async function gatewayStatus({
  api,
}: FaultWorld): Promise<ObjectStatus & { readonly current: boolean }> {
  const found = await api.find(edge);
  const status = (found?.status ?? {}) as ObjectStatus;
  const of = (condition: Condition) => condition.observedGeneration === found?.metadata.generation;
  return { ...status, current: status.conditions?.every(of) ?? false };
}

/** Waits until the Gateway is said to be programmed as it is. */
export async function untilProgrammed(world: FaultWorld): Promise<void> {
  let last: unknown;
  await until(
    async () => {
      const { conditions = [], current } = await gatewayStatus(world);
      last = conditions;
      return current && conditions.some(({ type, status }) => type === 'Programmed' && status === 'True');
    },
    { timeoutMs: patienceMs, message: () => `the Gateway to be programmed: ${JSON.stringify(last)}` },
  );
}

/** Everything that Envoy was given: version and the time at which it took it. Equal only where nothing was sent again. */
export async function takenBy({ platform }: FaultWorld): Promise<string[]> {
  return versionsIn(await platform.envoy.configDump()).toSorted();
}

function versionsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.values(value).flatMap(versionsIn);
  if (!('last_updated' in value)) return below;
  const version = 'version_info' in value ? value.version_info : '';
  return [...below, `${JSON.stringify(value).match(/"name":"[^"]*"/)?.[0]} ${version} ${value.last_updated}`];
}

/** Waits for so many more answers. */
export async function answers(load: LoadGenerator, count: number): Promise<void> {
  const before = load.answered;
  await until(() => load.answered >= before + count, { timeoutMs: patienceMs, message: `${count} answers` });
}
