// deploy/ alone, on a real cluster whose kube-proxy makes Services work.
import { describeIf } from '@sluice/testkit';
import {
  type Cluster,
  clusterStartMs,
  clusterUnavailable,
  podsPrograms,
  startCluster,
} from '@sluice/testkit/cluster';
import { afterAll, beforeAll, it } from 'vitest';
import { conformanceImages } from '../../conformance/images.ts';
import { installSluice } from '../../conformance/install.ts';
import { ClusterApi } from '../../harness/kubernetes/cluster-api.ts';
import { installedPods, serveEcho, testMs, untilPodsReady } from './world.ts';

describeIf(clusterUnavailable([...podsPrograms, 'echo-basic']))('deploy/ beside kube-proxy', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster({ pods: { images: await conformanceImages() } });
    await installSluice(cluster, { kubeProxy: true });
  }, clusterStartMs);
  afterAll(() => cluster?.stop());

  const ready = () => untilPodsReady(cluster, installedPods);
  it('brings every Pod up, without an agent', ready, testMs);

  const serves = async () => {
    await using api = new ClusterApi(cluster);
    await serveEcho(cluster, api);
  };
  it('serves a Gateway at the port of its node', serves, testMs);
});
