import { CoreV1Api, type KubeConfig, setHeaderOptions, type V1Service } from '@kubernetes/client-node';
import type { Config } from './config.ts';
import { follow } from './informer.ts';

const mergePatch = setHeaderOptions('Content-Type', 'application/merge-patch+json');

/**
 * Gives each Service of type LoadBalancer an address out of one pool: that of `spec.loadBalancerIP` where it is free and of the pool's /24,
 * none where it is not, else the next free one of the pool's range. kube-proxy does the rest.
 */
export class LoadBalancer {
  readonly #core: CoreV1Api;
  readonly #kubeConfig: KubeConfig;
  readonly #config: Config;
  /** Address → uid of its Service. */
  readonly #given = new Map<string, string>();

  constructor(kubeConfig: KubeConfig, config: Config) {
    this.#kubeConfig = kubeConfig;
    this.#core = kubeConfig.makeApiClient(CoreV1Api);
    this.#config = config;
  }

  /** Resolves after the first list. */
  follow(): Promise<void> {
    const source = { path: '/api/v1/services', list: () => this.#core.listServiceForAllNamespaces() };
    return follow<V1Service>(this.#kubeConfig, source, {
      onObject: (service) => void this.#onService(service),
      onGone: ({ metadata }) => this.#release(metadata?.uid ?? ''),
    });
  }

  async #onService({ metadata, spec, status }: V1Service): Promise<void> {
    const { uid = '', name = '', namespace = '' } = metadata ?? {};
    if (spec?.type !== 'LoadBalancer') return this.#release(uid);
    const [ingress] = status?.loadBalancer?.ingress ?? [];
    if (ingress?.ip !== undefined && this.#suits(ingress.ip, spec.loadBalancerIP)) {
      this.#given.set(ingress.ip, uid);
      return;
    }
    this.#release(uid);
    const ip = this.#choose(spec.loadBalancerIP);
    if (ip === undefined && ingress === undefined) return;
    if (ip !== undefined) this.#given.set(ip, uid);
    const body = { status: { loadBalancer: { ingress: ip === undefined ? [] : [{ ip, ipMode: 'VIP' }] } } };
    try {
      await this.#core.patchNamespacedServiceStatus({ name, namespace, body }, mergePatch);
    } catch (error) {
      process.stderr.write(`address of ${namespace}/${name}: ${String(error)}\n`);
    }
  }

  #suits(ip: string, asked: string | undefined): boolean {
    return asked === undefined || asked === '' || asked === ip;
  }

  #choose(asked: string | undefined): string | undefined {
    const { loadBalancerPrefix: prefix, loadBalancerRange } = this.#config;
    if (asked !== undefined && asked !== '') {
      const ours = asked.startsWith(`${prefix}.`) && !this.#given.has(asked);
      return ours ? asked : undefined;
    }
    const [first, last] = loadBalancerRange;
    for (let number = first; number <= last; number += 1) {
      const ip = `${prefix}.${number}`;
      if (!this.#given.has(ip)) return ip;
    }
    return undefined;
  }

  #release(uid: string): void {
    for (const [ip, holder] of this.#given) if (holder === uid) this.#given.delete(ip);
  }
}
