import { join } from 'node:path';
import { apiPort, clusterFiles, ranges } from './layout.ts';

/** The parts of the control plane, in the order in which they start. */
export type ComponentName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager';

/** What the command lines depend on. */
export interface ComponentOptions {
  readonly dir: string;
  readonly nodeAddress: string;
  /** Whether the controller manager runs, and so gives each namespace its ServiceAccount `default`. */
  readonly controllerManager: boolean;
  /** Further arguments of the API server. */
  readonly apiServerArgs: readonly string[];
}

const etcdClient = 'http://127.0.0.1:2379';
const etcdPeer = 'http://127.0.0.1:2380';

/** Where the supervisor reaches etcd; loopback of the cluster's own network namespace. */
export const etcdUrl = etcdClient;

/**
 * Controllers that a cluster without cloud and without kubelet heartbeats needs. Left out on purpose: node-lifecycle (it would taint
 * the node, which sends no heartbeats), node-ipam, and everything of volumes.
 */
const controllers = [
  'cronjob-controller',
  'daemonset-controller',
  'deployment-controller',
  'disruption-controller',
  'endpointslice-controller',
  'garbage-collector-controller',
  'job-controller',
  'namespace-controller',
  'pod-garbage-collector-controller',
  'replicaset-controller',
  'root-ca-certificate-publisher-controller',
  'serviceaccount-controller',
  'statefulset-controller',
] as const;

/** The arguments of one part. */
export function componentArgs(name: ComponentName, options: ComponentOptions): readonly string[] {
  switch (name) {
    case 'etcd':
      return etcdArgs(options);
    case 'kube-apiserver':
      return apiServerArgs(options);
    case 'kube-controller-manager':
      return controllerManagerArgs(options);
    default:
      throw new TypeError(`no component ${name satisfies never}`);
  }
}

function etcdArgs({ dir }: ComponentOptions): readonly string[] {
  return [
    `--data-dir=${clusterFiles(dir).etcd}`,
    `--listen-client-urls=${etcdClient}`,
    `--advertise-client-urls=${etcdClient}`,
    `--listen-peer-urls=${etcdPeer}`,
    `--initial-advertise-peer-urls=${etcdPeer}`,
    `--initial-cluster=default=${etcdPeer}`,
    '--log-level=warn',
  ];
}

function apiServerArgs(options: ComponentOptions): readonly string[] {
  const pki = (file: string) => join(clusterFiles(options.dir).pki, file);
  return [
    `--etcd-servers=${etcdClient}`,
    '--bind-address=0.0.0.0',
    `--secure-port=${apiPort}`,
    `--advertise-address=${options.nodeAddress}`,
    `--client-ca-file=${pki('ca.crt')}`,
    `--tls-cert-file=${pki('apiserver.crt')}`,
    `--tls-private-key-file=${pki('apiserver.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${pki('service-accounts.pub')}`,
    `--service-account-signing-key-file=${pki('service-accounts.key')}`,
    `--service-cluster-ip-range=${ranges.services}`,
    `--kubelet-client-certificate=${pki('apiserver-kubelet-client.crt')}`,
    `--kubelet-client-key=${pki('apiserver-kubelet-client.key')}`,
    `--kubelet-certificate-authority=${pki('ca.crt')}`,
    '--kubelet-preferred-address-types=InternalIP',
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
    '--profiling=false',
    ...(options.controllerManager ? [] : ['--disable-admission-plugins=ServiceAccount']),
    ...options.apiServerArgs,
  ];
}

function controllerManagerArgs({ dir }: ComponentOptions): readonly string[] {
  const files = clusterFiles(dir);
  return [
    `--kubeconfig=${files.kubeconfig('kube-controller-manager')}`,
    '--bind-address=127.0.0.1',
    '--leader-elect=false',
    '--use-service-account-credentials',
    `--service-account-private-key-file=${join(files.pki, 'service-accounts.key')}`,
    `--root-ca-file=${join(files.pki, 'ca.crt')}`,
    `--controllers=${controllers.join(',')}`,
    '--profiling=false',
  ];
}
