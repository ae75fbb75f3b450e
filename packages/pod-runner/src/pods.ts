import {
  CoreV1Api,
  type KubeConfig,
  setHeaderOptions,
  type V1ConfigMap,
  type V1Pod,
  type V1PodStatus,
} from '@kubernetes/client-node';
import type { Config } from './config.ts';
import { follow } from './informer.ts';
import type { PodNetwork } from './pod-network.ts';
import { PodObjects } from './pod-objects.ts';
import { podStatus } from './pod-status.ts';
import { PodWorker } from './pod-worker.ts';

/** A Pod whose status is written: one write at a time, the newest state at last. */
interface Running {
  readonly worker: PodWorker;
  readonly ended: Promise<void>;
  written: V1PodStatus | undefined;
  writing: Promise<void> | undefined;
  dirty: boolean;
  deleting: boolean;
}

const mergePatch = setHeaderOptions('Content-Type', 'application/merge-patch+json');
const hasCode = (error: unknown, code: number): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** Binds every Pod that has no node to this one, and runs those that are bound to it. */
export class Pods {
  readonly #core: CoreV1Api;
  readonly #kubeConfig: KubeConfig;
  readonly #config: Config;
  readonly #network: PodNetwork;
  readonly #objects: PodObjects;
  readonly #running = new Map<string, Running>();

  constructor(kubeConfig: KubeConfig, config: Config, network: PodNetwork) {
    this.#kubeConfig = kubeConfig;
    this.#core = kubeConfig.makeApiClient(CoreV1Api);
    this.#config = config;
    this.#network = network;
    this.#objects = new PodObjects(kubeConfig);
  }

  /** Resolves after the first lists. */
  async follow(): Promise<void> {
    const configMaps = {
      path: '/api/v1/configmaps',
      list: () => this.#core.listConfigMapForAllNamespaces(),
    };
    await follow<V1ConfigMap>(this.#kubeConfig, configMaps, {
      onObject: (configMap) => this.#onConfigMap(configMap),
      onGone: () => undefined,
    });
    const source = { path: '/api/v1/pods', list: () => this.#core.listPodForAllNamespaces() };
    await follow<V1Pod>(this.#kubeConfig, source, {
      onObject: (pod) => this.#onPod(pod),
      onGone: (pod) => this.#running.get(pod.metadata?.uid ?? '')?.worker.end(0),
    });
  }

  /** The Pod of a name that runs here. */
  find(namespace: string, name: string): PodWorker | undefined {
    return [...this.#running.values()]
      .map(({ worker }) => worker)
      .find(({ pod: { metadata } }) => metadata?.namespace === namespace && metadata.name === name);
  }

  #onConfigMap(configMap: V1ConfigMap): void {
    const { namespace, name } = configMap.metadata ?? {};
    for (const { worker } of this.#running.values())
      void worker
        .configMapChanged(configMap)
        .catch((error) => report(error, `volumes with ConfigMap ${namespace}/${name}`));
  }

  #onPod(pod: V1Pod): void {
    const { uid = '', deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata ?? {};
    const running = this.#running.get(uid);
    if (deletionTimestamp !== undefined) {
      if (running === undefined) void this.#delete(pod);
      else if (!running.deleting) {
        running.deleting = true;
        running.worker.end(deletionGracePeriodSeconds * 1_000);
      }
      return;
    }
    if (running !== undefined) return;
    if (pod.spec?.nodeName === undefined) void this.#bind(pod);
    else if (pod.spec.nodeName === this.#config.nodeName) this.#start(pod, uid);
  }

  async #bind({ metadata }: V1Pod): Promise<void> {
    const { name = '', namespace = '' } = metadata ?? {};
    const target = { apiVersion: 'v1', kind: 'Node', name: this.#config.nodeName };
    try {
      await this.#core.createNamespacedPodBinding({ name, namespace, body: { metadata: { name }, target } });
    } catch (error) {
      // Bound already (409), or gone: the watch tells.
      if (!hasCode(error, 409) && !hasCode(error, 404)) report(error, `bind ${namespace}/${name}`);
    }
  }

  #start(pod: V1Pod, uid: string): void {
    const worker = new PodWorker(pod, {
      config: this.#config,
      network: this.#network,
      objects: this.#objects,
      onChange: () => this.#write(uid),
    });
    const running: Running = {
      worker,
      ended: Promise.resolve(),
      written: undefined,
      writing: undefined,
      dirty: false,
      deleting: false,
    };
    this.#running.set(uid, running);
    void worker
      .run()
      .catch((error) => report(error, `${pod.metadata?.namespace}/${pod.metadata?.name}`))
      .then(() => this.#afterRun(uid, running));
  }

  async #afterRun(uid: string, running: Running): Promise<void> {
    await running.writing;
    if (!running.deleting) return;
    await running.worker.remove();
    this.#running.delete(uid);
    await this.#delete(running.worker.pod);
  }

  async #delete({ metadata }: V1Pod): Promise<void> {
    const { name = '', namespace = '', uid = '' } = metadata ?? {};
    const body = { gracePeriodSeconds: 0, preconditions: { uid } };
    try {
      await this.#core.deleteNamespacedPod({ name, namespace, body });
    } catch (error) {
      if (!hasCode(error, 404) && !hasCode(error, 409)) report(error, `delete ${namespace}/${name}`);
    }
  }

  #write(uid: string): void {
    const running = this.#running.get(uid);
    if (running === undefined) return;
    running.dirty = true;
    running.writing ??= this.#writeAll(running).finally(() => {
      running.writing = undefined;
    });
  }

  async #writeAll(running: Running): Promise<void> {
    const { worker } = running;
    const { name = '', namespace = '', uid = '' } = worker.pod.metadata ?? {};
    while (running.dirty) {
      running.dirty = false;
      const status = podStatus(worker.state, running.written?.conditions ?? [], new Date());
      if (JSON.stringify(status) === JSON.stringify(running.written)) continue;
      running.written = status;
      try {
        // A merge patch: a strategic one merges podIPs by address and is then refused.
        const body = { metadata: { uid }, status };
        await this.#core.patchNamespacedPodStatus({ name, namespace, body }, mergePatch);
      } catch (error) {
        if (!hasCode(error, 404) && !hasCode(error, 409)) report(error, `status of ${namespace}/${name}`);
      }
    }
  }
}

function report(error: unknown, what: string): void {
  process.stderr.write(`${what}: ${error instanceof Error ? error.message : String(error)}\n`);
}
