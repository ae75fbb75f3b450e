// A CiliumEnvoyConfig and an Ingress from a real API server through api-watcher, translator and xds-server to the real Envoy, and
// their statuses back; and which of two CiliumEnvoyConfigs has a Service.
import { readFileSync } from 'node:fs';
import {
  type Backend,
  describeIf,
  type RequestTarget,
  request,
  serviceObjects,
  startBackend,
  until,
} from '@sluice/testkit';
import { type Cluster, clusterStartMs, clusterUnavailable, startCluster } from '@sluice/testkit/cluster';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { ClusterApi, type ClusterObject } from '../harness/kubernetes/cluster-api.ts';
import { KubernetesPlatform, prepareCluster } from '../harness/kubernetes/platform.ts';
import { condition, ingress, ingressPath, type ObjectStatus } from '../harness/objects.ts';

const crds = readFileSync(new URL('../../deploy/crds/cilium-envoy-config.yaml', import.meta.url), 'utf8');
const controllers = 'sluice.dev/gateway-controller,io.cilium/gateway-controller';
const patience = { timeoutMs: 120_000 };
const typed = (name: string, fields: object = {}) => ({
  '@type': `type.googleapis.com/envoy.${name}`,
  ...fields,
});
const manager = 'extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';

/** Puts its name into a header, and sends to Service `echo`. */
function config(name: string, service: string): ClusterObject {
  const router = { name: 'router', typed_config: typed('extensions.filters.http.router.v3.Router') };
  const http = typed(manager, {
    stat_prefix: 's',
    rds: { route_config_name: 'r' },
    http_filters: [router],
  });
  const routes = [{ match: { prefix: '/' }, route: { cluster: 'default/echo' } }];
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumEnvoyConfig',
    metadata: { name, namespace: 'default' },
    spec: {
      services: [{ name: service, namespace: 'default' }],
      backendServices: [{ name: 'echo', namespace: 'default' }],
      resources: [
        typed('config.listener.v3.Listener', {
          name: 'l',
          filter_chains: [{ filters: [{ name: 'http', typed_config: http }] }],
        }),
        typed('config.route.v3.RouteConfiguration', {
          name: 'r',
          virtual_hosts: [{ name: 'all', domains: ['*'], routes }],
          response_headers_to_add: [{ header: { key: 'x-config', value: name } }],
        }),
        typed('config.cluster.v3.Cluster', { name: 'default/echo', type: 'EDS', connect_timeout: '5s' }),
      ],
    },
  };
}

function service(name: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { ports: [{ port: 80 }] },
  };
}

type ConfigStatus = Omit<ObjectStatus, 'addresses'> & { readonly addresses?: readonly RequestTarget[] };

describeIf(clusterUnavailable())('other sources on a real API server', () => {
  const stack = new AsyncDisposableStack();
  let cluster: Cluster;
  let api: ClusterApi;
  let platform: KubernetesPlatform;
  let backend: Backend;
  beforeAll(async () => {
    cluster = stack.use(await startCluster({ controllerManager: true }));
    api = stack.use(new ClusterApi(cluster));
    await cluster.apply(crds);
    await prepareCluster(api);
    backend = stack.use(await startBackend({ name: 'echo', address: cluster.hostAddress }));
    await api.applyAll([
      ...serviceObjects({ name: 'echo', endpoints: [backend] }),
      service('entry'),
      service('wanted'),
    ]);
    const env = { SLUICE_CONTROLLER_NAMES: controllers };
    platform = stack.use(
      await KubernetesPlatform.start({ cluster, api, env: { 'api-watcher': env, translator: env } }),
    );
  }, clusterStartMs);
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(`${platform?.diagnose() ?? ''}\n`);
  });
  afterAll(() => stack.disposeAsync());

  const statusOf = async (object: ClusterObject): Promise<ConfigStatus> =>
    ((await api.find(object))?.status ?? {}) as ConfigStatus;
  const said = (object: ClusterObject, type: string, is: object) =>
    until(async () => expect(condition((await statusOf(object)).conditions, type)).toMatchObject(is), {
      ...patience,
      message: `${object.metadata.name}: ${type} ${JSON.stringify(is)}`,
    });
  /** Where Envoy serves an object's Service. */
  const place = async (object: ClusterObject): Promise<RequestTarget> => {
    await said(object, 'Programmed', { status: 'True' });
    const [at] = (await statusOf(object)).addresses ?? [];
    if (at === undefined) throw new Error(`${object.metadata.name} has no address`);
    return { address: at.address, port: at.port };
  };
  const headerFrom = async (at: RequestTarget) => (await request({ ...at, path: '/' })).headers['x-config'];

  it('a CiliumEnvoyConfig is served by Envoy, and its status stands at the API server', async () => {
    const entry = config('entry', 'entry');
    await api.apply(entry);
    const at = await place(entry);
    const answer = await request({ ...at, path: '/x' });
    expect([answer.status, answer.headers['x-config']]).toEqual([200, 'entry']);
    for (const type of ['Accepted', 'ResolvedRefs']) await said(entry, type, { status: 'True' });
    const changed = JSON.parse(JSON.stringify(entry).replace('"value":"entry"', '"value":"changed"'));
    await api.apply(changed);
    await until(async () => (await headerFrom(at)) === 'changed', patience);
  });

  it('of two that want a Service the older one has it, whatever their names', async () => {
    const older = config('z-older', 'wanted');
    const newer = config('a-newer', 'wanted');
    const created = await api.apply(older);
    const { creationTimestamp } = created.metadata as { creationTimestamp?: string };
    // The API server counts in whole seconds.
    await until(() => Date.now() >= Date.parse(creationTimestamp ?? '') + 1_000);
    await api.apply(newer);
    await said(newer, 'Conflicted', { status: 'True', reason: 'ServiceTaken' });
    const at = await place(older);
    expect(await headerFrom(at)).toBe('z-older');
    await api.remove(older);
    expect(await place(newer)).toEqual(at);
    await until(async () => (await headerFrom(at)) === 'a-newer', patience);
  });

  it('an Ingress is served, and its load balancer’s address comes into its status and goes out of it', async () => {
    const object = ingress(
      'shop',
      { rules: [{ host: 'shop.example', http: { paths: [ingressPath('Prefix', '/', 'echo')] } }] },
      { namespace: 'default' },
    ) as ClusterObject;
    await api.apply({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'sluice' },
      spec: { controller: 'sluice.dev/ingress-controller' },
    });
    await api.apply(object);
    const balancer = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'ingress-shop', namespace: 'default' },
    };
    await until(async () => (await api.find(balancer)) !== undefined, patience);
    const given = { ingress: [{ ip: '198.51.100.7' }] };
    await api.patchStatus(balancer, { loadBalancer: given });
    const shows = (expected: object) =>
      until(
        async () => expect((await api.find(object))?.status).toEqual({ loadBalancer: expected }),
        patience,
      );
    await shows(given);
    await api.patchStatus(balancer, { loadBalancer: { ingress: null } });
    await shows({});
  });
});
