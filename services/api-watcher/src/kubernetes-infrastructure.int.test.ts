// Services and EndpointSlices of Gateways on a real API server, written with the rights of deploy/rbac.yaml and no more.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeEvent } from '@sluice/events';
import { describeIf, type LaunchedProcess, until } from '@sluice/testkit';
import { type Cluster, clusterStartMs, clusterUnavailable, startCluster } from '@sluice/testkit/cluster';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiAccess } from './adapters/kubernetes/api-access.ts';
import { ApiClient, ApiError } from './adapters/kubernetes/api-client.ts';
import { isRecord } from './core/kubernetes/api-object.ts';
import {
  gateway,
  gatewayClass,
  namespace,
  startWorld,
  untilFacts,
  type World,
} from './kubernetes.fixture.ts';

const account = { namespace: 'sluice-system', name: 'api-watcher' };
const rbac = readFileSync(join(import.meta.dirname, '../../../deploy/rbac.yaml'), 'utf8');

describeIf(clusterUnavailable())('infrastructure of Gateways', () => {
  let cluster: Cluster;
  let world: World;
  /** The API as api-watcher may use it. */
  let own: ApiClient;
  let kubeconfig: string;
  let watcher: LaunchedProcess;

  beforeAll(async () => {
    cluster = await startCluster();
    world = await startWorld(cluster);
    await cluster.apply(rbac);
    await cluster.apply([gatewayClass, namespace('shop')] as never);
    kubeconfig = await cluster.serviceAccountKubeconfig(account);
    own = new ApiClient(await apiAccess(kubeconfig));
    watcher = await world.start({ kubeconfig });
  }, clusterStartMs);
  afterAll(async () => {
    await watcher?.stop();
    await own?.close();
    await world?.[Symbol.asyncDispose]();
    await cluster?.stop();
  });

  const servicePath = (name: string) => `/api/v1/namespaces/shop/services/${name}`;
  const find = async (path: string): Promise<Record<string, unknown> | undefined> => {
    try {
      const found = await world.api.json({ path });
      return isRecord(found) ? found : undefined;
    } catch (error) {
      if (error instanceof ApiError && error.status.code === 404) return undefined;
      throw error;
    }
  };
  const untilService = (name: string, expected: object) =>
    until(async () => expect(await find(servicePath(name))).toMatchObject(expected), {
      message: `Service ${name} to be as it should`,
    });

  test('a Gateway gets a Service, and the address of the Service becomes its own', async () => {
    await cluster.apply([gateway('shop', 'edge')] as never);
    await untilService('edge-sluice', {
      metadata: {
        labels: {
          'app.kubernetes.io/managed-by': 'sluice',
          'gateway.networking.k8s.io/gateway-name': 'edge',
        },
        ownerReferences: [{ kind: 'Gateway', name: 'edge', controller: true }],
      },
      spec: { type: 'LoadBalancer', ports: [{ name: 'tcp-80', port: 80, protocol: 'TCP' }] },
    });
    const balance = (ingress: object) =>
      world.api.json({
        method: 'PATCH',
        path: `${servicePath('edge-sluice')}/status`,
        body: { status: { loadBalancer: { ingress: [ingress] } } },
      });
    await balance({ hostname: 'lb.example' });
    await untilFacts(
      world,
      (facts) => facts.some((f) => f.type === 'AddressAssigned' && f.hostnames?.includes('lb.example')),
      'the name of the load balancer',
    );
    await balance({ ip: '203.0.113.7' });
    await untilFacts(
      world,
      (facts) => facts.some((f) => f.type === 'AddressAssigned' && f.addresses.includes('203.0.113.7')),
      'the address of the Service',
    );
  });

  test('the slices name the Envoys, wherever the Service stands', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'envoy-1',
        namespace: 'sluice-system',
        labels: { 'app.kubernetes.io/name': 'envoy', 'app.kubernetes.io/part-of': 'sluice' },
      },
      spec: {
        nodeName: 'node-1',
        containers: [{ name: 'envoy', image: 'envoy' }],
        automountServiceAccountToken: false,
      },
    };
    const path = '/api/v1/namespaces/sluice-system/pods';
    await world.api.json({ method: 'POST', path, body: pod });
    await world.api.json({
      method: 'PATCH',
      path: `${path}/envoy-1/status`,
      body: {
        status: {
          podIP: '10.0.0.9',
          podIPs: [{ ip: '10.0.0.9' }],
          phase: 'Running',
          conditions: [{ type: 'Ready', status: 'True' }],
        },
      },
    });
    const service = await find(servicePath('edge-sluice'));
    const spec = isRecord(service?.spec) ? service.spec : {};
    const [port] = Array.isArray(spec.ports) ? spec.ports : [];
    await until(
      async () =>
        expect(
          await find('/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/edge-sluice-ipv4-0'),
        ).toMatchObject({
          metadata: { labels: { 'kubernetes.io/service-name': 'edge-sluice' } },
          ports: [{ name: 'tcp-80', port: isRecord(port) ? port.targetPort : 0 }],
          endpoints: [{ addresses: ['10.0.0.9'], nodeName: 'node-1', conditions: { ready: true } }],
        }),
      { message: 'the slice' },
    );
  });

  test('labels of the infrastructure come and go, and what others change is put back', async () => {
    const infrastructure = { labels: { team: 'red' }, annotations: { 'example.com/lb': 'internal' } };
    const edge = gateway('shop', 'edge') as { spec: object };
    await cluster.apply([{ ...edge, spec: { ...edge.spec, infrastructure } }]);
    await untilService('edge-sluice', {
      metadata: { labels: { team: 'red' }, annotations: { 'example.com/lb': 'internal' } },
    });
    await cluster.apply([edge]);
    await until(
      async () => !JSON.stringify((await find(servicePath('edge-sluice')))?.metadata).includes('"red"'),
      {
        message: 'the label to go',
      },
    );
    await world.api.json({
      method: 'PATCH',
      path: servicePath('edge-sluice'),
      body: { spec: { ports: [{ name: 'other', port: 81, protocol: 'TCP', targetPort: 81 }] } },
    });
    await untilService('edge-sluice', { spec: { ports: [{ name: 'tcp-80', port: 80 }] } });
  });

  test("somebody else's Service of that name is not touched, and the Gateway says so", async () => {
    const foreign = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'taken-sluice', namespace: 'shop' },
      spec: { ports: [{ port: 1234 }] },
    };
    await cluster.apply([foreign, gateway('shop', 'taken')] as never);
    await untilFacts(
      world,
      (facts) =>
        facts.some(
          (f) =>
            f.type === 'AddressAssigned' &&
            f.gateway.name === 'taken' &&
            f.unusable.some(
              ({ reason }) => reason === 'Service shop/taken-sluice is there already and not ours',
            ),
        ),
      'the reason',
    );
    expect((await find(servicePath('taken-sluice')))?.spec).toMatchObject({ ports: [{ port: 1234 }] });
  });

  test('the rights end where the policy says: no Service but its own, whoever asks with this account', async () => {
    const refused = { status: { code: 422 } };
    const ask = (method: 'PATCH' | 'DELETE', path: string, body?: object) =>
      own.json({ method, path, ...(body === undefined ? {} : { body }) });
    const takeOver = { metadata: { labels: { 'app.kubernetes.io/managed-by': 'sluice' } } };
    await expect(ask('PATCH', servicePath('taken-sluice'), takeOver)).rejects.toMatchObject(refused);
    await expect(ask('DELETE', servicePath('taken-sluice'))).rejects.toMatchObject(refused);
    await expect(
      ask('DELETE', '/apis/gateway.networking.k8s.io/v1/namespaces/shop/gateways/edge'),
    ).rejects.toMatchObject({
      status: { code: 403 },
    });
  });

  test('an api-watcher that starts takes no address away, and on a log that was lost no Service', async () => {
    const uidOf = async () => {
      const { metadata } = (await find(servicePath('edge-sluice'))) ?? {};
      return isRecord(metadata) ? metadata.uid : undefined;
    };
    const uid = await uidOf();
    const { lastSeq } = await world.log.info('FACTS');
    expect(await watcher.stop()).toEqual({ code: 0, signal: null });
    await cluster.apply([gateway('shop', 'edge', { hostname: 'changed.example' })] as never);
    watcher = await world.start({ kubeconfig });
    await untilFacts(
      world,
      (facts) =>
        facts.some((f) => f.type === 'ObjectChanged' && JSON.stringify(f).includes('changed.example')),
      'the Gateway that was changed meanwhile',
    );
    for await (const { data } of world.log.read('FACTS', { fromSeq: lastSeq + 1 })) {
      const decoded = decodeEvent('FACTS', data);
      if (decoded.ok && decoded.event.type === 'AddressAssigned')
        // The other Gateway, whose Service is somebody else's, says nothing new.
        expect(decoded.event).toMatchObject({ gateway: { name: 'edge' }, addresses: ['203.0.113.7'] });
    }

    await using lost = await startWorld(cluster);
    await watcher.stop();
    watcher = await lost.start({ kubeconfig });
    await untilFacts(
      lost,
      (facts) => facts.some((f) => f.type === 'AddressAssigned' && f.addresses.includes('203.0.113.7')),
      'the address on the new log',
    );
    expect(await uidOf()).toBe(uid);
    await watcher.stop();
    watcher = await world.start({ kubeconfig });
  });

  test('what a Gateway had goes with it', async () => {
    await world.api.json({
      method: 'DELETE',
      path: '/apis/gateway.networking.k8s.io/v1/namespaces/shop/gateways/edge',
    });
    await until(async () => (await find(servicePath('edge-sluice'))) === undefined, {
      message: 'the Service to go',
    });
    expect(await find(servicePath('taken-sluice'))).toBeDefined();
  });
});
