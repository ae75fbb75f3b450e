// Services and EndpointSlices of Gateways, kept as the facts in force would have them. Level-triggered: whatever changes,
// all is compared, and what differs is applied. See docs/adr/0013.
import { canonicalHash } from '@sluice/ir';
import { type Gateway, type KnownObject, managedBy, objectRefOf } from '@sluice/kinds';
import type { Logger } from '@sluice/service-kit';
import {
  frontService,
  frontSlices,
  type GatewayService,
  type GatewaySlice,
  gatewayFront,
  gatewayServiceName,
  type ServiceFront,
} from '../../core/infrastructure/gateway-service.ts';
import { ingressFront, ingressServiceKey } from '../../core/infrastructure/ingress-service.ts';
import { holds, type Ingress, ingressOf } from '../../core/infrastructure/observed.ts';
import type { IngressHolder } from '../../core/ingress-holders.ts';
import { keyOf } from '../../core/keys.ts';
import { type ApiObject, asApiObject, isRecord } from '../../core/kubernetes/api-object.ts';
import { objectPath } from '../../core/kubernetes/api-paths.ts';
import type { FactsLog } from '../facts-log.ts';
import type { AddressWatch } from '../own-addresses.ts';
import { Wakeup } from '../wakeup.ts';
import { type ApiClient, ApiError } from './api-client.ts';
import { Backoff } from './backoff.ts';
import { InfrastructureView, serviceResource, sliceResource } from './infrastructure-view.ts';
import { productionReflectorTimes, type ReflectorTimes } from './reflector.ts';

export interface InfrastructureOptions {
  readonly api: ApiClient;
  /** Namespace of the Envoys. */
  readonly namespace: string;
  readonly logger: Logger;
  readonly times?: ReflectorTimes;
  /** Told of each write: `Service` or `EndpointSlice`, and how it went. */
  wrote(kind: string, outcome: 'written' | 'failed' | 'removed'): void;
}

/** Kinds that a Service of ours may stand before. */
const fronted: ReadonlySet<string> = new Set(['Gateway', 'Ingress', 'IngressClass']);

type Wanted = GatewayService | GatewaySlice;

const fieldManager = 'sluice.dev/api-watcher';
/** All is compared at least this often, ms. */
const lookMs = 30_000;
/** Changes that come within this time are worked through together, ms. */
const gatherMs = 5;

/** The infrastructure of all Gateways. Reads from `start` on; writes while `run` runs. */
export class GatewayInfrastructure implements AddressWatch {
  readonly #options: InfrastructureOptions;
  readonly #view: InfrastructureView;
  readonly #wakeup = new Wakeup();
  /** Hash of what was applied last, by path: what we no longer want of an object shows only here. */
  readonly #applied = new Map<string, string>();
  /** What stands in the way of a Gateway's Service, by key of the Gateway. */
  readonly #faults = new Map<string, string>();
  readonly #wakers = new Set<() => void>();
  #toldAddresses = '';
  #mayBegin = false;
  /** Whether all has been compared once, and so is known what stands in the way. */
  #compared = false;

  constructor(options: InfrastructureOptions) {
    this.#options = options;
    const { api, namespace, logger, times = productionReflectorTimes } = options;
    this.#view = new InfrastructureView({
      api,
      namespace,
      logger,
      times,
      changed: () => {
        this.#wakeup.wake();
        for (const wake of this.#wakers) wake();
      },
    });
  }

  /** Begins to read. Once. */
  start(signal: AbortSignal): void {
    this.#view.start(signal);
  }

  /** See `ServiceAddressing`. */
  ingress(gateway: Gateway | IngressHolder): (Ingress & { fault: string }) | undefined {
    if (!this.#knowsIngress) return undefined;
    const isGateway = 'spec' in gateway;
    const ref = isGateway ? objectRefOf(gateway) : gateway.ref;
    const service = isGateway
      ? `${ref.namespace}/${gatewayServiceName(gateway)}`
      : ingressServiceKey(ref, this.#options.namespace);
    return {
      ...ingressOf(this.#view.services.get(service)),
      fault: this.#faults.get(keyOf(ref)) ?? '',
    };
  }

  /** All facts of the first list are in force: what no Gateway wants is nobody's from now on. */
  begin(): void {
    this.#mayBegin = true;
    this.#wakeup.wake();
  }

  refresh(): boolean {
    const given = this.#view.services
      .entries()
      .map(([key, service]) => JSON.stringify([key, ingressOf(service)]));
    const addresses = JSON.stringify([this.#knowsIngress, [...given].sort(), [...this.#faults].sort()]);
    const changed = addresses !== this.#toldAddresses;
    this.#toldAddresses = addresses;
    return changed;
  }

  onChange(wake: () => void): void {
    this.#wakers.add(wake);
  }

  /** Applies until the signal aborts. */
  async run(facts: FactsLog, mayWrite: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
    const wake = (): void => this.#wakeup.wake();
    facts.onWritten((fact) => {
      if (fact.type === 'AddressAssigned' || fact.type === 'AddressReleased') wake();
      else if (fact.type === 'ObjectChanged' && fronted.has(fact.object.kind)) wake();
    });
    signal.addEventListener('abort', wake, { once: true });
    const backoff = new Backoff({ firstMs: 100, maxMs: 10_000 });
    while (!signal.aborted) {
      let waitMs = lookMs;
      try {
        if (this.#mayBegin && this.#view.complete) await this.#compare(facts, mayWrite);
        backoff.reset();
      } catch (error) {
        waitMs = backoff.next(error instanceof ApiError ? error.status.retryAfterMs : 0);
        this.#options.logger.warn(
          { err: error },
          'infrastructure of Gateways cannot be written, trying again',
        );
      }
      await this.#wakeup.wait(waitMs);
      await this.#wakeup.pause(gatherMs);
    }
  }

  get #knowsIngress(): boolean {
    return this.#compared && this.#view.knowsServices;
  }

  async #compare(facts: FactsLog, mayWrite: () => Promise<boolean>): Promise<void> {
    try {
      await this.#sync(facts, mayWrite);
    } finally {
      if (!this.#compared) {
        this.#compared = true;
        for (const wake of this.#wakers) wake();
      }
    }
  }

  /** What stands before a Gateway, an Ingress or a class of Ingresses; nothing stands before other objects. */
  #frontOf(object: KnownObject | undefined): ServiceFront | undefined {
    if (object?.kind === 'Gateway') return gatewayFront(object);
    if (object?.kind !== 'Ingress' && object?.kind !== 'IngressClass') return undefined;
    return ingressFront(object, this.#options.namespace);
  }

  async #sync({ inForce }: FactsLog, mayWrite: () => Promise<boolean>): Promise<void> {
    const wanted = new Map<string, Wanted>();
    const gateways = new Set<string>();
    let failure: unknown;
    for (const [key, { sockets }] of inForce.addresses) {
      const object = inForce.objects.get(key)?.object;
      const front = this.#frontOf(object);
      if (front === undefined || sockets === undefined) continue;
      gateways.add(key);
      const service = frontService(front, sockets);
      if (service === undefined) continue;
      const objects = [service, ...frontSlices(front, sockets, this.#view.envoys())];
      for (const o of objects) wanted.set(pathOf(o), o);
      try {
        await this.#applyFor(key, objects, mayWrite);
      } catch (error) {
        failure ??= error;
      }
    }
    for (const key of this.#faults.keys()) if (!gateways.has(key)) this.#faults.delete(key);
    await this.#prune(wanted, mayWrite);
    if (failure !== undefined) throw failure;
  }

  async #applyFor(key: string, objects: readonly Wanted[], mayWrite: () => Promise<boolean>): Promise<void> {
    let fault = '';
    try {
      for (const object of objects) {
        const path = pathOf(object);
        const hash = canonicalHash(object);
        const there = this.#view.find(object.kind, `${object.metadata.namespace}/${object.metadata.name}`);
        if (this.#applied.get(path) === hash && holds(there, object)) continue;
        fault = there === undefined ? await this.#whyForeign(object) : '';
        if (fault !== '') return;
        if (!(await mayWrite())) return;
        await this.#apply(object, path);
        this.#applied.set(path, hash);
      }
    } catch (error) {
      if (error instanceof ApiError) fault = `the API server refuses its Service: ${error.message}`;
      throw error;
    } finally {
      this.#tellFault(key, fault);
    }
  }

  /** An object of that name that does not bear our label is somebody else's. */
  async #whyForeign({ apiVersion, kind, metadata }: Wanted): Promise<string> {
    try {
      const found = asApiObject(
        await this.#options.api.json({ path: pathOf({ apiVersion, kind, metadata }) }),
      );
      const labels = isRecord(found?.metadata.labels) ? found.metadata.labels : {};
      const isOurs = holds(labels, managedBy);
      return isOurs ? '' : `${kind} ${metadata.namespace}/${metadata.name} is there already and not ours`;
    } catch (error) {
      if (error instanceof ApiError && error.status.code === 404) return '';
      throw error;
    }
  }

  async #apply(object: Wanted, path: string): Promise<void> {
    const { api, logger, wrote } = this.#options;
    const toldBefore = this.#view.told;
    try {
      const answer = await api.json({
        method: 'PATCH',
        path,
        query: { fieldManager, force: 'true' },
        body: object,
        apply: true,
      });
      const there = asApiObject(answer);
      // Entries of lists that somebody else put in outlast an application, which merges them by key.
      const isWhole = holds(there, object) || !('spec' in object);
      this.#view.put(
        isWhole
          ? there
          : asApiObject(
              await api.json({ method: 'PATCH', path, body: { spec: { ports: object.spec.ports } } }),
            ),
        toldBefore,
      );
      wrote(object.kind, 'written');
      logger.debug({ path }, 'applied');
    } catch (error) {
      wrote(object.kind, 'failed');
      throw error;
    }
  }

  /** Takes away what bears our label and belongs to no Gateway of ours. */
  async #prune(wanted: ReadonlyMap<string, Wanted>, mayWrite: () => Promise<boolean>): Promise<void> {
    const { api, wrote } = this.#options;
    for (const [kind, object] of this.#view.objects()) {
      const path = objectPath(kind === 'Service' ? serviceResource : sliceResource, object.metadata);
      if (wanted.has(path) || isEnding(object)) continue;
      if (!(await mayWrite())) return;
      try {
        const preconditions = { uid: object.metadata.uid };
        await api.json({
          method: 'DELETE',
          path,
          body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions },
        });
        wrote(kind, 'removed');
      } catch (error) {
        if (!(error instanceof ApiError && [404, 409].includes(error.status.code))) throw error;
      }
      this.#applied.delete(path);
    }
  }

  #tellFault(key: string, fault: string): void {
    if ((this.#faults.get(key) ?? '') === fault) return;
    if (fault === '') this.#faults.delete(key);
    else this.#faults.set(key, fault);
    for (const wake of this.#wakers) wake();
  }
}

function isEnding({ metadata }: ApiObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}

function pathOf({ kind, metadata }: Pick<Wanted, 'apiVersion' | 'kind' | 'metadata'>): string {
  return objectPath(kind === 'Service' ? serviceResource : sliceResource, metadata);
}
