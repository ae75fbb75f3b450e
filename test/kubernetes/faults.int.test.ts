// What goes wrong around a real API server, a real log and a real Envoy: traffic goes on, nothing is sent twice, and status is true
// afterwards. Everything is counted; nothing is judged by its time.
import { gatewayGroup } from '@sluice/kinds';
import { describeIf, LoadGenerator, request, until } from '@sluice/testkit';
import { clusterStartMs, clusterUnavailable, type Manifest } from '@sluice/testkit/cluster';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { streamStates } from '../harness/footprint.ts';
import { KubernetesPlatform } from '../harness/kubernetes/platform.ts';
import { oneOfMany, placeOf } from '../harness/many-routes.ts';
import { total } from '../harness/metrics.ts';
import { condition, type ObjectStatus } from '../harness/objects.ts';
import {
  answers,
  echo,
  edge,
  type FaultWorld,
  gatewayStatus,
  patienceMs,
  routeAt,
  startFaultWorld,
  takenBy,
  untilAnswer,
  untilProgrammed,
} from './fault-world.fixture.ts';

const servers = ['xds-server', 'xds-server-1'] as const;
const doomedRoutes = 20;
const many = 10_000;
/** For a busy machine: 20 s are usual. */
const manyMs = 300_000;
/** Of a list: see the reflector. */
const pageSize = 500;
const doomed = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'doomed' } };

describeIf(clusterUnavailable())('faults around a real API server', () => {
  let world: FaultWorld;
  beforeAll(async () => {
    world = await startFaultWorld([doomed]);
  }, clusterStartMs);
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(`${world?.platform.diagnose() ?? ''}\n`);
  });
  afterAll(async () => {
    // That of a test that did not come to its end; disposing it twice does nothing.
    await world?.platform[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  const load = () =>
    new LoadGenerator({ ...world.target, path: '/steady', ratePerSecond: 100, maxSeconds: 110 });
  const figure = async (name: string, series: string) => total(await world.platform.figures(name), series);
  const envoysOf = (server: string) => figure(server, 'sluice_xds_envoys_connected');
  const moved = async (server: string) =>
    (await figure(server, 'sluice_xds_resources_sent_total')) +
    (await figure(server, 'sluice_xds_resources_removed_total'));
  let changes = 0;
  /** A new route, waited for: the whole way from the API server to Envoy and back to the status works. */
  const changeIsServed = async () => {
    changes += 1;
    const route = routeAt(`/change-${changes}`);
    await world.api.apply(route);
    await untilAnswer(world, `/change-${changes}`, 200);
    await until(
      async () => {
        const { parents = [] } = ((await world.api.find(route))?.status ?? {}) as ObjectStatus;
        return condition(parents[0]?.conditions, 'Accepted')?.status === 'True';
      },
      { timeoutMs: patienceMs, message: `the status of change ${changes}` },
    );
  };

  it('Envoy moves to the other xds-server when its own is killed: 0 resources sent, 0 requests failed', async () => {
    const counts = await Promise.all(servers.map(envoysOf));
    expect(counts.toSorted()).toEqual([0, 1]);
    const [active, standby] = counts[0] === 1 ? servers : servers.toReversed();
    if (active === undefined || standby === undefined) throw new Error('there are two');
    await using running = load();
    await answers(running, 20);
    const [before, taken] = [await moved(standby), await takenBy(world)];
    expect(taken.length, taken.join('; ')).toBeGreaterThan(3);
    await world.platform.kill9(active);
    await until(async () => (await envoysOf(standby)) === 1, {
      timeoutMs: patienceMs,
      message: `Envoy at ${standby}`,
    });
    await world.platform.startProcess(active);
    await until(() => world.platform.figures(active), {
      timeoutMs: patienceMs,
      message: `${active} to answer again`,
    });
    await untilProgrammed(world);
    expect(await moved(standby)).toBe(before);
    expect(await takenBy(world)).toEqual(taken);
    await changeIsServed();
    expect((await running.stop()).failures).toEqual([]);
  });

  it('a translator that is killed is followed by the one that stands by: the same versions, 0 resources sent', async () => {
    await using running = load();
    await changeIsServed();
    const taken = await takenBy(world);
    for (const name of ['translator', 'translator-1']) {
      const other = name === 'translator' ? 'translator-1' : 'translator';
      const wasActive = world.platform.process(name).log().includes('translator is active');
      await world.platform.kill9(name);
      if (wasActive) await world.platform.process(other).waitForLine(/translator is active/, patienceMs);
      await world.platform.startProcess(name);
      await world.platform.process(name).waitForLine(/service started/, patienceMs);
      await untilProgrammed(world);
      expect(await takenBy(world), `after ${name} was killed`).toEqual(taken);
    }
    await changeIsServed();
    expect((await running.stop()).failures).toEqual([]);
  });

  it('the API server hangs past the lease, is killed, and forgets the past: traffic goes on, and what changes then is true', async () => {
    const { api, cluster, platform, backends } = world;
    await using running = load();
    await answers(running, 20);
    const ir = async () => (await streamStates(platform.dataDir)).get('IR')?.last_seq;
    const [written, taken] = [await ir(), await takenBy(world)];
    await cluster.signal('kube-apiserver', 'SIGSTOP');
    // Its Lease has run out: it ends, and is started again as its Deployment does.
    expect((await platform.process('api-watcher').exited).code).toBe(1);
    await platform.startProcess('api-watcher');
    await answers(running, 50);
    await cluster.signal('kube-apiserver', 'SIGKILL');
    await cluster.start('kube-apiserver');
    await cluster.compact();
    await platform.process('api-watcher').waitForLine(/"leads"/, patienceMs);
    await untilProgrammed(world);
    expect(await ir(), 'nothing was translated anew').toBe(written);
    expect(await takenBy(world)).toEqual(taken);

    await api.applyAll(echo(backends.two));
    await until(async () => (await request({ ...world.target, path: '/steady' })).body.includes('"two"'), {
      timeoutMs: patienceMs,
      message: 'the other endpoint',
    });
    await api.apply(routeAt('/nowhere', { service: 'missing' }));
    await until(
      async () => {
        const { status } = (await api.find(routeAt('/nowhere'))) ?? {};
        const { parents = [] } = (status ?? {}) as ObjectStatus;
        return condition(parents[0]?.conditions, 'ResolvedRefs')?.reason === 'BackendNotFound';
      },
      { timeoutMs: patienceMs, message: 'the status of a route without a backend' },
    );
    expect((await running.stop()).failures).toEqual([]);
  });

  it('a namespace is deleted under load: its routes go, nobody else notices, and the count is true', async () => {
    const { api, backends } = world;
    const routes = Array.from({ length: doomedRoutes }, (_, i) =>
      routeAt(`/doomed-${i}`, { namespace: 'doomed' }),
    );
    const attached = async () => (await gatewayStatus(world)).listeners?.[0]?.attachedRoutes;
    const before = await attached();
    if (before === undefined) throw new Error('the Gateway has no count');
    await api.applyAll([...echo(backends.two, 'doomed'), ...routes]);
    await until(async () => (await attached()) === before + doomedRoutes, {
      timeoutMs: patienceMs,
      message: 'all routes to be attached',
    });
    await untilAnswer(world, `/doomed-${doomedRoutes - 1}`, 200);
    await using running = load();
    await answers(running, 20);
    await api.remove(doomed);
    for (const at of ['/doomed-0', `/doomed-${doomedRoutes - 1}`]) await untilAnswer(world, at, 404);
    await until(async () => (await api.find(doomed)) === undefined, {
      timeoutMs: patienceMs,
      message: 'the namespace to be gone',
    });
    await until(async () => (await attached()) === before, {
      timeoutMs: patienceMs,
      message: 'the Gateway to have the routes that are left',
    });
    await untilProgrammed(world);
    await changeIsServed();
    expect((await running.stop()).failures).toEqual([]);
    expect((await api.find(edge))?.metadata.generation).toBe(1);
  });

  it(
    '10,000 routes at the start are listed once, by pages, become a fact each, and few revisions',
    async () => {
      const { api, cluster } = world;
      await world.platform[Symbol.asyncDispose]();
      // It lists everything for itself, too.
      await cluster.signal('kube-controller-manager', 'SIGTERM');
      const routes = Array.from({ length: many }, (_, i) => oneOfMany('own hostnames', i, 'v') as Manifest);
      await cluster.store({ group: gatewayGroup, plural: 'httproutes' }, routes);
      const lists = async () => {
        const figures = [...(await api.figures())].filter(([series]) =>
          /^apiserver_request_total\{.*resource="httproutes".*verb="LIST"/.test(series),
        );
        return figures.reduce((sum, [, count]) => sum + count, 0);
      };
      const before = await lists();
      await using platform = await KubernetesPlatform.start({ cluster, api });
      world = { ...world, platform, target: await platform.target('edge') };
      for (const index of [0, many / 2, many - 1]) {
        const { host } = placeOf('own hostnames', index);
        await until(async () => (await request({ ...world.target, host })).status === 200, {
          timeoutMs: manyMs,
          message: `route ${index}`,
        });
      }
      // Some routes of the tests before are there, too.
      expect((await lists()) - before).toBe(Math.ceil((many + 1) / pageSize));
      const written = await platform.figures('api-watcher');
      const objects = total(written, 'sluice_source_objects');
      expect(objects).toBeGreaterThan(many);
      expect(total(written, 'sluice_source_events_written_total{type="ObjectChanged"}')).toBeLessThan(
        objects + 20,
      );
      // Each route stands there once; the rest are revisions.
      const { last_seq: ir = 0 } = (await streamStates(platform.dataDir)).get('IR') ?? {};
      expect(ir - many).toBeLessThan(100);
    },
    manyMs,
  );
});
