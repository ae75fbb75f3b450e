import { managedBy } from '@sluice/kinds';
import type { Logger } from '@sluice/service-kit';
import type { EnvoyPod } from '../../core/infrastructure/gateway-service.ts';
import { envoyOf } from '../../core/infrastructure/observed.ts';
import type { ApiObject } from '../../core/kubernetes/api-object.ts';
import type { ApiResource } from '../../core/kubernetes/api-paths.ts';
import type { ApiClient } from './api-client.ts';
import { Reflector, type ReflectorTimes } from './reflector.ts';

export const serviceResource: ApiResource = { base: '/api/v1', plural: 'services', namespaced: true };
export const sliceResource: ApiResource = {
  base: '/apis/discovery.k8s.io/v1',
  plural: 'endpointslices',
  namespaced: true,
};
const podResource: ApiResource = { base: '/api/v1', plural: 'pods', namespaced: true };
/** Label of the Pods of the data plane, in deploy/envoy.yaml. */
const envoyLabels = 'app.kubernetes.io/name=envoy,app.kubernetes.io/part-of=sluice';
const ourLabels = Object.entries(managedBy)
  .map(([key, value]) => `${key}=${value}`)
  .join(',');

export interface InfrastructureViewOptions {
  readonly api: ApiClient;
  /** Namespace of the Envoys. */
  readonly namespace: string;
  readonly logger: Logger;
  readonly times: ReflectorTimes;
  changed(): void;
}

type Kind = 'Service' | 'EndpointSlice';

/** What the cluster holds of ours: Services and EndpointSlices with our label everywhere, and the Envoys. */
export class InfrastructureView {
  /** By `namespace/name`. */
  readonly services = new Map<string, ApiObject>();
  readonly #slices = new Map<string, ApiObject>();
  readonly #pods = new Map<string, ApiObject>();
  readonly #synced = new Set<string>();
  /** What the watches have told so far. */
  #told = 0;
  readonly #options: InfrastructureViewOptions;

  constructor(options: InfrastructureViewOptions) {
    this.#options = options;
  }

  /** Whether the Services are known: they have been listed, and can be read. */
  get knowsServices(): boolean {
    return this.#synced.has(serviceResource.plural);
  }

  /** Whether all three have been listed. */
  get complete(): boolean {
    return this.#synced.size === 3;
  }

  envoys(): EnvoyPod[] {
    return this.#pods
      .values()
      .map(envoyOf)
      .filter((envoy) => envoy !== undefined)
      .toArray();
  }

  find(kind: Kind, key: string): ApiObject | undefined {
    return (kind === 'Service' ? this.services : this.#slices).get(key);
  }

  *objects(): Generator<[Kind, ApiObject]> {
    for (const object of this.services.values()) yield ['Service', object];
    for (const object of this.#slices.values()) yield ['EndpointSlice', object];
  }

  /** How much the watches have told: see `put`. */
  get told(): number {
    return this.#told;
  }

  /**
   * Takes what a write answered, ahead of the watch; `toldBefore` is `told` from before the write. Once the watches have told
   * something since, the answer may be older than what is known of the object, and they tell of the write as well.
   */
  put(object: ApiObject | undefined, toldBefore: number): void {
    if (object === undefined || toldBefore !== this.#told) return;
    (object.kind === 'Service' ? this.services : this.#slices).set(keyOf(object), object);
  }

  /** Begins to read. Once. */
  start(signal: AbortSignal): void {
    const { namespace } = this.#options;
    this.#read(serviceResource, { into: this.services, namespace: '', labels: ourLabels }, signal);
    this.#read(sliceResource, { into: this.#slices, namespace: '', labels: ourLabels }, signal);
    this.#read(podResource, { into: this.#pods, namespace, labels: envoyLabels }, signal);
  }

  #read(
    resource: ApiResource,
    { into, namespace, labels }: { into: Map<string, ApiObject>; namespace: string; labels: string },
    signal: AbortSignal,
  ): void {
    const { api, logger, times } = this.#options;
    const changed = (): void => {
      this.#told += 1;
      this.#options.changed();
    };
    void new Reflector({
      api,
      logger,
      times,
      resources: [resource],
      chosen: { namespace, labels },
      sink: {
        replaced: (items) => {
          into.clear();
          for (const item of items) into.set(keyOf(item), item);
          changed();
        },
        put: (object) => {
          into.set(keyOf(object), object);
          changed();
        },
        removed: (object) => {
          into.delete(keyOf(object));
          changed();
        },
        state: (state) => {
          if (state.kind === 'synced') this.#synced.add(resource.plural);
          else {
            this.#synced.delete(resource.plural);
            logger.warn({ resource: resource.plural, reason: state.reason }, 'infrastructure cannot be read');
          }
          changed();
        },
        trouble: (what, detail) =>
          logger.debug({ resource: resource.plural, what, detail }, 'trouble with the API server'),
      },
    }).run(signal);
  }
}

function keyOf({ metadata }: ApiObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}
