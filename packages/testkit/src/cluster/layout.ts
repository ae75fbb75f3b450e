import { join } from 'node:path';

/** Address ranges inside a cluster's own network namespace: every cluster has the same ones. */
export const ranges = {
  services: '10.96.0.0/16',
  /** ClusterIP of the Service `kubernetes`: the first of `services`. */
  apiService: '10.96.0.1',
  /** ClusterIP of the Service `kube-dns`, where there is one. */
  dnsService: '10.96.0.10',
  pods: '10.244.0.0/16',
  podPrefix: '10.244',
  /** Addresses of LoadBalancer Services: a /24. */
  loadBalancerPrefix: '172.30.0',
} as const;

/** Port of the API server. Fixed: no other cluster is in its network namespace. */
export const apiPort = 6443;

/** The one node. */
export const nodeName = 'node-0';

/** The files of one cluster, in a directory of its own. */
export interface ClusterFiles {
  readonly dir: string;
  readonly pki: string;
  /** The store of etcd: memory of the cluster's own mount namespace, empty when seen from outside. */
  readonly etcd: string;
  readonly logs: string;
  readonly corefile: string;
  /** Settings of the pod runner. */
  readonly podRunner: string;
  /** Kubeconfig by user of the PKI. */
  kubeconfig(user: string): string;
}

/** Where the files of a cluster are. */
export const clusterFiles = (dir: string): ClusterFiles => ({
  dir,
  pki: join(dir, 'pki'),
  etcd: join(dir, 'etcd'),
  logs: join(dir, 'logs'),
  corefile: join(dir, 'Corefile'),
  podRunner: join(dir, 'pod-runner.json'),
  kubeconfig: (user) => join(dir, `${user}.kubeconfig`),
});
