// The status writer and the Lease on a real API server. The test says what the translator would say.
import type { StatusEvent } from '@sluice/events';
import { describeIf, until } from '@sluice/testkit';
import { type Cluster, clusterStartMs, clusterUnavailable, startCluster } from '@sluice/testkit/cluster';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiError } from './adapters/kubernetes/api-client.ts';
import {
  condition,
  controller,
  gateway,
  gatewayApi,
  gatewayClass,
  httpRoute,
  namespace,
  startWorld,
  type World,
} from './kubernetes.fixture.ts';

interface Live {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string };
  readonly status?: {
    readonly conditions?: readonly { type: string; status: string; lastTransitionTime: string }[];
    readonly parents?: readonly { controllerName: string; conditions: readonly { type: string }[] }[];
    readonly listeners?: readonly { attachedRoutes: number }[];
    readonly supportedFeatures?: readonly { name: string }[];
  };
}

const many = 1000;

describeIf(clusterUnavailable())('the status writer on a real API server', () => {
  let cluster: Cluster;
  let world: World;
  beforeAll(async () => {
    cluster = await startCluster({ controllerManager: true });
    world = await startWorld(cluster);
    await cluster.apply([
      gatewayClass,
      namespace('shop'),
      gateway('shop', 'gw'),
      httpRoute('shop', 'r'),
    ] as never);
  }, clusterStartMs);
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await cluster?.stop();
  });

  const read = async (plural: string, name: string): Promise<Live> =>
    (await world.api.json({ path: `${gatewayApi}/namespaces/shop/${plural}/${name}` })) as Live;
  const routeSays = async (name: string, parents: readonly object[]): Promise<StatusEvent> => ({
    type: 'StatusChanged',
    ref: { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop', name },
    uid: (await read('httproutes', name)).metadata.uid,
    status: { parents },
  });
  const gatewaySays = (uid: string, attachedRoutes: number): StatusEvent => ({
    type: 'StatusChanged',
    ref: { group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'shop', name: 'gw' },
    uid,
    status: {
      addresses: [],
      conditions: [condition('Accepted', 'True', 'Accepted')],
      listeners: [
        {
          name: 'http',
          supportedKinds: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute' }],
          attachedRoutes,
          conditions: [condition('Accepted', 'True', 'Accepted')],
        },
      ],
    },
  });
  const parent = (name: string, by: string, status = 'True', reason = 'Accepted'): object => ({
    parentRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', name },
    controllerName: by,
    conditions: [condition('Accepted', status, reason)],
  });

  it("writes our part of a status, keeps what is others', tells what to mend, and takes our part off again", async () => {
    await using watcher = await world.start();
    await world.api.json({
      method: 'PATCH',
      path: `${gatewayApi}/namespaces/shop/httproutes/r/status`,
      body: { status: { parents: [parent('other', 'else.example/controller')] } },
    });
    await world.say([await routeSays('r', [parent('gw', controller, 'False', 'NotAllowedByListeners')])]);
    const controllers = async (): Promise<string[]> =>
      (await read('httproutes', 'r')).status?.parents?.map(({ controllerName }) => controllerName) ?? [];
    await until(async () => (await controllers()).length === 2, { message: 'our entry' });
    expect(await controllers()).toEqual(['else.example/controller', controller]);

    const events = (
      await until(
        async () => {
          const list = (await world.api.json({ path: '/apis/events.k8s.io/v1/namespaces/shop/events' })) as {
            items: {
              reason: string;
              note: string;
              regarding: { name: string };
              reportingController: string;
            }[];
          };
          return list.items.length > 0 ? list.items : undefined;
        },
        { message: 'an event' },
      )
    )[0];
    expect(events).toMatchObject({
      reason: 'NotAllowedByListeners',
      regarding: { name: 'r' },
      reportingController: controller,
    });

    const before = (await read('httproutes', 'r')).metadata.resourceVersion;
    await world.say([
      await routeSays('r', [parent('gw', controller, 'False', 'NotAllowedByListeners')]),
      gatewaySays((await read('gateways', 'gw')).metadata.uid, 7),
    ]);
    await until(async () => (await read('gateways', 'gw')).status?.listeners?.[0]?.attachedRoutes === 7, {
      message: 'what was said after it',
    });
    expect((await read('httproutes', 'r')).metadata.resourceVersion).toBe(before);

    await world.say([
      {
        type: 'StatusRemoved',
        ref: { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop', name: 'r' },
      },
    ]);
    await until(async () => (await controllers()).length === 1, {
      message: 'our entry to go',
    });
    expect(await controllers()).toEqual(['else.example/controller']);
    expect(await watcher.stop()).toEqual({ code: 0, signal: null });
  });

  it('a thousand routes that attach cost their Gateway a handful of writes', async () => {
    await using watcher = await world.start();
    await watcher.waitForLine(/"leads"/, 120_000);
    const { uid, resourceVersion } = (await read('gateways', 'gw')).metadata;
    const writes = watchWrites(world, resourceVersion);
    const startedMs = performance.now();
    for (let n = 1; n <= many; n++) {
      await world.say([gatewaySays(uid, n)]);
      if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const saidMs = performance.now();
    await until(async () => (await read('gateways', 'gw')).status?.listeners?.[0]?.attachedRoutes === many, {
      intervalMs: 50,
      message: 'the last count',
    });
    const doneMs = performance.now();
    const seconds = (doneMs - startedMs) / 1000;
    const count = await writes.stop();
    process.stderr.write(
      `1,000 attached routes: said in ${((saidMs - startedMs) / 1000).toFixed(2)} s, true after ${seconds.toFixed(2)} s, ${count} writes\n`,
    );
    // A write every 3 s at most once it goes on for long, and the first ones sooner.
    expect(count).toBeLessThanOrEqual(9 + Math.ceil(seconds / 3));
  });

  it('of two, one writes; one that was stopped past its lease writes nothing more, and the other has taken over', async () => {
    const env = { SLUICE_LEASE_SECONDS: '3' };
    await using first = await world.start({ name: 'first', env });
    await first.waitForLine(/"leads"/, 120_000);
    await using second = await world.start({ name: 'second', env });
    await second.waitForLine(/service started/, 120_000);
    const { uid } = (await read('gateways', 'gw')).metadata;
    await world.say([gatewaySays(uid, 1)]);
    await until(async () => (await read('gateways', 'gw')).status?.listeners?.[0]?.attachedRoutes === 1, {});
    expect(second.log()).not.toContain('"leads"');

    first.kill('SIGSTOP');
    await world.say([gatewaySays(uid, 2)]);
    await second.waitForLine(/"leads"/, 120_000);
    await until(async () => (await read('gateways', 'gw')).status?.listeners?.[0]?.attachedRoutes === 2, {});
    const { resourceVersion } = (await read('gateways', 'gw')).metadata;
    first.kill('SIGCONT');
    expect((await first.exited).code).toBe(1);
    expect(first.log()).toContain('the Lease was not renewed in time');
    expect((await read('gateways', 'gw')).metadata.resourceVersion).toBe(resourceVersion);
    expect((await world.log.verify('FACTS')).damage).toEqual([]);
  });

  const classPath = `${gatewayApi}/gatewayclasses`;
  const readClass = async (name: string): Promise<Live> =>
    (await world.api.json({ path: `${classPath}/${name}` })) as Live;
  const classSays = async (name: string): Promise<StatusEvent> => ({
    type: 'StatusChanged',
    ref: { group: 'gateway.networking.k8s.io', kind: 'GatewayClass', namespace: '', name },
    uid: (await readClass(name)).metadata.uid,
    status: {
      conditions: [condition('Accepted', 'True', 'Accepted')],
      supportedFeatures: ['Gateway', 'HTTPRoute', 'HTTPRouteRetry'].map((feature) => ({ name: feature })),
    },
  });
  const accepted = ({ status }: Live): boolean =>
    status?.conditions?.some(({ type, status: is }) => type === 'Accepted' && is === 'True') ?? false;

  it('claims what the CRDs of this channel have fields for, and no more', async () => {
    await using watcher = await world.start();
    await world.say([await classSays('sluice')]);
    await until(async () => accepted(await readClass('sluice')), { message: 'the class' });
    const { status } = await readClass('sluice');
    // The standard channel has no retries.
    expect(status?.supportedFeatures).toEqual([{ name: 'Gateway' }, { name: 'HTTPRoute' }]);
    expect(await watcher.stop()).toEqual({ code: 0, signal: null });
  });

  it('a GatewayClass gets its conditions even where an old definition refuses the features', async () => {
    await refuseFeatures(world);
    await cluster.apply([{ ...gatewayClass, metadata: { name: 'old' } }] as never);
    await until(() => refusesFeatures(world, `${classPath}/old/status`), { message: 'the old definition' });
    await using watcher = await world.start();
    await world.say([await classSays('old')]);
    await until(async () => accepted(await readClass('old')), { message: 'the class' });
    expect((await readClass('old')).status).not.toHaveProperty('supportedFeatures');
    expect(watcher.log()).toContain('the API server refuses a status');
  });
});

/** Makes the features strings, as in definitions of v1.0. */
async function refuseFeatures(world: World): Promise<void> {
  const path =
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gatewayclasses.gateway.networking.k8s.io';
  const { spec } = (await world.api.json({ path })) as {
    spec: { versions: { schema: { openAPIV3Schema: { properties: { status: { properties: object } } } } }[] };
  };
  for (const { schema } of spec.versions)
    Object.assign(schema.openAPIV3Schema.properties.status.properties, {
      supportedFeatures: { type: 'array', items: { type: 'string' } },
    });
  await world.api.json({ method: 'PATCH', path, body: { spec: { versions: spec.versions } } });
}

async function refusesFeatures(world: World, path: string): Promise<boolean> {
  const body = { status: { supportedFeatures: [{ name: 'Gateway' }] } };
  try {
    await world.api.json({ method: 'PATCH', path, query: { dryRun: 'All' }, body });
    return false;
  } catch (error) {
    return error instanceof ApiError && error.status.code === 422;
  }
}

/** Counts the changes of the one Gateway from a version on. */
function watchWrites(world: World, from: string): { stop(): Promise<number> } {
  const abort = new AbortController();
  let count = 0;
  const counting = (async () => {
    const chunks = await world.api.stream({
      path: `${gatewayApi}/namespaces/shop/gateways`,
      query: { watch: '1', resourceVersion: from, fieldSelector: 'metadata.name=gw' },
      signal: abort.signal,
      idleMs: 300_000,
    });
    for await (const chunk of chunks) count += chunk.filter((byte) => byte === 0x0a).length;
  })().catch(() => {});
  return {
    async stop() {
      // The watch is behind by what the server has not sent yet: it has sent all once a later change came.
      await until(() => count > 0, { message: 'a first write' });
      abort.abort();
      await counting;
      return count;
    },
  };
}
