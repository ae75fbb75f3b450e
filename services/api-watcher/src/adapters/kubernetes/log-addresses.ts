// Where the event log is, from the API server, which every node reaches without a Service: for this process, and for all that mount one of the
// ConfigMaps (ADR 0023).
import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger, SluiceError } from '@sluice/service-kit';
import { type ApiObject, isRecord } from '../../core/kubernetes/api-object.ts';
import { type ApiResource, objectPath } from '../../core/kubernetes/api-paths.ts';
import { endpointAddresses, type ServiceName, serviceOfHost } from '../../core/kubernetes/log-addresses.ts';
import { apiAccess } from './api-access.ts';
import { ApiClient, ApiError } from './api-client.ts';
import { sliceResource } from './infrastructure-view.ts';
import { productionReflectorTimes, Reflector } from './reflector.ts';

const configMapResource: ApiResource = { base: '/api/v1', plural: 'configmaps', namespaced: true };
/** Between two looks at the ConfigMaps, milliseconds: one may come later than this process, or be made anew. */
const lookMs = 10_000;
const addressesKey = 'addresses';

export interface LogAddressesOptions {
  readonly api: ApiClient;
  /** The Service of NATS. */
  readonly service: ServiceName;
  readonly configMaps: readonly ServiceName[];
  readonly logger: Logger;
}

/** Follows the EndpointSlices of the log's Service. Every replica does: what one of them writes is what all see. */
export class LogAddresses {
  readonly #options: LogAddressesOptions;
  readonly #slices = new Map<string, ApiObject>();
  readonly #told = new Map<ServiceName, string>();
  #addresses: readonly string[] = [];
  #woken = Promise.withResolvers<void>();

  constructor(options: LogAddressesOptions) {
    this.#options = options;
  }

  /** As last known: while there is no endpoint at all, those of before. */
  get addresses(): readonly string[] {
    return this.#addresses;
  }

  /** Follows until the signal aborts. */
  start(signal: AbortSignal): void {
    const { api, service, logger } = this.#options;
    const sink = {
      replaced: (items: readonly ApiObject[]) => {
        this.#slices.clear();
        for (const item of items) this.#slices.set(item.metadata.name, item);
        this.#changed();
      },
      put: (slice: ApiObject) => {
        this.#slices.set(slice.metadata.name, slice);
        this.#changed();
      },
      removed: ({ metadata }: ApiObject) => {
        this.#slices.delete(metadata.name);
        this.#changed();
      },
      state: () => undefined,
      trouble: (what: string, detail: string) =>
        logger.warn({ what, detail }, 'where NATS is cannot be read from the API server'),
    };
    const chosen = { namespace: service.namespace, labels: `kubernetes.io/service-name=${service.name}` };
    const times = productionReflectorTimes;
    void new Reflector({ api, logger, times, resources: [sliceResource], chosen, sink }).run(signal);
    void this.#write(signal);
  }

  #changed(): void {
    const addresses = endpointAddresses(this.#slices.values());
    if (addresses.length === 0 || addresses.join() === this.#addresses.join()) return;
    this.#options.logger.info({ addresses }, 'addresses of NATS');
    this.#addresses = addresses;
    this.#woken.resolve();
  }

  async #write(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const woken = this.#woken.promise;
      await Promise.all(this.#options.configMaps.map((configMap) => this.#writeOne(configMap, signal)));
      await Promise.race([woken, sleep(lookMs, undefined, { signal }).catch(() => undefined)]);
      this.#woken = Promise.withResolvers();
    }
  }

  /** One that is not there is not made: who needs it brings it. */
  async #writeOne(configMap: ServiceName, signal: AbortSignal): Promise<void> {
    const { api, logger } = this.#options;
    if (this.#addresses.length === 0) return;
    const path = objectPath(configMapResource, configMap);
    const text = this.#addresses.map((address) => `${address}\n`).join('');
    let outcome = '';
    try {
      const found = await api.json({ path, signal });
      const data = isRecord(found) && isRecord(found.data) ? found.data : {};
      if (data[addressesKey] === text) return;
      await api.json({ method: 'PATCH', path, signal, body: { data: { [addressesKey]: text } } });
    } catch (error) {
      if (signal.aborted || (error instanceof ApiError && error.status.code === 404)) return;
      outcome = error instanceof Error ? error.message : String(error);
    }
    if (this.#told.get(configMap) !== outcome && outcome !== '')
      logger.error({ ...configMap, reason: outcome }, 'addresses of NATS cannot be written');
    this.#told.set(configMap, outcome);
  }
}

/**
 * Begins to follow where the log is.
 * @param url of the log; its host names the Service
 * @throws SluiceError `config-invalid` where it does not, `file-unreadable` where the API server is not known
 */
export async function followLogAddresses(
  url: string,
  options: Omit<LogAddressesOptions, 'api' | 'service'> & {
    readonly kubeconfig: string | undefined;
    readonly signal: AbortSignal;
  },
): Promise<LogAddresses> {
  const service = serviceOfHost(new URL(url).hostname);
  if (service === undefined)
    throw new SluiceError('config-invalid', `SLUICE_NATS_URL ${url} names no Service`, {
      hint: 'write its host as <service>.<namespace>.svc, or unset SLUICE_NATS_ADDRESSES_CONFIG_MAPS',
    });
  const api = new ApiClient(await apiAccess(options.kubeconfig));
  const following = new LogAddresses({ ...options, api, service });
  following.start(options.signal);
  options.signal.addEventListener('abort', () => void api.close(), { once: true });
  return following;
}
