// The source on a real API server: what an API server does of its own accord or can be made to do. Faults that it
// cannot be made to show are in adapters/kubernetes/reflector.test.ts.
import { describeIf, makeCertificate } from '@sluice/testkit';
import { type Cluster, clusterStartMs, clusterUnavailable, startCluster } from '@sluice/testkit/cluster';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  gateway,
  gatewayClass,
  httpRoute,
  namesIn,
  namespace,
  startWorld,
  stateOf,
  untilFacts,
  type World,
} from './kubernetes.fixture.ts';

/** CRDs of the bundle that are put in later, or as an older bundle has them. */
const crdPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

describeIf(clusterUnavailable())('the source on a real API server', () => {
  let cluster: Cluster;
  let world: World;
  beforeAll(async () => {
    cluster = await startCluster({
      controllerManager: true,
      apiServerArgs: ['--default-watch-cache-size=10'],
    });
    world = await startWorld(cluster);
  }, clusterStartMs);
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await cluster?.stop();
  });

  it('reads kinds that are there, Secrets that are referred to, and the rest when it comes; nothing holds up the others', async () => {
    await cluster.apply([gatewayClass, namespace('shop')] as never);
    const grants = (await world.api.json({
      path: `${crdPath}/referencegrants.gateway.networking.k8s.io`,
    })) as { spec: unknown };
    await world.api.json({ method: 'DELETE', path: `${crdPath}/referencegrants.gateway.networking.k8s.io` });
    const pair = await makeCertificate({ dnsNames: ['shop.example'] });
    const secret = (name: string): object => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: 'shop', name },
      type: 'kubernetes.io/tls',
      stringData: { 'tls.crt': pair.chainPem, 'tls.key': pair.keyPem },
    });
    await cluster.apply([
      secret('cert'),
      secret('private'),
      gateway('shop', 'gw', { port: 443, protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'cert' }] } }),
      httpRoute('shop', 'a'),
      gateway('shop', 'bare', { port: 444, protocol: 'HTTPS', name: 'bare' }),
    ] as never);
    await using watcher = await world.start();
    await untilFacts(
      world,
      (facts) =>
        stateOf(facts, 'HTTPRoute') === 'synced' && stateOf(facts, 'ReferenceGrant') === 'unavailable',
      'the first list',
    );
    const facts = await world.facts();
    // The ConfigMap is of every namespace, and Services and EndpointSlices are what api-watcher made for the Gateways.
    expect(namesIn(facts, 'shop').filter((n) => !/^(ConfigMap|Service|EndpointSlice)\//.test(n))).toEqual([
      'Gateway/bare',
      'Gateway/gw',
      'HTTPRoute/a',
    ]);
    const route = facts.find((f) => f.type === 'ObjectChanged' && f.object.kind === 'HTTPRoute');
    if (route?.type !== 'ObjectChanged') throw new Error('no route');
    expect(route.object.metadata).toMatchObject({
      generation: 1,
      uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      creationTimestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(facts.flatMap((f) => (f.type === 'CertificateObserved' ? [f.ref.name] : []))).toEqual(['cert']);

    const { spec } = grants;
    await cluster.apply([
      {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: {
          name: 'referencegrants.gateway.networking.k8s.io',
          annotations: {
            'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/gateway-api/pull/3328',
            'gateway.networking.k8s.io/bundle-version': 'v1.6.3',
            'gateway.networking.k8s.io/channel': 'standard',
          },
        },
        spec: onlyV1beta1(spec),
      },
    ] as never);
    await cluster.apply([
      {
        apiVersion: 'gateway.networking.k8s.io/v1beta1',
        kind: 'ReferenceGrant',
        metadata: { namespace: 'shop', name: 'g' },
        spec: {
          from: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'x' }],
          to: [{ group: '', kind: 'Secret' }],
        },
      },
    ] as never);
    await untilFacts(
      world,
      (now) =>
        stateOf(now, 'ReferenceGrant') === 'synced' && namesIn(now, 'shop').includes('ReferenceGrant/g'),
      'the kind that came, in the only version that it has',
    );
    expect(await watcher.stop()).toEqual({ code: 0, signal: null });
  });

  it('goes on over compaction, a killed API server, and a namespace that is deleted under load', async () => {
    await cluster.apply([namespace('load')] as never);
    await using watcher = await world.start();
    await watcher.waitForLine(/"leads"/, 120_000);
    const routes = (from: number, to: number): object[] =>
      Array.from({ length: to - from }, (_, i) => httpRoute('load', `r${from + i}`));
    await cluster.apply(routes(0, 40) as never);
    await untilFacts(world, (facts) => namesIn(facts, 'load').length === 40, '40 routes');

    watcher.kill('SIGSTOP');
    await cluster.apply(routes(40, 80) as never);
    await world.api.json({
      method: 'DELETE',
      path: '/apis/gateway.networking.k8s.io/v1/namespaces/load/httproutes/r0',
    });
    await cluster.compact();
    watcher.kill('SIGCONT');
    await untilFacts(
      world,
      (facts) => namesIn(facts, 'load').length === 79,
      'all but one after the compaction',
    );

    await cluster.signal('kube-apiserver', 'SIGKILL');
    await cluster.start('kube-apiserver');
    const deleting = world.api.json({ method: 'DELETE', path: '/api/v1/namespaces/load' });
    await cluster.apply(routes(80, 90) as never).catch(() => {});
    await deleting;
    await untilFacts(world, (facts) => namesIn(facts, 'load').length === 0, 'nothing of the namespace');
    expect((await world.log.verify('FACTS')).damage).toEqual([]);
  });

  it('a kind that it may not read freezes nothing else, and what was known of it stays', async () => {
    const rules = (resources: string[]): object => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'watcher' },
      rules: [
        { apiGroups: ['gateway.networking.k8s.io'], resources, verbs: ['list', 'watch'] },
        { apiGroups: [''], resources: ['services', 'namespaces'], verbs: ['list', 'watch'] },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
        { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
      ],
    });
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'watcher' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'watcher' },
      subjects: [{ kind: 'ServiceAccount', namespace: 'sluice-system', name: 'watcher' }],
    };
    const all = [
      'gatewayclasses',
      'gateways',
      'httproutes',
      'grpcroutes',
      'referencegrants',
      'backendtlspolicies',
      'listenersets',
      'tlsroutes',
      'tcproutes',
      'udproutes',
    ];
    await cluster.apply([rules(all.filter((r) => r !== 'httproutes')), binding] as never);
    const kubeconfig = await cluster.serviceAccountKubeconfig({
      namespace: 'sluice-system',
      name: 'watcher',
    });
    await using watcher = await world.start({ kubeconfig });
    await untilFacts(world, (facts) => stateOf(facts, 'HTTPRoute') === 'unavailable', 'what is forbidden');
    expect(namesIn(await world.facts(), 'shop')).toContain('HTTPRoute/a');
    await cluster.apply([gateway('shop', 'other', { port: 8080 })] as never);
    await untilFacts(world, (facts) => namesIn(facts, 'shop').includes('Gateway/other'), 'what is not');
    await world.api.json({
      method: 'DELETE',
      path: '/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/a',
    });
    await cluster.apply([rules(all)] as never);
    await untilFacts(
      world,
      (facts) => stateOf(facts, 'HTTPRoute') === 'synced' && !namesIn(facts, 'shop').includes('HTTPRoute/a'),
      'the kind that may be read now, without what is gone',
    );
    expect(watcher.log()).not.toContain('service failed');
  });
});

/** The definition as an older bundle has it: one version alone. */
function onlyV1beta1(spec: unknown): object {
  const { versions, ...rest } = spec as { versions: { name: string }[] };
  const [first] = versions;
  return { ...rest, versions: [{ ...first, name: 'v1beta1', served: true, storage: true }] };
}
