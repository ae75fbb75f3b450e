import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { V1ConfigMap, V1Container, V1Pod } from '@kubernetes/client-node';
import { capabilitiesOf } from './capabilities.ts';
import type { Config } from './config.ts';
import { containerEnv } from './container-env.ts';
import { ContainerLog } from './container-log.ts';
import { type ContainerProcess, type Mount, startContainer } from './container-process.ts';
import { ContainerRunner } from './container-runner.ts';
import { expand } from './expand.ts';
import { imageFor } from './images.ts';
import type { PodNetwork, Sandbox } from './pod-network.ts';
import type { PodObjects } from './pod-objects.ts';
import type { PodState } from './pod-status.ts';
import { makeVolumes, refreshVolumes, usesConfigMap } from './volumes.ts';

/** What Pods are run with. */
export interface WorkerDeps {
  readonly config: Config;
  readonly network: PodNetwork;
  readonly objects: PodObjects;
  /** Called after each change of the Pod's state. */
  readonly onChange: (worker: PodWorker) => void;
}

const volumesAgainMs = 1_000;

/** One Pod on this node, from its binding to its end. */
export class PodWorker {
  readonly pod: V1Pod;
  readonly #deps: WorkerDeps;
  readonly #dir: string;
  readonly #stop = new AbortController();
  readonly #startTime = new Date();
  readonly #logs = new Map<string, ContainerLog>();
  #sandbox: Sandbox | undefined;
  #init: readonly ContainerRunner[] = [];
  #containers: readonly ContainerRunner[] = [];
  #volumes: ReadonlyMap<string, string> = new Map();
  readonly #volumesMade = Promise.withResolvers<void>();
  /** The volumes are written anew one time after the other. */
  #refreshed: Promise<void> = Promise.resolve();
  #graceMs: number;
  #runs = 0;

  constructor(pod: V1Pod, deps: WorkerDeps) {
    this.pod = pod;
    this.#deps = deps;
    this.#dir = join(deps.config.dir, 'pods', pod.metadata?.uid ?? '');
    this.#graceMs = (pod.spec?.terminationGracePeriodSeconds ?? 30) * 1_000;
  }

  get state(): PodState {
    return {
      pod: this.pod,
      podIp: this.#sandbox?.ip,
      nodeAddress: this.#deps.config.nodeAddress,
      startTime: this.#startTime,
      init: this.#init.map(({ state }) => state),
      containers: this.#containers.map(({ state }) => state),
    };
  }

  /** What a container has written in its newest run. */
  log(container: string): ContainerLog | undefined {
    return this.#logs.get(container);
  }

  /** Lives until all containers have ended for good, or `end` was called and nothing of the Pod is left. */
  async run(): Promise<void> {
    const { spec } = this.pod;
    mkdirSync(this.#dir, { recursive: true });
    this.#sandbox = await this.#deps.network.add(spec?.hostNetwork === true);
    const policy = spec?.restartPolicy ?? 'Always';
    const restart = policy === 'Always' ? 'always' : policy === 'OnFailure' ? 'failure' : 'never';
    this.#init = (spec?.initContainers ?? []).map((one) =>
      this.#runner(one, restart === 'never' ? restart : 'failure'),
    );
    this.#containers = (spec?.containers ?? []).map((one) => this.#runner(one, restart));
    this.#deps.onChange(this);
    await this.#makeVolumes();
    if (await this.#initialize())
      await Promise.all(this.#containers.map((runner) => runner.run(this.#stop.signal)));
    // The status is read once more before the Pod goes.
    this.#deps.onChange(this);
  }

  /** Writes volumes anew that hold a ConfigMap which has changed, as the kubelet does within about a minute. */
  configMapChanged({ metadata }: V1ConfigMap): Promise<void> {
    const isOurs = metadata?.namespace === this.pod.metadata?.namespace;
    if (isOurs && usesConfigMap(this.pod, metadata?.name ?? ''))
      this.#refreshed = this.#refreshed
        .catch(() => undefined)
        .then(() => this.#volumesMade.promise)
        .then(() => refreshVolumes(this.#volumeSources));
    return this.#refreshed;
  }

  /** Ends the containers: SIGTERM, then SIGKILL after the Pod's grace time (milliseconds). */
  end(graceMs: number): void {
    this.#graceMs = graceMs;
    this.#stop.abort();
  }

  /** Takes away its network and its files. Its containers must have ended. */
  async remove(): Promise<void> {
    for (const log of this.#logs.values()) log.close();
    await this.#sandbox?.remove();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #initialize(): Promise<boolean> {
    for (const runner of this.#init) if (!(await runner.run(this.#stop.signal))) return false;
    return !this.#stop.signal.aborted;
  }

  /** An object that is missing may come: it is tried again until the Pod ends. */
  async #makeVolumes(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        this.#volumes = await makeVolumes(this.#volumeSources);
        this.#volumesMade.resolve();
        return;
      } catch (error) {
        const { namespace, name } = this.pod.metadata ?? {};
        process.stderr.write(`${namespace}/${name} waits for its volumes: ${String(error)}\n`);
        await setTimeout(volumesAgainMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  get #volumeSources() {
    const claims = join(this.#deps.config.dir, 'claims');
    return { ...this.#sources, dir: join(this.#dir, 'volumes'), claims };
  }

  get #sources() {
    const { config, objects } = this.#deps;
    const { nodeAddress, nodeName } = config;
    return { pod: this.pod, objects, facts: { podIp: this.#sandbox?.ip ?? '', nodeAddress, nodeName } };
  }

  #runner(container: V1Container, restart: 'always' | 'failure' | 'never'): ContainerRunner {
    const worker = this;
    return new ContainerRunner({
      container,
      restart,
      get ip() {
        return worker.#sandbox?.ip ?? '';
      },
      get graceMs() {
        return worker.#graceMs;
      },
      start: () => this.#start(container),
      onChange: () => this.#deps.onChange(this),
    });
  }

  async #start(container: V1Container): Promise<ContainerProcess> {
    const { config } = this.#deps;
    const image = imageFor(container.image ?? '', config);
    const base = {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOSTNAME: this.pod.metadata?.name ?? '',
      KUBERNETES_SERVICE_HOST: config.apiServiceAddress,
      KUBERNETES_SERVICE_PORT: '443',
      ...image.env,
    };
    const env = await containerEnv(container, { ...this.#sources, base });
    const words = (list: readonly string[] | undefined) => list?.map((word) => expand(word, env));
    const security = { ...this.pod.spec?.securityContext, ...container.securityContext };
    const uid = security.runAsUser ?? 0;
    const gid = security.runAsGroup ?? 0;
    this.#logs.get(container.name)?.close();
    this.#runs += 1;
    const log = new ContainerLog(join(this.#dir, `${container.name}.${this.#runs}.log`), { uid, gid });
    this.#logs.set(container.name, log);
    return startContainer({
      command: [...(words(container.command) ?? image.entrypoint), ...(words(container.args) ?? [])],
      env,
      mounts: [
        ...image.mounts.map((mount) => ({ ...mount, writable: false })),
        ...this.#networkFiles(),
        ...this.#mountsOf(container),
      ],
      uid,
      gid,
      capabilities: capabilitiesOf(container.securityContext),
      readOnlyRoot: container.securityContext?.readOnlyRootFilesystem ?? false,
      enter: this.#sandbox?.enter ?? [],
      hostname: this.pod.metadata?.name ?? '',
      root: join(this.#dir, `${container.name}.root`),
      log,
    });
  }

  #networkFiles(): Mount[] {
    const { clusterDomain, dnsAddress } = this.#deps.config;
    const { name = '', namespace = '' } = this.pod.metadata ?? {};
    const { hostNetwork = false, dnsPolicy = 'ClusterFirst' } = this.pod.spec ?? {};
    // As Kubernetes has it: who uses the node's network asks the node's servers, unless it says otherwise. This node has none.
    const asksCluster = hostNetwork
      ? dnsPolicy === 'ClusterFirstWithHostNet'
      : dnsPolicy.startsWith('ClusterFirst');
    const search = `${namespace}.svc.${clusterDomain} svc.${clusterDomain} ${clusterDomain}`;
    const files = {
      'resolv.conf': asksCluster ? `nameserver ${dnsAddress}\nsearch ${search}\noptions ndots:5\n` : '',
      hosts: `127.0.0.1 localhost\n${this.#sandbox?.ip ?? ''} ${name}\n`,
    };
    return Object.entries(files).map(([file, text]) => {
      const source = join(this.#dir, file);
      writeFileSync(source, text);
      return { source, target: `/etc/${file}`, writable: false };
    });
  }

  #mountsOf(container: V1Container): Mount[] {
    return (container.volumeMounts ?? []).map(({ name, mountPath, subPath = '', readOnly }) => {
      const source = this.#volumes.get(name);
      if (source === undefined) throw new Error(`volumeMount ${name}: the Pod has no such volume`);
      return { source: join(source, subPath), target: mountPath, writable: readOnly !== true };
    });
  }
}
