import { join } from 'node:path';
import { inCheckout } from './checkout.ts';
import { apiPort, clusterFiles, nodeName, ranges } from './layout.ts';

const podRunnerMain = inCheckout('packages/pod-runner/src/main.ts');

/** The parts of a cluster, in the order in which they start; the last three where it has Pods. kube-proxy waits for its Node. */
export const componentNames = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'coredns',
  'pod-runner',
  'kube-proxy',
] as const;

export type ComponentName = (typeof componentNames)[number];

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
    case 'kube-proxy':
      return kubeProxyArgs(options);
    case 'coredns':
      return ['-conf', clusterFiles(options.dir).corefile];
    case 'pod-runner':
      return [podRunnerMain, clusterFiles(options.dir).podRunner];
    default:
      throw new TypeError(`no component ${name satisfies never}`);
  }
}

/** Rules of nftables; nothing of the machine's own limits is touched. */
function kubeProxyArgs({ dir, nodeAddress }: ComponentOptions): readonly string[] {
  return [
    `--kubeconfig=${clusterFiles(dir).kubeconfig('kube-proxy')}`,
    '--proxy-mode=nftables',
    `--hostname-override=${nodeName}`,
    `--cluster-cidr=${ranges.pods}`,
    `--bind-address=${nodeAddress}`,
    '--healthz-bind-address=127.0.0.1:10256',
    '--metrics-bind-address=127.0.0.1:10249',
    '--conntrack-max-per-core=0',
    '--conntrack-min=0',
    '--conntrack-tcp-timeout-established=0s',
    '--conntrack-tcp-timeout-close-wait=0s',
  ];
}

/**
 * CoreDNS for the Pods, on the node's address: names of the cluster, and REFUSED for all others, since nothing leads out.
 * It is no Pod itself, so that Pods have names from their first moment on.
 */
export function corefile({
  dir,
  nodeAddress,
}: {
  readonly dir: string;
  readonly nodeAddress: string;
}): string {
  return `cluster.local:53 in-addr.arpa:53 {
  bind ${nodeAddress}
  errors
  ready 127.0.0.1:8181
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${clusterFiles(dir).kubeconfig('pod-runner')} test
  }
}
`;
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
