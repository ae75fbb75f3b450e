// Pods with host ports on a real API server, with the rights of deploy/rbac.yaml and no more: which become facts, which changes do, and how
// one is told that another has its place.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeIf, until } from '@sluice/testkit';
import { type Cluster, clusterStartMs, clusterUnavailable, startCluster } from '@sluice/testkit/cluster';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  condition,
  namesIn,
  namespace,
  startWorld,
  stateOf,
  untilFacts,
  type World,
} from './kubernetes.fixture.ts';

const rbac = readFileSync(join(import.meta.dirname, '../../../deploy/rbac.yaml'), 'utf8');
const path = '/api/v1/namespaces/shop/pods';

describeIf(clusterUnavailable())('Pods', () => {
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
    await cluster.apply([namespace('shop')] as never);
  }, clusterStartMs);
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await cluster?.stop();
  });

  const create = (name: string, hostPort?: number, spec: object = {}) =>
    world.api.json({
      method: 'POST',
      path,
      body: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'shop' },
        spec: {
          nodeName: 'node-1',
          automountServiceAccountToken: false,
          containers: [
            {
              ...{ name: 'web', image: 'web', env: [{ name: 'PASSWORD', value: 'hidden' }] },
              ports: [{ containerPort: hostPort ?? 80, ...(hostPort === undefined ? {} : { hostPort }) }],
            },
          ],
          ...spec,
        },
      },
    });
  const status = (name: string, body: object) =>
    world.api.json({ method: 'PATCH', path: `${path}/${name}/status`, body: { status: body } });
  const runs = { phase: 'Running', podIP: '10.0.0.9', podIPs: [{ ip: '10.0.0.9' }] };
  const untilPods = (names: readonly string[]) =>
    untilFacts(
      world,
      (facts) => namesIn(facts, 'shop').join() === names.map((name) => `Pod/${name}`).join(),
      names.join() || 'none',
    );

  test('are facts once they have host ports and addresses, and nothing of the rest is', async () => {
    const watcher = await world.start({
      kubeconfig: await cluster.serviceAccountKubeconfig({ namespace: 'sluice-system', name: 'api-watcher' }),
    });
    log = () => watcher.log();
    for (const name of ['plain-1', 'plain-2']) await create(name);
    await create('of-the-node', 82, { hostNetwork: true, containers: [hostContainer(82)] });
    await create('web', 80);
    await create('waits', 81);
    for (const name of ['plain-1', 'plain-2', 'of-the-node', 'web']) await status(name, runs);
    await untilPods(['web']);
    const facts = await world.facts();
    expect(stateOf(facts, 'Pod')).toBe('synced');
    expect(facts.find((fact) => fact.type === 'ObjectChanged' && fact.object.kind === 'Pod')).toMatchObject({
      object: {
        metadata: { generation: 0, labels: {} },
        spec: {
          nodeName: 'node-1',
          containers: [{ name: 'web', ports: [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }] }],
        },
        status: { podIPs: [{ ip: '10.0.0.9' }], hostIPs: [] },
      },
    });
    expect(JSON.stringify(facts)).not.toContain('PASSWORD');
  });

  test('a change of what is not kept raises no fact', async () => {
    const before = (await world.log.stateAt('FACTS')).events;
    const seqOf = (events: typeof before) =>
      [...events].find(([subject]) => subject.includes('Pod.shop.web'))?.[1].seq;
    await world.api.json({
      method: 'PATCH',
      path: `${path}/web`,
      body: { metadata: { labels: { a: 'b' } } },
    });
    await status('web', { ...runs, conditions: [{ type: 'Ready', status: 'True' }] });
    // Whatever came of it stands before this.
    await status('waits', { ...runs, podIP: '10.0.0.10', podIPs: [{ ip: '10.0.0.10' }] });
    await untilPods(['waits', 'web']);
    expect(seqOf((await world.log.stateAt('FACTS')).events)).toBe(seqOf(before));
    expect(seqOf(before)).toBeGreaterThan(0);
  });

  test('one whose place another has is told by an Event', async () => {
    const { metadata } = (await world.api.json({ path: `${path}/web` })) as { metadata: { uid: string } };
    const ref = { group: '', kind: 'Pod', namespace: 'shop', name: 'web' };
    await world.say([
      {
        type: 'StatusChanged',
        ref,
        uid: metadata.uid,
        status: { conditions: [condition('sluice.dev/HostPortConflicted', 'True', 'AddressTaken', 0)] },
      } as never,
    ]);
    await until(
      async () => {
        const events = '/apis/events.k8s.io/v1/namespaces/shop/events';
        return JSON.stringify(await world.api.json({ path: events })).includes(
          'HostPortConflicted: AddressTaken, says the test',
        );
      },
      { message: 'the Event', timeoutMs: 60_000 },
    );
    const { status: own } = (await world.api.json({ path: `${path}/web` })) as { status: object };
    expect(JSON.stringify(own)).not.toContain('sluice.dev');
  });

  test('one that has ended, or is gone, is none any more', async () => {
    await status('waits', { phase: 'Succeeded' });
    await untilPods(['web']);
    await world.api.json({ method: 'DELETE', path: `${path}/web`, body: { gracePeriodSeconds: 0 } });
    await untilPods([]);
  });
});

function hostContainer(port: number): object {
  return { name: 'web', image: 'web', ports: [{ containerPort: port, hostPort: port }] };
}
