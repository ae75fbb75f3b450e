import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import type { Image, RunnerConfig } from '@sluice/pod-runner';
import { testCgroup } from '../network/cgroup.ts';
import { applyObjects, type Manifest, parseManifests, serviceAccountToken } from './apply.ts';
import { makeClusterDir } from './cluster-dir.ts';
import { type ComponentName, componentNames, corefile } from './components.ts';
import { debianEnv } from './debian.ts';
import { dnsService } from './dns-service.ts';
import { type Channel, gatewayApiCrds } from './gateway-api-crds.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { apiPort, clusterFiles, nodeName, ranges } from './layout.ts';
import { clusterUsers, writePki } from './pki.ts';
import { ensurePrograms, type ProgramName } from './programs.ts';
import { type CustomResource, storedObject } from './store.ts';
import { intoCgroup, type Supervised, superviseCluster } from './supervised.ts';
import { addUplink } from './uplink.ts';

/** What a cluster is to be. */
export interface ClusterOptions {
  /** Which CRDs of the Gateway API it has from the start; default `standard`, `none` for an API server without any. */
  readonly channel?: Channel | 'none';
  /**
   * Whether kube-controller-manager runs; default false. Without it nothing deletes a namespace's objects, makes EndpointSlices, or gives a
   * namespace its ServiceAccount `default`.
   */
  readonly controllerManager?: boolean;
  /** Whether it has a node that runs Pods; default: none. With it come kube-controller-manager, names (CoreDNS) and addresses for LoadBalancer Services. */
  readonly pods?: PodOptions;
  /** Further arguments of kube-apiserver, like `--default-watch-cache-size=10`. */
  readonly apiServerArgs?: readonly string[];
  /** Hears of a part that ended by itself; default: a line on standard error. */
  readonly onDeath?: (message: string) => void;
}

/** The node of a cluster. */
export interface PodOptions {
  /** What runs for which image. */
  readonly images: readonly Image[];
  /**
   * Whether kube-proxy makes Services work; default true. Without it nothing does, not even names (the Service `kube-dns`), until something that
   * runs as a Pod does: the node has a cgroup of its own and an empty bpffs for it.
   */
  readonly kubeProxy?: boolean;
  /** Whether the node has that cgroup and bpffs beside kube-proxy too, for who takes its place later; default false. */
  readonly ownMounts?: boolean;
}

/** A real Kubernetes API server on a real etcd. Disposing it ends it, and leaves nothing behind. */
export interface Cluster extends AsyncDisposable {
  /** Like `https://198.18.0.2:6443`; the same inside and outside of its network namespace. */
  readonly server: string;
  /** Kubeconfig of an administrator. */
  readonly kubeconfig: string;
  /** The same, loaded: `kubeConfig.makeApiClient(CoreV1Api)`. */
  readonly kubeConfig: KubeConfig;
  /** PEM of the cluster's authority. */
  readonly caPem: string;
  /** Its directory: kubeconfigs, logs; gone when it is stopped. */
  readonly dir: string;
  /** The address of this process's end, where the cluster's inside reaches what this process serves. */
  readonly hostAddress: string;
  /** The node's address. */
  readonly nodeAddress: string;
  /** Path of its network namespace, for `nsenter --net=…`. */
  readonly netns: string;
  /** A command line that runs `command` inside the network namespace, and the node's cgroup where it has one, for `launch`. */
  inside(
    command: string,
    args: readonly string[],
  ): { readonly command: string; readonly args: readonly string[] };
  /** Applies objects (server-side, with force); waits until CRDs among them are served. @throws ApiException */
  apply(objects: readonly Manifest[] | string): Promise<void>;
  /** Writes the kubeconfig of a ServiceAccount, made if it is not there: a bound token for an hour. Gives the file. */
  serviceAccountKubeconfig(account: { readonly namespace: string; readonly name: string }): Promise<string>;
  /** Sends a signal to a part; SIGTERM and SIGKILL wait until it is gone. SIGSTOP freezes it. */
  signal(component: ComponentName, signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  /** Starts a part that was ended; resolves when it serves. */
  start(component: ComponentName): Promise<void>;
  /**
   * What a node that loses its power and comes back is: every process of its Pods ends at once, its kernel has forgotten what was pinned, and the
   * same Pods start anew, at other addresses. Resolves when they begin to. Only where the node has a bpffs of its own; what kube-proxy wrote stays.
   */
  restartNode(): Promise<void>;
  /** Compacts etcd at its newest revision. */
  compact(): Promise<void>;
  /**
   * Puts many objects of a CRD into etcd at once, past the API server: 10,000 in seconds, where writing them one by one takes minutes. The API
   * server serves them as any other; nothing has judged them.
   */
  store(resource: CustomResource, objects: readonly Manifest[]): Promise<void>;
  /** What a part has logged. */
  log(component: ComponentName): string;
  /** Ends all of it; a second call does nothing. */
  stop(): Promise<void>;
}

/**
 * Time limit for a hook that starts a cluster, milliseconds: 10 s are usual, but the first run of a version on a machine builds the programs.
 */
export const clusterStartMs = 2_400_000;

/**
 * Starts etcd and kube-apiserver in network, mount and PID namespaces of their own, so that any number of clusters run at once, and
 * applies the Gateway API's CRDs. It lives as long as this process: even after `kill -9` of it nothing runs on. The first call ever on a
 * machine builds the programs (minutes, with progress lines). Ask `clusterUnavailable()` first where it may be impossible.
 * @throws Error with the reason
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { channel = 'standard', pods, apiServerArgs = [] } = options;
  const controllerManager = options.controllerManager ?? pods !== undefined;
  const kubeProxy = pods?.kubeProxy ?? true;
  const components = componentNames
    .slice(0, pods !== undefined ? undefined : controllerManager ? 3 : 2)
    .filter((name) => kubeProxy || name !== 'kube-proxy');
  const programs = await clusterPrograms(components);
  const onDeath = options.onDeath ?? ((message) => void process.stderr.write(`[cluster] ${message}\n`));
  const stack = new AsyncDisposableStack();
  try {
    const dir = makeClusterDir();
    stack.defer(() => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));
    const cgroup = kubeProxy && pods?.ownMounts !== true ? undefined : await testCgroup();
    stack.defer(() => cgroup?.remove());
    const supervised = await superviseCluster(onDeath, cgroup?.path);
    stack.defer(() => supervised.stop());
    const uplink = addUplink(supervised.pid);
    const { nodeAddress } = uplink;
    const access = await prepareAccess(dir, nodeAddress);
    if (pods !== undefined) writePodSettings(dir, nodeAddress, pods);
    const env = components.includes('kube-proxy') ? { 'kube-proxy': { ...debianEnv('nft') } } : {};
    supervised.setUp({
      dir,
      nodeAddress,
      controllerManager,
      ownMounts: cgroup !== undefined,
      apiServerArgs: [...apiServerArgs],
      programs,
      env,
    });
    for (const component of components) await supervised.order({ do: 'start', component });
    const parts = { dir, supervised, access, cgroup: cgroup?.path, ...uplink };
    const cluster = clusterOf(parts, () => stack.disposeAsync());
    if (!kubeProxy) await cluster.apply(dnsService(nodeAddress));
    if (channel !== 'none') await cluster.apply(parseManifests(gatewayApiCrds(channel)));
    return cluster;
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** The programs of a cluster with Pods. */
export const podsPrograms: readonly ProgramName[] = [
  ...componentNames.filter((name) => name !== 'pod-runner'),
  'nft',
  'gateway-api-crds',
];

async function clusterPrograms(components: readonly ComponentName[]): Promise<Record<string, string>> {
  const control = components.filter((name) => name !== 'pod-runner');
  const nft = components.includes('kube-proxy') ? (['nft'] as const) : [];
  const wanted: readonly ProgramName[] = [...control, ...nft, 'gateway-api-crds'];
  return { ...(await ensurePrograms(wanted)), 'pod-runner': process.execPath };
}

function writePodSettings(dir: string, nodeAddress: string, { images, kubeProxy = true }: PodOptions): void {
  const files = clusterFiles(dir);
  const settings: RunnerConfig = {
    kubeconfig: files.kubeconfig('pod-runner'),
    nodeName,
    nodeAddress,
    dir: join(dir, 'pod-runner'),
    podPrefix: ranges.podPrefix,
    kubeProxy,
    dnsAddress: kubeProxy ? nodeAddress : ranges.dnsService,
    loadBalancerPrefix: ranges.loadBalancerPrefix,
    serviceRange: ranges.services,
    apiServiceAddress: ranges.apiService,
    tls: {
      certificate: join(files.pki, 'kubelet.crt'),
      key: join(files.pki, 'kubelet.key'),
      clientCa: join(files.pki, 'ca.crt'),
    },
    images: [...images],
  };
  writeFileSync(files.podRunner, JSON.stringify(settings));
  writeFileSync(files.corefile, corefile({ dir, nodeAddress }));
}

interface Access {
  readonly server: string;
  readonly caPem: string;
}

async function prepareAccess(dir: string, nodeAddress: string): Promise<Access> {
  const files = clusterFiles(dir);
  const { caPem } = await writePki(files.pki, {
    nodeAddress,
    apiServiceAddress: ranges.apiService,
    nodeName,
  });
  const server = `https://${nodeAddress}:${apiPort}`;
  for (const user of Object.keys(clusterUsers))
    writeKubeconfig(files.kubeconfig(user), { server, caPem, credentials: { pki: files.pki, user } });
  return { server, caPem };
}

interface Parts {
  readonly dir: string;
  readonly supervised: Supervised;
  readonly access: Access;
  readonly hostAddress: string;
  readonly nodeAddress: string;
  readonly cgroup: string | undefined;
}

function clusterOf(
  { dir, supervised, access, hostAddress, nodeAddress, cgroup }: Parts,
  stop: () => Promise<void>,
): Cluster {
  const files = clusterFiles(dir);
  const kubeconfig = files.kubeconfig('admin');
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(kubeconfig);
  const netns = `/proc/${supervised.pid}/ns/net`;
  return {
    ...access,
    kubeconfig,
    kubeConfig,
    dir,
    hostAddress,
    nodeAddress,
    netns,
    inside: (command, args) => {
      const [first = '', ...rest] = [...intoCgroup(cgroup), 'nsenter', `--net=${netns}`, command, ...args];
      return { command: first, args: rest };
    },
    apply: (objects) =>
      applyObjects(kubeConfig, typeof objects === 'string' ? parseManifests([objects]) : objects),
    serviceAccountKubeconfig: async (account) => {
      const accounts = join(dir, 'service-accounts');
      mkdirSync(accounts, { recursive: true, mode: 0o700 });
      const file = join(accounts, `${account.namespace}.${account.name}.kubeconfig`);
      const token = await serviceAccountToken(kubeConfig, account);
      writeKubeconfig(file, { ...access, credentials: { token } });
      return file;
    },
    signal: (component, signal) => supervised.order({ do: 'signal', component, signal }),
    start: (component) => supervised.order({ do: 'start', component }),
    restartNode: async () => {
      await supervised.order({ do: 'signal', component: 'pod-runner', signal: 'SIGKILL' });
      await supervised.order({ do: 'clear-node' });
      await supervised.order({ do: 'start', component: 'pod-runner' });
    },
    compact: () => supervised.order({ do: 'compact' }),
    store: async (resource, objects) => {
      const file = join(dir, 'store.json');
      writeFileSync(file, JSON.stringify(objects.map((object) => storedObject(resource, object))));
      await supervised.order({ do: 'store', file });
      rmSync(file);
    },
    log: (component) => readFileSync(join(files.logs, `${component}.log`), 'utf8'),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
