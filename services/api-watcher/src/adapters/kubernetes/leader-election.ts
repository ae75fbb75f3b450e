import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@sluice/service-kit';
import {
  type LeaseRecord,
  leaseSpec,
  moveFor,
  observe,
  readLease,
  type SeenLease,
} from '../../core/leader/lease.ts';
import { type ApiClient, ApiError } from './api-client.ts';

export interface ElectionTimes {
  /** How long a Lease counts without being renewed, ms. */
  readonly leaseMs: number;
  /** The holder itself counts it for so long only, ms: it stops before another one may begin. */
  readonly renewMs: number;
  /** Between two tries, ms. */
  readonly retryMs: number;
}

/** Times for a Lease of so many seconds, in the proportions that Kubernetes' own controllers use. */
export function electionTimes(leaseSeconds: number): ElectionTimes {
  const leaseMs = leaseSeconds * 1000;
  return { leaseMs, renewMs: (leaseMs * 2) / 3, retryMs: (leaseMs * 2) / 15 };
}

export interface LeaderElectionOptions {
  readonly api: ApiClient;
  readonly namespace: string;
  readonly name: string;
  /** Unique among all that may ever hold it. */
  readonly identity: string;
  readonly times: ElectionTimes;
  readonly logger: Logger;
}

/** Two clocks: a process that is stopped is seen by both, a machine that sleeps by the second alone. */
interface Moment {
  readonly steadyMs: number;
  readonly wallMs: number;
}

/**
 * Decides by a Lease which of several replicas leads. It only decides who tries: facts are fenced by the lease of the
 * log, and whoever writes elsewhere asks `held` before each write.
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #lost = Promise.withResolvers<void>();
  readonly #ends = new AbortController();
  #seen: SeenLease | undefined;
  /** When the last renewal that succeeded was sent. */
  #renewed: Moment | undefined;
  #over = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
  }

  /** Resolves when this one leads; from then on it renews the Lease by itself. Also resolves when the signal aborts. */
  async acquire(signal: AbortSignal): Promise<void> {
    const { times, logger, identity } = this.#options;
    while (!signal.aborted) {
      if (await this.#try(signal)) {
        logger.info({ identity }, 'leads');
        this.#running = this.#renew();
        return;
      }
      await pause(times.retryMs * (1 + Math.random() * 0.2), signal);
    }
  }

  /** Whether this one leads right now. Once false it stays so: the process is to be started again. */
  held(): boolean {
    if (this.#over || this.#renewed === undefined) return false;
    if (elapsedMs(this.#renewed) < this.#options.times.renewMs) return true;
    this.#end();
    return false;
  }

  /** Resolves when it no longer leads. */
  get lost(): Promise<void> {
    return this.#lost.promise;
  }

  /** Stops, and lets another one lead at once. Nothing may be written after this. */
  async release(): Promise<void> {
    const held = this.held();
    this.#end();
    await this.#running;
    const record = this.#seen?.record;
    if (!held || record === undefined) return;
    const now = microTime();
    const spec = {
      ...leaseSpec(record, { ...this.#by(), now }),
      holderIdentity: '',
      leaseDurationSeconds: 1,
    };
    await this.#put(record, spec, AbortSignal.timeout(2000)).catch((error: unknown) =>
      this.#options.logger.warn({ err: error }, 'the lease could not be released'),
    );
  }

  async #renew(): Promise<void> {
    const { times } = this.#options;
    while (!this.#over) {
      await pause(times.retryMs, this.#ends.signal);
      if (!this.held()) break;
      const left = times.renewMs - elapsedMs(this.#renewed ?? now());
      const inTime = AbortSignal.any([this.#ends.signal, AbortSignal.timeout(Math.max(1, Math.ceil(left)))]);
      if (await this.#try(inTime)) continue;
      if (this.#seen !== undefined && this.#seen.record.holder !== this.#options.identity) break;
    }
    this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#ends.abort();
    this.#lost.resolve();
  }

  /** Looks at the Lease, and takes or renews it where that is right. @returns whether it is ours now */
  async #try(signal: AbortSignal): Promise<boolean> {
    const { identity, logger } = this.#options;
    try {
      const record = await this.#read(signal);
      const sent = now();
      if (record === undefined) {
        await this.#write(undefined, signal);
      } else {
        this.#seen = observe(this.#seen, record, sent.steadyMs);
        if (moveFor(this.#seen, identity, sent.steadyMs) === 'wait') return false;
        await this.#write(record, signal);
      }
      this.#renewed = sent;
      return true;
    } catch (error) {
      const conflict = error instanceof ApiError && error.status.code === 409;
      if (!conflict && !signal.aborted) logger.warn({ err: error }, 'the lease cannot be read or written');
      return false;
    }
  }

  async #read(signal: AbortSignal): Promise<LeaseRecord | undefined> {
    try {
      return readLease(await this.#options.api.json({ path: this.#path(), signal, timeoutMs: 5000 }));
    } catch (error) {
      if (error instanceof ApiError && error.status.code === 404) return undefined;
      throw error;
    }
  }

  async #write(before: LeaseRecord | undefined, signal: AbortSignal): Promise<void> {
    await this.#put(before, leaseSpec(before, { ...this.#by(), now: microTime() }), signal);
  }

  async #put(
    before: LeaseRecord | undefined,
    spec: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<void> {
    const { api, name, namespace } = this.#options;
    const metadata = {
      name,
      namespace,
      ...(before === undefined ? {} : { resourceVersion: before.resourceVersion }),
    };
    const answer = await api.json({
      method: before === undefined ? 'POST' : 'PUT',
      path: before === undefined ? this.#path('') : this.#path(),
      body: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec },
      signal,
      timeoutMs: 5000,
    });
    this.#seen = { record: readLease(answer), sinceMs: performance.now() };
  }

  #by(): { identity: string; durationMs: number } {
    return { identity: this.#options.identity, durationMs: this.#options.times.leaseMs };
  }

  #path(name = `/${this.#options.name}`): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${this.#options.namespace}/leases${name}`;
  }
}

function now(): Moment {
  return { steadyMs: performance.now(), wallMs: Date.now() };
}

function elapsedMs(since: Moment): number {
  return Math.max(performance.now() - since.steadyMs, Date.now() - since.wallMs);
}

/** metav1.MicroTime. */
function microTime(): string {
  return `${new Date().toISOString().slice(0, -1)}000Z`;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
