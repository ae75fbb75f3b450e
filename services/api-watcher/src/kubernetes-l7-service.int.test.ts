// A Service that asks for a balancing of each request, on a real API server: its ports of the nodes, what is said of it in its
// conditions and as an Event, and that all of it goes with the annotation. With the rights of deploy/rbac.yaml and no more; the
// test says what the translator would say.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeIf, until } from '@sluice/testkit';
import { type Cluster, clusterStartMs, clusterUnavailable, startCluster } from '@sluice/testkit/cluster';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { apiAccess } from './adapters/kubernetes/api-access.ts';
import { ApiClient, ApiError } from './adapters/kubernetes/api-client.ts';
import { condition, namespace, startWorld, untilFacts, type World } from './kubernetes.fixture.ts';

interface LiveService {
  readonly metadata: { readonly uid: string };
  readonly spec: { readonly clusterIP: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string }[] };
}

const path = '/api/v1/namespaces/shop/services/web';
const ref = { group: '', kind: 'Service', namespace: 'shop', name: 'web' };

function service(algorithm: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      namespace: 'shop',
      name: 'web',
      annotations: {
        'service.sluice.io/lb-l7': 'enabled',
        'service.sluice.io/lb-l7-algorithm': algorithm,
        'service.cilium.io/lb-l7': 'disabled',
      },
    },
    spec: { ports: [{ name: 'http', port: 80 }], selector: { app: 'web' } },
  };
}

describeIf(clusterUnavailable())('a Service balanced by request, on a real API server', () => {
  let cluster: Cluster;
  let world: World;
  beforeAll(async () => {
    cluster = await startCluster({ controllerManager: true });
    world = await startWorld(cluster);
    await cluster.apply(readFileSync(join(import.meta.dirname, '../../../deploy/rbac.yaml'), 'utf8'));
    await cluster.apply([namespace('shop'), service('fastest')] as never);
  }, clusterStartMs);
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await cluster?.stop();
  });

  const read = async (): Promise<LiveService> => (await world.api.json({ path })) as LiveService;
  const types = async (): Promise<string[]> =>
    (await read()).status?.conditions?.map(({ type }) => type).sort() ?? [];

  it('gets a port of the nodes, conditions and an Event', async () => {
    const account = { namespace: 'sluice-system', name: 'api-watcher' };
    const kubeconfig = await cluster.serviceAccountKubeconfig(account);
    await using watcher = await world.start({ kubeconfig });
    const { metadata, spec } = await read();
    await untilFacts(
      world,
      (facts) =>
        facts.some(
          (f) =>
            f.type === 'AddressAssigned' &&
            f.gateway.kind === 'Service' &&
            f.addresses.includes(spec.clusterIP) &&
            f.sockets?.ports.some(({ port, bindPort }) => port === 80 && bindPort >= 10_000) === true,
        ),
      'ports of the nodes',
    );
    await world.api.json({
      method: 'PATCH',
      path: `${path}/status`,
      body: { status: { conditions: [condition('example.com/Seen', 'True', 'ByOthers')] } },
    });
    const conditions = [
      condition('sluice.dev/L7Accepted', 'True', 'Accepted', 0),
      condition('sluice.dev/L7PartiallyInvalid', 'True', 'InvalidAnnotation', 0),
    ];
    await world.say([{ type: 'StatusChanged', ref, uid: metadata.uid, status: { conditions } }]);
    await until(async () => (await types()).length === 3, { message: 'our conditions' });
    expect(await types()).toEqual([
      'example.com/Seen',
      'sluice.dev/L7Accepted',
      'sluice.dev/L7PartiallyInvalid',
    ]);
    const event = await until(
      async () => {
        const { items } = (await world.api.json({
          path: '/apis/events.k8s.io/v1/namespaces/shop/events',
        })) as { items: { reason: string; note: string; regarding: { kind: string; name: string } }[] };
        return items.find(({ regarding }) => regarding.kind === 'Service');
      },
      { message: 'an Event' },
    );
    expect(event).toMatchObject({ reason: 'InvalidAnnotation', regarding: { name: 'web' } });

    await world.say([{ type: 'StatusRemoved', ref }]);
    await until(async () => (await types()).length === 1, { message: 'ours to go' });
    expect(await types()).toEqual(['example.com/Seen']);
    expect(await watcher.stop()).toEqual({ code: 0, signal: null });
  });

  it('its account may write its own conditions of a Service, and nothing else with a status', async () => {
    const account = { namespace: 'sluice-system', name: 'api-watcher' };
    await using stack = new AsyncDisposableStack();
    const own = new ApiClient(await apiAccess(await cluster.serviceAccountKubeconfig(account)));
    stack.defer(() => own.close());
    const write = (body: object, by = own) => by.json({ method: 'PATCH', path: `${path}/status`, body });
    const others = condition('example.com/Seen', 'True', 'ByOthers');
    // Only such a Service may have addresses in its status.
    await world.api.json({ method: 'PATCH', path, body: { spec: { type: 'LoadBalancer' } } });
    const ours = condition('sluice.dev/L4Programmed', 'True', 'Programmed');
    // The policy counts a moment after it was written.
    await until(
      async () => {
        await write({ status: { conditions: [others] } }, world.api);
        return write({ status: { conditions: [] } }).then(
          () => false,
          (error: unknown) => error instanceof ApiError,
        );
      },
      { message: 'the policy to count' },
    );
    await write({ status: { conditions: [others, ours] } });
    expect(await types()).toEqual(['example.com/Seen', 'sluice.dev/L4Programmed']);
    const loadBalancer = { ingress: [{ ip: '192.0.2.66' }] };
    const annotations = { 'service.sluice.io/lb-l7': 'disabled' };
    for (const [body, reason] of [
      [{ status: { conditions: [ours] } }, 'begins with sluice.dev/'],
      [{ status: { conditions: [{ ...others, status: 'False' }, ours] } }, 'begins with sluice.dev/'],
      [{ status: { loadBalancer } }, 'no addresses of Services'],
      [{ metadata: { annotations } }, 'no metadata of Services'],
      [{ metadata: { labels: { a: 'b' } } }, 'no metadata of Services'],
      [{ metadata: { finalizers: ['example.com/held'] } }, 'no metadata of Services'],
    ] as const)
      await expect(write(body), JSON.stringify(body)).rejects.toThrow(reason);
  });
});
