import {
  CoreV1Api,
  type KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  setHeaderOptions,
} from '@kubernetes/client-node';
import type { Config } from './config.ts';

const mergePatch = setHeaderOptions('Content-Type', 'application/merge-patch+json');

/**
 * Registers the Node, ready and with room for all Pods. It sends no heartbeats: the cluster must run without the node-lifecycle
 * controller.
 */
export async function registerNode(kubeConfig: KubeConfig, config: Config): Promise<void> {
  const { nodeName: name, nodeAddress, kubeletPort } = config;
  const labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' };
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } };
  const api = KubernetesObjectApi.makeApiClient(kubeConfig);
  await api.patch(node, undefined, undefined, 'pod-runner', true, PatchStrategy.ServerSideApply);
  const now = new Date();
  const room = { cpu: '64', memory: '256Gi', pods: '1000' };
  const core = kubeConfig.makeApiClient(CoreV1Api);
  // Each new Node is tainted as not ready, until the controller that this cluster does without takes the taint away.
  const { metadata } = await core.patchNode({ name, body: { spec: { taints: null } } }, mergePatch);
  await core.replaceNodeStatus({
    name,
    body: {
      ...node,
      metadata: { ...metadata, name },
      status: {
        addresses: [
          { type: 'InternalIP', address: nodeAddress },
          { type: 'Hostname', address: name },
        ],
        capacity: room,
        allocatable: room,
        conditions: [
          {
            type: 'Ready',
            status: 'True',
            reason: 'PodRunner',
            lastHeartbeatTime: now,
            lastTransitionTime: now,
          },
        ],
        daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
      },
    },
  });
}
