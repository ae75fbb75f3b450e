// deploy/ on a real cluster without kube-proxy: Services, names of the cluster and addresses of Gateways are bpf-agent's work, which is one
// of the Pods and comes up from nothing.
import { CoreV1Api, CustomObjectsApi, type V1Service } from '@kubernetes/client-node';
import { describeIf, LoadGenerator, until } from '@sluice/testkit';
import {
  type Cluster,
  clusterStartMs,
  clusterUnavailable,
  podsPrograms,
  startCluster,
} from '@sluice/testkit/cluster';
import { networkUnavailable } from '@sluice/testkit/network';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { conformanceImages } from '../../conformance/images.ts';
import { installSluice } from '../../conformance/install.ts';
import { ClusterApi } from '../../harness/kubernetes/cluster-api.ts';
import { answersSchema, askTwice, balancedService } from './balanced.ts';
import { wideService } from './wide.ts';
import {
  allReady,
  echoBackend,
  fetchInside,
  installedPods,
  nodeImage,
  podsOf,
  resultInPod,
  roll,
  serveEcho,
  testMs,
  untilCondition,
  untilPodsReady,
  waitMs,
} from './world.ts';

describeIf(clusterUnavailable([...podsPrograms, 'echo-basic']) ?? networkUnavailable())(
  'deploy/ without kube-proxy',
  () => {
    let cluster: Cluster;

    beforeAll(async () => {
      cluster = await startCluster({
        pods: { images: [...(await conformanceImages()), nodeImage], kubeProxy: false },
      });
      await installSluice(cluster, { kubeProxy: false });
    }, clusterStartMs);
    afterAll(() => cluster?.stop());

    // Waited for once: where it does not come up, each of the rest fails with that, and not after minutes of its own.
    let up: Promise<void> | undefined;
    const ready = () => {
      up ??= untilPodsReady(cluster, [...installedPods, 'bpf-agent']);
      return up;
    };
    it('brings every Pod up, and each of them says that it is ready', ready, testMs);
    beforeEach(ready, testMs);

    it('accepts its GatewayClass, with no more rights than its own ServiceAccount has', async () => {
      const custom = cluster.kubeConfig.makeApiClient(CustomObjectsApi);
      const gatewayClass = () =>
        custom.getClusterCustomObject({
          group: 'gateway.networking.k8s.io',
          version: 'v1',
          plural: 'gatewayclasses',
          name: 'sluice',
        }) as Promise<{ status?: { conditions?: { type: string; status: string }[] } }>;
      await until(
        async () =>
          (await gatewayClass()).status?.conditions?.some(
            ({ type, status }) => type === 'Accepted' && status === 'True',
          ),
        { timeoutMs: waitMs, message: 'GatewayClass sluice to be accepted' },
      );
    });

    it(
      'leads the cluster IP of a Service balanced by request to Envoy, which sees who asks and what for',
      async () => {
        const core = cluster.kubeConfig.makeApiClient(CoreV1Api);
        await cluster.apply([...echoBackend, balancedService] as never);
        const balanced = { namespace: 'default', name: balancedService.metadata.name };
        const clusterIp = (await core.readNamespacedService(balanced)).spec?.clusterIP ?? '';
        const { result, ip } = await resultInPod(cluster, 'client', askTwice(`http://${clusterIp}/`));
        const answers = answersSchema.parse(JSON.parse(result));
        expect(new Set(answers.map(({ from }) => from)).size).toBe(1);
        expect(new Set(answers.map(({ pod }) => pod)).size).toBe(2);
        for (const { forwardedFor } of answers) expect(forwardedFor).toBe(ip);
        await untilCondition(
          cluster,
          { service: balanced.name, type: 'sluice.dev/L7Programmed' },
          ({ message }) => message.includes('the eBPF datapath leads the cluster IP there'),
        );
        const { items } = await core.listNamespacedPod({
          namespace: 'sluice-system',
          labelSelector: 'app.kubernetes.io/name=envoy',
        });
        const name = items[0]?.metadata?.name ?? '';
        await until(
          async () =>
            (await core.readNamespacedPodLog({ namespace: 'sluice-system', name })).includes(
              `"local":"${clusterIp}:80"`,
            ),
          { timeoutMs: waitMs, intervalMs: 500, message: 'the cluster IP in the access log' },
        );
      },
      testMs,
    );

    it(
      'tells of each Service whether it is in the kernel of every node, and names one that has no room',
      async () => {
        const wide = wideService('wide', 2_000);
        await cluster.apply([...echoBackend, wide] as never);
        const [node] = (await cluster.kubeConfig.makeApiClient(CoreV1Api).listNode()).items;
        const l4 = (service: string) => ({ service, type: 'sluice.dev/L4Programmed' });
        const isIn = ({ status, reason }: { status: string; reason: string }) =>
          status === 'True' && reason === 'Programmed';
        await untilCondition(cluster, l4('echo'), isIn);
        await untilCondition(
          cluster,
          l4('wide'),
          ({ status, reason, message }) =>
            status === 'False' &&
            reason === 'NoRoom' &&
            message.startsWith(`maps are full on node ${node?.metadata?.name} (lb_source_ranges)`),
        );
        await cluster.apply([wideService('wide', 1)] as never);
        await untilCondition(cluster, l4('wide'), isIn);
      },
      testMs,
    );

    it(
      'rolls the Envoys and the xds-servers under load without a failed request',
      async () => {
        await using api = new ClusterApi(cluster);
        const target = await serveEcho(cluster, api);
        await using load = new LoadGenerator({ ...target, ratePerSecond: 100, maxSeconds: testMs / 1_000 });
        for (const [workload, app] of [
          ['daemonsets/envoy', 'envoy'],
          ['statefulsets/xds-server', 'xds-server'],
        ] as const) {
          const before = await podsOf(api, app);
          await roll(api, workload);
          let now: readonly string[] = [];
          await until(
            async () => {
              now = await podsOf(api, app);
              const isRolled = now.length === before.length && now.every((uid) => !before.includes(uid));
              return isRolled && (await allReady(api, app));
            },
            {
              timeoutMs: waitMs,
              intervalMs: 250,
              message: () => `${app}: ${before} to be replaced, now ${now}`,
            },
          );
        }
        const answered = load.answered;
        await until(() => load.answered > answered + 100, {
          timeoutMs: waitMs,
          message: 'answers afterwards',
        });
        expect((await load.stop()).failures).toEqual([]);
      },
      testMs,
    );

    it(
      'comes up from cold: no pins, every Pod anew, NATS at another address',
      async () => {
        const core = cluster.kubeConfig.makeApiClient(CoreV1Api);
        const nats = { name: 'nats-0', namespace: 'sluice-system' };
        const before = (await core.readNamespacedPod(nats)).status?.podIP;
        await cluster.restartNode();
        const after = await until(
          async () => {
            const ip = (await core.readNamespacedPod(nats)).status?.podIP;
            return ip !== before && ip;
          },
          { timeoutMs: waitMs, message: `NATS to be elsewhere than ${before}` },
        );
        for (const namespace of ['sluice-system', 'sluice-datapath'])
          await until(
            async () => {
              const { data } = await core.readNamespacedConfigMap({
                name: 'sluice-nats-addresses',
                namespace,
              });
              return data?.addresses === `${after}\n`;
            },
            { timeoutMs: waitMs, message: `${namespace} to be told that NATS is at ${after}` },
          );
        await untilPodsReady(cluster, [...installedPods, 'bpf-agent']);
        const echo: V1Service = await core.readNamespacedService({ name: 'echo', namespace: 'default' });
        expect(JSON.parse(await fetchInside(cluster, `http://${echo.spec?.clusterIP}:8080/`))).toMatchObject({
          pod: expect.stringMatching(/^echo-/),
        });
        const edge = await core.readNamespacedService({ name: 'edge-sluice', namespace: 'default' });
        const [ingress] = edge.status?.loadBalancer?.ingress ?? [];
        expect(JSON.parse(await fetchInside(cluster, `http://${ingress?.ip}/`))).toMatchObject({
          pod: expect.stringMatching(/^echo-/),
        });
      },
      testMs,
    );
  },
);
