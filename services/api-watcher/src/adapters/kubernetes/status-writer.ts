import type { EventLog } from '@sluice/event-log';
import { decodeEvent } from '@sluice/events';
import { canonicalJson, type ObjectRef } from '@sluice/ir';
import type { Logger } from '@sluice/service-kit';
import { keyOf } from '../../core/keys.ts';
import { asApiObject } from '../../core/kubernetes/api-object.ts';
import { type ApiResource, objectPath } from '../../core/kubernetes/api-paths.ts';
import { mergeStatus } from '../../core/status/merge-status.ts';
import { noticesOf } from '../../core/status/notices.ts';
import { Wakeup } from '../wakeup.ts';
import { type ApiClient, ApiError } from './api-client.ts';
import { Backoff } from './backoff.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { LiveObject } from './kind-cache.ts';
import { StatusQueue } from './status-queue.ts';

/** What the API server holds, as the source sees it. */
export interface LiveObjects {
  live(ref: ObjectRef): LiveObject | undefined;
  resource(of: { readonly group: string; readonly kind: string }): ApiResource | undefined;
  withStatus(): Iterable<ObjectRef>;
  onChange(told: (ref: ObjectRef) => void): () => void;
}

export type WriteOutcome = 'written' | 'conflict' | 'refused' | 'failed' | 'fenced';

export interface StatusWriterOptions {
  readonly log: EventLog;
  readonly api: ApiClient;
  readonly objects: LiveObjects;
  readonly controllers: ReadonlySet<string>;
  readonly events: EventRecorder;
  /** The status as this API server can take it; undefined: it is not known yet, and `again` follows. */
  shape(kind: string, status: Fields): Fields | undefined;
  readonly logger: Logger;
  /** Asked before each write: whether this replica leads, by the clock and by the log. */
  mayWrite(): Promise<boolean>;
  wrote(kind: string, outcome: WriteOutcome): void;
}

type Fields = Readonly<Record<string, unknown>>;

/** What the translator says of an object. */
interface Desired {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly status: Fields;
}

/** Fields that a definition of an older bundle may refuse, by kind: without them the rest is still worth writing. */
const refusable: Readonly<Record<string, string>> = { GatewayClass: 'supportedFeatures' };
/** Requests that are under way at once. */
const concurrency = 12;
/** An object whose write met another one's is read and written again so often at once. */
const maxConflicts = 5;
/** Statuses have been still for so long before what the log does not speak of is taken off, ms. */
const sweepAfterMs = 3000;

/** Writes what STATUS says of objects to the API server: only our part, only what differs, each object in its turn. */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #queue = new StatusQueue();
  readonly #desired = new Map<string, Desired>();
  /** What was written and has not come back with the watch yet. */
  readonly #ahead = new Map<string, { readonly from: string; readonly now: LiveObject }>();
  /** Writes that left the object other than asked for (fields that its version does not have): not to be repeated. */
  readonly #settled = new Map<string, string>();
  /** Statuses of Ingresses and Pods whose conditions were told as Events: there is no field for them. */
  readonly #told = new Map<string, Fields>();
  /** Objects that were refused with their refusable field. */
  readonly #shorn = new Set<string>();
  readonly #wakeup = new Wakeup();
  readonly #backoff = new Backoff({ firstMs: 200, maxMs: 10_000 });
  #pausedUntilMs = 0;
  #caughtUp = false;
  #swept = false;
  #heardMs = 0;
  /** What ended the reading of STATUS. */
  #failed: { readonly error: unknown } | undefined;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = this.#options.objects.onChange((ref) => this.#look(ref));
    const wake = (): void => this.#wakeup.wake();
    signal.addEventListener('abort', wake, { once: true });
    const following = this.#follow(signal).catch((error: unknown) => {
      this.#failed = { error };
      this.#wakeup.wake();
    });
    const under = new Set<Promise<void>>();
    try {
      while (!signal.aborted) {
        if (this.#failed !== undefined) throw this.#failed.error;
        const nowMs = performance.now();
        this.#sweepWhenDue(nowMs);
        const ref =
          under.size >= concurrency || nowMs < this.#pausedUntilMs ? undefined : this.#queue.next(nowMs);
        if (ref === undefined) {
          await this.#wakeup.wait(this.#sleepMs(nowMs));
          continue;
        }
        const writing = this.#write(ref, signal).finally(() => {
          under.delete(writing);
          this.#queue.done(ref);
          this.#wakeup.wake();
        });
        under.add(writing);
      }
    } finally {
      stop();
      await Promise.allSettled([...under, following]);
    }
  }

  /** What the API server takes of a kind has changed: each object of it is looked at again. */
  again(kind: string): void {
    for (const [key, { ref }] of this.#desired) {
      if (ref.kind !== kind) continue;
      this.#shorn.delete(key);
      this.#settled.delete(key);
      this.#queue.add(ref);
    }
    this.#wakeup.wake();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { log, logger } = this.#options;
    for await (const item of log.follow('STATUS', { signal })) {
      if (item.kind === 'damage') continue;
      if (item.reset) this.#forget();
      for (const { data, subject } of item.events) {
        const decoded = decodeEvent('STATUS', data);
        if (!decoded.ok) logger.warn({ subject, error: decoded.error }, 'status cannot be decoded');
        else this.#take(decoded.event);
      }
      this.#heardMs = performance.now();
      if (item.caughtUp) this.#caughtUp = true;
      this.#wakeup.wake();
    }
  }

  /** STATUS is read anew: what stands there now decides, and what does not is swept off later. */
  #forget(): void {
    this.#desired.clear();
    this.#swept = false;
    this.#caughtUp = false;
  }

  #take(event: { type: string; ref: ObjectRef; uid?: string; status?: Fields }): void {
    const key = keyOf(event.ref);
    if (event.uid !== undefined && event.status !== undefined)
      this.#desired.set(key, { ref: event.ref, uid: event.uid, status: event.status });
    else this.#desired.delete(key);
    this.#queue.say(event.ref, performance.now());
  }

  /** An object changed at the API server: it may have lost what we said of it. */
  #look(ref: ObjectRef): void {
    if (!this.#desired.has(keyOf(ref)) && !this.#swept) return;
    this.#queue.add(ref);
    this.#wakeup.wake();
  }

  /** Once the translator has said all, what it does not speak of loses our entries. */
  #sweepWhenDue(nowMs: number): void {
    if (this.#swept || !this.#caughtUp || this.#desired.size === 0 || nowMs - this.#heardMs < sweepAfterMs)
      return;
    this.#swept = true;
    for (const ref of this.#options.objects.withStatus()) this.#queue.add(ref);
  }

  #sleepMs(nowMs: number): number {
    const sweep = this.#swept ? Number.POSITIVE_INFINITY : this.#heardMs + sweepAfterMs - nowMs;
    const due = Math.max(this.#queue.nextAtMs, this.#pausedUntilMs) - nowMs;
    return Math.min(1000, Math.max(1, Math.min(due, sweep > 0 ? sweep : 1000)));
  }

  async #write(ref: ObjectRef, signal: AbortSignal): Promise<void> {
    const { wrote, logger } = this.#options;
    try {
      let live = this.#liveOf(ref);
      for (let tries = 0; live !== undefined && tries < maxConflicts; tries++) {
        const outcome = await this.#patch(ref, live, signal);
        if (outcome !== undefined) wrote(ref.kind, outcome);
        if (outcome !== 'conflict') return;
        live = await this.#read(ref, signal);
      }
      if (live !== undefined) this.#queue.add(ref);
    } catch (error) {
      if (signal.aborted) return;
      wrote(ref.kind, 'failed');
      this.#queue.add(ref);
      const asked = error instanceof ApiError ? error.status.retryAfterMs : undefined;
      this.#pausedUntilMs = performance.now() + this.#backoff.next(asked);
      logger.warn({ err: error, object: ref }, 'status could not be written, trying again');
    }
  }

  /** The object as it is after all that we know of; undefined where it is gone, or another one of that name. */
  #liveOf(ref: ObjectRef): LiveObject | undefined {
    const key = keyOf(ref);
    const live = this.#options.objects.live(ref);
    const ahead = this.#ahead.get(key);
    if (ahead !== undefined && live?.resourceVersion === ahead.from) return ahead.now;
    this.#ahead.delete(key);
    return live;
  }

  /** Writes what differs. @returns undefined where nothing does */
  async #patch(ref: ObjectRef, live: LiveObject, signal: AbortSignal): Promise<WriteOutcome | undefined> {
    const { api, controllers, objects, mayWrite, events } = this.#options;
    const key = keyOf(ref);
    const desired = this.#desired.get(key);
    const resource = objects.resource(ref);
    if (resource === undefined || (desired !== undefined && desired.uid !== live.uid)) return undefined;
    if (ref.kind === 'Pod') {
      if (desired !== undefined) await this.#tell(desired, 'v1');
      else this.#told.delete(key);
      return undefined;
    }
    const status = desired === undefined ? undefined : this.#shaped(ref.kind, key, desired.status);
    if (desired !== undefined && status === undefined) return undefined;
    if (desired !== undefined && ref.kind === 'Ingress') await this.#tell(desired, 'networking.k8s.io/v1');
    const fields = mergeStatus({
      live: live.status,
      desired: status,
      controllers,
      namespace: ref.namespace,
    });
    if (fields === undefined) return undefined;
    const settled = canonicalJson([fields, live.resourceVersion]);
    if (this.#settled.get(key) === settled) return undefined;
    if (!(await mayWrite())) return 'fenced';
    this.#queue.wrote(ref, performance.now());
    try {
      const metadata = { resourceVersion: live.resourceVersion, uid: live.uid };
      const path = objectPath(resource, ref, 'status');
      const answer = asApiObject(
        await api.json({
          method: 'PATCH',
          path,
          body: { metadata, status: fields },
          signal,
          timeoutMs: 10_000,
        }),
      );
      this.#backoff.reset();
      if (answer !== undefined)
        this.#ahead.set(key, { from: live.resourceVersion, now: asLive(answer, live) });
      // A version of the kind that lacks some of the fields drops them without a word.
      if (answer?.metadata.resourceVersion === live.resourceVersion) this.#settled.set(key, settled);
      else this.#settled.delete(key);
    } catch (error) {
      const outcome = this.#judge(error, ref, settled);
      if (outcome !== 'refused' || !this.#mayShear(ref.kind, key, fields)) return outcome;
      this.#shorn.add(key);
      return this.#patch(ref, live, signal);
    }
    const apiVersion = resource.base.replace(/^\/apis?\//, '');
    for (const notice of noticesOf(live.status, fields))
      void events.record({ ref, apiVersion, uid: live.uid }, notice);
    return 'written';
  }

  #shaped(kind: string, key: string, status: Fields): Fields | undefined {
    const shaped = this.#options.shape(kind, status);
    if (shaped === undefined || !this.#shorn.has(key)) return shaped;
    return Object.fromEntries(Object.entries(shaped).filter(([name]) => name !== refusable[kind]));
  }

  /** Tells conditions for which the object has no field of ours as Events. */
  async #tell({ ref, uid, status }: Desired, apiVersion: string): Promise<void> {
    const key = keyOf(ref);
    const before = this.#told.get(key);
    if (before === status || !(await this.#options.mayWrite())) return;
    this.#told.set(key, status);
    for (const notice of noticesOf(before, status))
      void this.#options.events.record({ ref, apiVersion, uid }, notice);
  }

  #mayShear(kind: string, key: string, fields: Fields): boolean {
    const field = refusable[kind];
    return field !== undefined && Object.hasOwn(fields, field) && !this.#shorn.has(key);
  }

  #judge(error: unknown, ref: ObjectRef, settled: string): WriteOutcome | undefined {
    const code = error instanceof ApiError ? error.status.code : 0;
    if (code === 409) return 'conflict';
    if (code === 404) return undefined;
    if (code !== 422 && code !== 400 && code !== 403) throw error;
    this.#settled.set(keyOf(ref), settled);
    this.#options.logger.error({ err: error, object: ref }, 'the API server refuses a status');
    return 'refused';
  }

  async #read(ref: ObjectRef, signal: AbortSignal): Promise<LiveObject | undefined> {
    const { api, objects } = this.#options;
    const resource = objects.resource(ref);
    if (resource === undefined) return undefined;
    try {
      const object = asApiObject(await api.json({ path: objectPath(resource, ref), signal }));
      return object === undefined ? undefined : asLive(object, undefined);
    } catch (error) {
      if (error instanceof ApiError && error.status.code === 404) return undefined;
      throw error;
    }
  }
}

function asLive(
  object: NonNullable<ReturnType<typeof asApiObject>>,
  before: LiveObject | undefined,
): LiveObject {
  const { uid, resourceVersion, generation } = object.metadata;
  return {
    uid,
    resourceVersion,
    generation: typeof generation === 'number' ? generation : (before?.generation ?? 0),
    status: object.status,
  };
}
