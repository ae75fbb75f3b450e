// deploy/ on a real cluster whose kube-proxy makes Services work, and then the way from there to a cluster without one.
import { CoreV1Api } from '@kubernetes/client-node';
import { describeIf, LoadGenerator, launch, until } from '@sluice/testkit';
import {
  type Cluster,
  clusterStartMs,
  clusterUnavailable,
  debianEnv,
  ensurePrograms,
  podsPrograms,
  startCluster,
} from '@sluice/testkit/cluster';
import { networkUnavailable } from '@sluice/testkit/network';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { conformanceImages } from '../../conformance/images.ts';
import { addAgents, installSluice } from '../../conformance/install.ts';
import { ClusterApi } from '../../harness/kubernetes/cluster-api.ts';
import { answeredSince, startStream } from './stream.ts';
import {
  installedPods,
  nodeImage,
  serveEcho,
  testMs,
  untilCondition,
  untilPodsReady,
  waitMs,
} from './world.ts';

const unavailable = clusterUnavailable([...podsPrograms, 'echo-basic']) ?? networkUnavailable();
describeIf(unavailable)('deploy/ beside kube-proxy', () => {
  let cluster: Cluster;
  let api: ClusterApi;
  let target: Awaited<ReturnType<typeof serveEcho>>;

  beforeAll(async () => {
    cluster = await startCluster({
      pods: { images: [...(await conformanceImages()), nodeImage], ownMounts: true },
    });
    api = new ClusterApi(cluster);
    await installSluice(cluster, { kubeProxy: true });
    await untilPodsReady(cluster, installedPods);
  }, clusterStartMs);
  afterAll(async () => {
    await api?.[Symbol.asyncDispose]();
    await cluster?.stop();
  });

  it(
    'serves a Gateway at the port of its node, without an agent',
    async () => {
      target = await serveEcho(cluster, api);
    },
    testMs,
  );

  it(
    'goes over to agents, and kube-proxy goes, under load: only connections that kube-proxy had led are cut, once each',
    async () => {
      const core = cluster.kubeConfig.makeApiClient(CoreV1Api);
      const { spec } = await core.readNamespacedService({ namespace: 'default', name: 'echo' });
      await startStream(cluster, 'inside', `http://${spec?.clusterIP}:8080/`);
      const connections = 4;
      await using load = new LoadGenerator({
        ...target,
        connections,
        ratePerSecond: 50,
        maxSeconds: testMs / 1_000,
      });
      const outside = async (more: number) => {
        const { answered } = load;
        await until(() => load.answered >= answered + more, { timeoutMs: waitMs, message: 'answers' });
      };
      const before = await answeredSince(cluster, 'inside', { more: 50 });
      await outside(50);
      expect([before.failures, load.failed]).toEqual([[], 0]);

      await addAgents(cluster);
      await untilPodsReady(cluster, [...installedPods, 'bpf-agent']);
      await untilCondition(
        cluster,
        { service: 'echo', type: 'sluice.dev/L4Programmed' },
        ({ status }) => status === 'True',
      );
      const both = await answeredSince(cluster, 'inside', { since: before, more: 50 });
      await outside(50);
      // From inside a connection is led when it begins, and what there is stays as it is. From outside each packet is.
      expect(both.failures).toEqual([]);
      const cut = load.failed;
      expect(cut).toBeLessThanOrEqual(connections);

      await cluster.signal('kube-proxy', 'SIGTERM');
      await cleanUp(cluster);
      const after = await answeredSince(cluster, 'inside', { since: both, more: 100 });
      await outside(100);
      expect(after.failures.filter(({ how }) => how === 'fresh')).toEqual([]);
      expect(after.failures.length).toBeLessThanOrEqual(1);
      const { failed, failures } = await load.stop();
      expect(failed, JSON.stringify(failures)).toBe(cut);
    },
    testMs,
  );
});

/** What a user does after kube-proxy has gone: `kube-proxy --cleanup`. No rule of it is left. */
async function cleanUp(cluster: Cluster): Promise<void> {
  const programs = await ensurePrograms(['kube-proxy', 'nft']);
  const env = { ...process.env, ...debianEnv('nft') };
  const run = async (name: keyof typeof programs, args: readonly string[]) => {
    await using child = await launch({ ...cluster.inside(programs[name], args), env });
    const { code } = await child.exited;
    expect(code, child.log()).toBe(0);
    return child.stdout();
  };
  expect(await run('nft', ['list', 'tables'])).toContain('kube-proxy');
  await run('kube-proxy', ['--cleanup', '--proxy-mode=nftables']);
  expect(await run('nft', ['list', 'tables'])).not.toContain('kube-proxy');
}
