// Ingress and IngressClass on a real API server, with the rights of deploy/rbac.yaml and no more: the Services of dedicated and
// of shared ones, their addresses, and status.loadBalancer.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeIf, until } from '@sluice/testkit';
import { type Cluster, clusterStartMs, clusterUnavailable, startCluster } from '@sluice/testkit/cluster';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ApiError } from './adapters/kubernetes/api-client.ts';
import { isRecord } from './core/kubernetes/api-object.ts';
import { namespace, startWorld, untilFacts, type World } from './kubernetes.fixture.ts';

const rbac = readFileSync(join(import.meta.dirname, '../../../deploy/rbac.yaml'), 'utf8');
const group = '/apis/networking.k8s.io/v1/namespaces/shop/ingresses';

const ingressClass = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'sluice' },
  spec: { controller: 'sluice.dev/ingress-controller' },
};
const ingress = (name: string, annotations: Record<string, string> = {}): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name, namespace: 'shop', annotations },
  spec: {
    ingressClassName: 'sluice',
    tls: [{ hosts: ['shop.example'], secretName: 'cert' }],
    defaultBackend: { service: { name: 'web', port: { number: 80 } } },
  },
});

describeIf(clusterUnavailable())('Ingress', () => {
  let cluster: Cluster;
  let world: World;
  let log = (): string => '';
  afterEach((context) => {
    if (context.task.result?.state === 'fail') process.stderr.write(log().slice(-4_000));
  });

  beforeAll(async () => {
    cluster = await startCluster();
    world = await startWorld(cluster);
    await cluster.apply(rbac);
    await cluster.apply([ingressClass, namespace('shop')] as never);
    const kubeconfig = await cluster.serviceAccountKubeconfig({
      namespace: 'sluice-system',
      name: 'api-watcher',
    });
    const watcher = await world.start({ kubeconfig });
    log = () => watcher.log();
  }, clusterStartMs);
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await cluster?.stop();
  });

  const find = async (path: string): Promise<Record<string, unknown> | undefined> => {
    try {
      const found = await world.api.json({ path });
      return isRecord(found) ? found : undefined;
    } catch (error) {
      if (error instanceof ApiError && error.status.code === 404) return undefined;
      throw error;
    }
  };
  const untilFound = (path: string, expected: object) =>
    until(async () => expect(await find(path)).toMatchObject(expected), {
      message: `${path} to be as it should`,
    });
  const give = (path: string, ip: string) =>
    world.api.json({
      method: 'PATCH',
      path: `${path}/status`,
      body: { status: { loadBalancer: { ingress: [{ ip }] } } },
    });
  const addressOf = (kind: string, ip: string) =>
    untilFacts(
      world,
      (facts) =>
        facts.some(
          (f) => f.type === 'AddressAssigned' && f.gateway.kind === kind && f.addresses.includes(ip),
        ),
      `the address of the ${kind}`,
    );

  test('a dedicated Ingress gets a Service of its own, as its annotations ask for it', async () => {
    await cluster.apply([
      ingress('own', {
        'ingress.cilium.io/service-external-traffic-policy': 'Local',
        'ingress.cilium.io/loadbalancer-class': 'example.com/internal',
      }),
    ] as never);
    const path = '/api/v1/namespaces/shop/services/ingress-own';
    await untilFound(path, {
      metadata: { ownerReferences: [{ kind: 'Ingress', name: 'own', controller: true }] },
      spec: {
        type: 'LoadBalancer',
        loadBalancerClass: 'example.com/internal',
        externalTrafficPolicy: 'Local',
        ports: [{ port: 80 }, { port: 443 }],
      },
    });
    await give(path, '203.0.113.8');
    await addressOf('Ingress', '203.0.113.8');
  });

  test('of type NodePort: the ports that are asked for, and the cluster IP as address', async () => {
    await cluster.apply([
      ingress('node', { 'sluice.io/service-type': 'NodePort', 'sluice.io/insecure-node-port': '30123' }),
    ] as never);
    const path = '/api/v1/namespaces/shop/services/ingress-node';
    await untilFound(path, {
      spec: { type: 'NodePort', ports: [{ port: 80, nodePort: 30123 }, { port: 443 }] },
    });
    const spec = (await find(path))?.spec;
    const [ip] = isRecord(spec) && Array.isArray(spec.clusterIPs) ? (spec.clusterIPs as string[]) : [];
    await addressOf('Ingress', ip ?? 'none');
  });

  test('those that share have one Service, in our namespace', async () => {
    const shared = { 'ingress.cilium.io/loadbalancer-mode': 'shared' };
    await cluster.apply([ingress('one', shared), ingress('two', shared)] as never);
    const path = '/api/v1/namespaces/sluice-system/services/ingressclass-sluice';
    await untilFound(path, { metadata: { ownerReferences: [{ kind: 'IngressClass', name: 'sluice' }] } });
    await give(path, '203.0.113.9');
    await addressOf('IngressClass', '203.0.113.9');
    expect(await find('/api/v1/namespaces/shop/services/ingress-one')).toBeUndefined();
  });

  test('status.loadBalancer is what the translator says, and conditions become Events', async () => {
    const live = await find(`${group}/own`);
    const uid = isRecord(live?.metadata) ? String(live.metadata.uid) : '';
    const ref = { group: 'networking.k8s.io', kind: 'Ingress', namespace: 'shop', name: 'own' };
    const partly = {
      ...{ type: 'PartiallyInvalid', status: 'True', reason: 'InvalidAnnotation', observedGeneration: 1 },
      ...{ message: 'annotation x: "y" is not known', lastTransitionTime: '2026-11-23T00:00:00Z' },
    };
    const status = { loadBalancer: { ingress: [{ ip: '203.0.113.8' }] }, conditions: [partly] };
    await world.say([{ type: 'StatusChanged', ref, uid, status }] as never);
    await untilFound(`${group}/own`, { status: { loadBalancer: { ingress: [{ ip: '203.0.113.8' }] } } });
    await until(
      async () =>
        expect(JSON.stringify(await find('/apis/events.k8s.io/v1/namespaces/shop/events'))).toContain(
          'InvalidAnnotation',
        ),
      { message: 'the Event' },
    );
    await world.say([{ type: 'StatusChanged', ref, uid, status: { ...status, loadBalancer: {} } }] as never);
    await until(async () => expect((await find(`${group}/own`))?.status).toEqual({ loadBalancer: {} }), {
      message: 'the address to be taken out',
    });
  });
});
