import { z } from 'zod';

const imageSchema = z.object({
  /** Regular expression over the whole image name. */
  pattern: z.string(),
  /** What runs where the container names no command. */
  entrypoint: z.array(z.string()).min(1),
  env: z.record(z.string(), z.string()).default({}),
  /** Files and directories of this machine that the container sees, read-only. */
  mounts: z.array(z.object({ source: z.string(), target: z.string() })).default([]),
  /** Whether the container sees this machine's /usr and libraries, as a dynamically linked program needs. */
  system: z.boolean().default(false),
});

/** What runs for a container image. */
export type Image = z.input<typeof imageSchema>;

/** The settings of the pod runner: a JSON file, named as its one argument. */
export const runnerConfigSchema = z.object({
  kubeconfig: z.string(),
  /** Name of the Node that it registers. */
  nodeName: z.string(),
  /** The node's own address in this network namespace. */
  nodeAddress: z.string(),
  /** Directory of its own, for volumes and logs. */
  dir: z.string(),
  /** Pods get `<podPrefix>.<n>.<m>`; two numbers, like `10.244`. */
  podPrefix: z.string().regex(/^\d+\.\d+$/),
  /** LoadBalancer Services get `<loadBalancerPrefix>.<n>`; three numbers, like `172.30.0`. */
  loadBalancerPrefix: z.string().regex(/^\d+\.\d+\.\d+$/),
  /** Last numbers of the pool's addresses, inclusive. */
  loadBalancerRange: z.tuple([z.int(), z.int()]).default([10, 199]),
  /** Whether kube-proxy runs, whose rules see a packet only after it was routed: then Services get routes. */
  kubeProxy: z.boolean().default(true),
  /** Where Pods ask for names. */
  dnsAddress: z.string(),
  /** Range of ClusterIPs, for the node's route to them. */
  serviceRange: z.string(),
  /** ClusterIP of the Service `kubernetes`. */
  apiServiceAddress: z.string(),
  clusterDomain: z.string().default('cluster.local'),
  /** The kubelet's endpoint: PEM files of its certificate, its key and the authority of its clients. */
  tls: z.object({ certificate: z.string(), key: z.string(), clientCa: z.string() }),
  kubeletPort: z.int().default(10250),
  images: z.array(imageSchema),
});

/** What a user of the pod runner writes. */
export type RunnerConfig = z.input<typeof runnerConfigSchema>;
/** The same with its defaults. */
export type Config = z.output<typeof runnerConfigSchema>;
/** An image with its defaults. */
export type ResolvedImage = z.output<typeof imageSchema>;
