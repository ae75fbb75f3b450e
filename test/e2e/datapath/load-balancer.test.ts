// Services of type LoadBalancer as an API server has them, from outside over a node with an agent: the addresses of their status, and
// loadBalancerSourceRanges, which those and none else are closed by.
import { describeIf, until } from '@sluice/testkit';
import { type Cluster, clusterStartMs, clusterUnavailable, startCluster } from '@sluice/testkit/cluster';
import type { Peer } from '@sluice/testkit/network';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Datapath, datapathUnavailable, startDatapath } from '../../harness/datapath.ts';
import { ClusterApi, type ClusterObject } from '../../harness/kubernetes/cluster-api.ts';
import { prepareCluster } from '../../harness/kubernetes/platform.ts';
import { serviceWith } from './services.ts';

const address = '203.0.113.40';
const external = '203.0.113.41';
const proxied = '203.0.113.42';
const nodePort = 30_080;
const unavailable =
  datapathUnavailable() ?? clusterUnavailable(['etcd', 'kube-apiserver', 'gateway-api-crds']);

describeIf(unavailable)('a Service of type LoadBalancer', () => {
  const stack = new AsyncDisposableStack();
  let api: ClusterApi;
  let datapath: Datapath;
  let client: Peer;
  beforeAll(async () => {
    const cluster: Cluster = stack.use(await startCluster());
    api = stack.use(new ClusterApi(cluster));
    await prepareCluster(api);
    datapath = stack.use(await startDatapath({ kubeconfig: cluster.kubeconfig }));
    const pod = await datapath.nodes[0]?.addPod('web');
    await (await pod?.startPeer())?.listen(8080);
    client = await datapath.network.outside.startPeer();
    const endpoints = [{ address: pod?.address ?? '', node: 'node-1' }];
    await api.applyAll(objects(endpoints));
  }, clusterStartMs);
  afterAll(() => stack.disposeAsync());

  const objects = (endpoints: { address: string; node: string }[], spec: object = {}) =>
    serviceWith('web', [{ port: 80, targetPort: 8080, nodePort }], {
      endpoints,
      spec: { type: 'LoadBalancer', externalIPs: [external], ...spec },
    });
  const admit = (ranges: readonly string[]) =>
    api.applyAll(objects([], { loadBalancerSourceRanges: ranges }));
  const nodeAddress = () => datapath.nodes[0]?.address ?? '';
  const asked = async (to: string, port = 80, timeoutMs = 20_000) => {
    const { answer, error } = await client.ask({ address: to, port, timeoutMs });
    return answer?.name ?? error;
  };
  /** Waits until what a client gets there is this; tries are short, for who is not admitted hears nothing. */
  const untilGets = (to: string, expected: string) =>
    until(async () => (await asked(to, 80, 1_000)) === expected, {
      timeoutMs: 120_000,
      message: `${expected} at ${to}`,
    });

  it('is reached at the addresses of its status, with the client’s own, but for those of a load balancer that is a proxy', async () => {
    await untilGets(external, 'web');
    const [service] = objects([]);
    const ingress = [{ ip: address }, { ip: proxied, ipMode: 'Proxy' }];
    await api.patchStatus(service as ClusterObject, { loadBalancer: { ingress } });
    await untilGets(address, 'web');
    const { answer } = await client.ask({ address, port: 80 });
    expect(answer).toMatchObject({ client: datapath.network.outside.address, peer: address, peerPort: 80 });
    expect(await asked(external)).toBe('web');
    expect(await asked(nodeAddress(), nodePort)).toBe('web');
    expect(await asked(proxied, 80, 1_000)).not.toBe('web');
  });

  it('with source ranges is closed to all else at those addresses, and opened again without', async () => {
    const { address: own } = datapath.network.outside;
    await admit(['198.51.100.0/24']);
    await untilGets(address, 'ETIMEDOUT');
    expect(await asked(external)).toBe('web');
    expect(await asked(nodeAddress(), nodePort)).toBe('web');
    await admit(['198.51.100.0/24', `${own}/32`]);
    await untilGets(address, 'web');
    await admit(['198.51.100.0/24', '192.0.2.0/24']);
    await untilGets(address, 'ETIMEDOUT');
    expect(await asked(address, 80, 3_000)).toBe('ETIMEDOUT');
    await admit([]);
    await untilGets(address, 'web');
  });
});
