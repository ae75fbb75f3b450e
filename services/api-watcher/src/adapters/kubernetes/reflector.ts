import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@sluice/service-kit';
import { type ApiObject, asApiObject, isRecord } from '../../core/kubernetes/api-object.ts';
import { type ApiResource, collectionPath } from '../../core/kubernetes/api-paths.ts';
import { readWatchLine, type WatchEvent } from '../../core/kubernetes/watch-line.ts';
import { type ApiClient, ApiError } from './api-client.ts';
import { Backoff, type BackoffTimes } from './backoff.ts';
import { linesOf } from './lines.ts';

/** Whether the objects of a reflector can be read. */
export type ReflectorState =
  | { readonly kind: 'synced'; readonly resource: ApiResource }
  /** `unread`: objects may exist that cannot be seen; else there are none. */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly unread: boolean };

/** What a reflector tells. */
export interface ReflectorSink {
  /** All there is. */
  replaced(items: readonly ApiObject[]): void;
  put(object: ApiObject): void;
  removed(object: ApiObject): void;
  /** After `replaced`, and whenever it changes. */
  state(state: ReflectorState): void;
  /** What goes wrong and is dealt with: told for logs and metrics. */
  trouble(what: Trouble, detail: string): void;
}
export type Trouble = 'list-failed' | 'watch-failed' | 'expired' | 'damaged-line';

export interface ReflectorTimes {
  readonly backoff: BackoffTimes;
  /** How often something that is not there is looked for, ms. */
  readonly absent: BackoffTimes;
  /** A watch is asked to end after this and up to twice as long, s. */
  readonly watchSeconds: number;
  /** A watch that is silent for so long is cut, ms; the API server sends a bookmark about every minute. */
  readonly silentMs: number;
  /** After a line that cannot be understood everything is listed again within this time, ms. */
  readonly resyncMs: number;
}

/** Times in production. */
export const productionReflectorTimes: ReflectorTimes = {
  backoff: { firstMs: 250, maxMs: 30_000 },
  absent: { firstMs: 2_000, maxMs: 15_000 },
  watchSeconds: 240,
  silentMs: 150_000,
  resyncMs: 5_000,
};

export interface ReflectorOptions {
  readonly api: ApiClient;
  /** The versions of the kind, the preferred one first: the first that is served is read. */
  readonly resources: readonly ApiResource[];
  /** Only the object of this name. */
  readonly only?: { readonly namespace: string; readonly name: string };
  /** Only those that a label selector chooses, in one namespace or (the empty string) in all. */
  readonly chosen?: { readonly namespace: string; readonly labels: string };
  /** What of an object is kept from the moment that it comes; undefined: it counts as not there. Default: all of it. */
  readonly kept?: (object: ApiObject) => ApiObject | undefined;
  readonly sink: ReflectorSink;
  readonly logger: Logger;
  readonly times: ReflectorTimes;
}

/** So many watches may fail in a row before everything is listed again: what they ask for may be what no server has. */
const maxWatchFailures = 5;
const pageSize = 500;
/** Lists that expire between two pages are begun anew so often, then asked for in one piece. */
const maxPagedTries = 2;
/** So many answers in a row must say that nothing of the kind is served before its objects count as gone. */
const confirmAbsence = 3;
/** Longer lines are passed over, bytes; an API server takes objects of up to 3 MiB. */
const maxLineBytes = 32 * 1024 * 1024;

/** What a list came to. */
interface Listed {
  readonly items: readonly ApiObject[];
  readonly resourceVersion: string;
  readonly resource: ApiResource;
}

/**
 * Keeps a sink up to what the API server holds of one kind: list, then watch from where the list stood. Goes on over
 * everything that an API server does: pages that expire, watches that end, are cut, fall silent or speak damaged lines,
 * 429, 5xx, kinds that come, go, or may not be read.
 */
export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #backoff: Backoff;
  readonly #absent: Backoff;
  #served: ApiResource | undefined;
  #absences = 0;
  #synced = false;
  #told = '';

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.times.backoff);
    this.#absent = new Backoff(options.times.absent);
  }

  /** Runs until the signal aborts. Never rejects for what the API server does. */
  async run(signal: AbortSignal): Promise<void> {
    const { sink } = this.#options;
    while (!signal.aborted) {
      try {
        const listed = await this.#list(signal);
        this.#absences = 0;
        this.#absent.reset();
        this.#backoff.reset();
        sink.replaced(listed.items);
        this.#tell({ kind: 'synced', resource: listed.resource });
        this.#synced = true;
        await this.#watchFrom(listed, signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#failed(error, signal);
      }
    }
  }

  async #failed(error: unknown, signal: AbortSignal): Promise<void> {
    const { sink } = this.#options;
    const code = error instanceof ApiError ? error.status.code : 0;
    const reason = messageOf(error);
    if (code !== 404 || this.#synced) sink.trouble('list-failed', reason);
    if (code === 404) {
      this.#served = undefined;
      this.#absences++;
      // A server that has just started may know a kind only after a moment.
      if (this.#absences >= (this.#synced ? confirmAbsence : 1)) {
        this.#synced = false;
        this.#tell({ kind: 'unavailable', reason: 'the API server does not serve it', unread: false });
      }
    } else {
      this.#absences = 0;
      if (code === 403) this.#tell({ kind: 'unavailable', reason, unread: true });
    }
    const retryAfterMs = error instanceof ApiError ? error.status.retryAfterMs : undefined;
    const rare = (code === 404 && !this.#synced) || code === 403;
    await wait((rare ? this.#absent : this.#backoff).next(retryAfterMs), signal);
  }

  /** Tells a state that is new. */
  #tell(state: ReflectorState): void {
    const { sink } = this.#options;
    const told = JSON.stringify(state);
    if (told === this.#told) return;
    this.#told = told;
    if (state.kind === 'unavailable' && !state.unread) sink.replaced([]);
    sink.state(state);
  }

  /** Tries the versions in order. @throws ApiError with code 404 where none is served */
  async #list(signal: AbortSignal): Promise<Listed> {
    const { resources } = this.#options;
    const known = this.#served;
    const order = known === undefined ? resources : [known, ...resources.filter((r) => r !== known)];
    for (const resource of order) {
      try {
        const listed = await this.#listResource(resource, signal);
        this.#served = resource;
        return listed;
      } catch (error) {
        if (!(error instanceof ApiError) || error.status.code !== 404) throw error;
      }
    }
    throw new ApiError({ code: 404, reason: 'NotFound', message: '', retryAfterMs: undefined });
  }

  async #listResource(resource: ApiResource, signal: AbortSignal): Promise<Listed> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#listPages(resource, { paged: tries <= maxPagedTries, signal });
      } catch (error) {
        if (!isExpired(error) || tries > maxPagedTries) throw error;
        this.#options.sink.trouble('expired', 'a list expired between two of its pages');
      }
    }
  }

  async #listPages(
    resource: ApiResource,
    { paged, signal }: { paged: boolean; signal: AbortSignal },
  ): Promise<Listed> {
    const { api, only, chosen } = this.#options;
    const items: ApiObject[] = [];
    let next = '';
    for (;;) {
      const answer = await api.json({
        path: collectionPath(resource, (only ?? chosen)?.namespace),
        query: {
          ...selectorOf({ only, chosen }),
          ...(paged ? { limit: `${pageSize}` } : {}),
          ...(next === '' ? {} : { continue: next }),
        },
        signal,
        timeoutMs: 60_000,
      });
      const page = readPage(answer);
      for (const item of page.items) this.#takeItem(item, items);
      if (page.next === '') return { items, resourceVersion: page.resourceVersion, resource };
      next = page.next;
    }
  }

  #takeItem(item: unknown, items: ApiObject[]): void {
    const { kept = itself } = this.#options;
    const object = asApiObject(item);
    if (object === undefined)
      this.#options.sink.trouble(
        'damaged-line',
        'a list holds an object without name, uid or resourceVersion',
      );
    else {
      const own = kept(object);
      if (own !== undefined) items.push(own);
    }
  }

  /** Watches until everything is to be listed again. */
  async #watchFrom(listed: Listed, signal: AbortSignal): Promise<void> {
    const { sink, times } = this.#options;
    const at = { resourceVersion: listed.resourceVersion, resource: listed.resource };
    let failures = 0;
    while (!signal.aborted && failures < maxWatchFailures) {
      const startedMs = performance.now();
      const before = at.resourceVersion;
      let retryAfterMs: number | undefined;
      try {
        if ((await this.#watch(at, signal)) === 'list again') return;
      } catch (error) {
        if (signal.aborted) return;
        const code = error instanceof ApiError ? error.status.code : 0;
        if (isExpired(error)) {
          sink.trouble('expired', 'the watch is too far behind');
          return;
        }
        sink.trouble('watch-failed', messageOf(error));
        if ([400, 401, 403, 404].includes(code)) return;
        failures++;
        if (error instanceof ApiError) retryAfterMs = error.status.retryAfterMs;
      }
      const lived = performance.now() - startedMs;
      if (at.resourceVersion !== before || lived > times.watchSeconds * 500) {
        this.#backoff.reset();
        failures = 0;
      } else await wait(this.#backoff.next(retryAfterMs), signal);
    }
  }

  async #watch(
    at: { resourceVersion: string; readonly resource: ApiResource },
    signal: AbortSignal,
  ): Promise<'again' | 'list again'> {
    const { api, only, chosen, times, sink } = this.#options;
    const seconds = Math.ceil(times.watchSeconds * (1 + Math.random()));
    const ends = AbortSignal.any([signal, AbortSignal.timeout((seconds + 30) * 1000)]);
    const damaged = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    try {
      const lines = await api.stream({
        path: collectionPath(at.resource, (only ?? chosen)?.namespace),
        query: {
          ...selectorOf({ only, chosen }),
          watch: '1',
          allowWatchBookmarks: 'true',
          resourceVersion: at.resourceVersion,
          timeoutSeconds: `${seconds}`,
        },
        signal: AbortSignal.any([ends, damaged.signal]),
        idleMs: times.silentMs,
      });
      for await (const line of linesOf(lines, maxLineBytes)) {
        const event: WatchEvent =
          line.kind === 'line'
            ? readWatchLine(line.bytes)
            : { kind: 'damaged', reason: `is ${line.sizeBytes} bytes long` };
        if (event.kind === 'error') throw new ApiError(event.status);
        if (event.kind === 'damaged') {
          sink.trouble('damaged-line', event.reason);
          timer ??= setTimeout(() => damaged.abort(), times.resyncMs * Math.random());
        } else at.resourceVersion = take(event, this.#options);
      }
    } catch (error) {
      if (!damaged.signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
    }
    return timer === undefined ? 'again' : 'list again';
  }
}

/** Passes an event on. @returns the resourceVersion that it brought */
function take(
  event: Exclude<WatchEvent, { kind: 'error' | 'damaged' }>,
  { sink, kept = itself }: ReflectorOptions,
): string {
  if (event.kind === 'bookmark') return event.resourceVersion;
  const object = event.kind === 'put' ? kept(event.object) : undefined;
  if (object === undefined) sink.removed(event.object);
  else sink.put(object);
  return event.object.metadata.resourceVersion;
}

function itself(object: ApiObject): ApiObject {
  return object;
}

function selectorOf({
  only,
  chosen,
}: {
  readonly only: ReflectorOptions['only'] | undefined;
  readonly chosen: ReflectorOptions['chosen'] | undefined;
}): Record<string, string> {
  return {
    ...(only === undefined ? {} : { fieldSelector: `metadata.name=${only.name}` }),
    ...(chosen === undefined ? {} : { labelSelector: chosen.labels }),
  };
}

function readPage(answer: unknown): { items: readonly unknown[]; resourceVersion: string; next: string } {
  const list = isRecord(answer) ? answer : {};
  const metadata = isRecord(list.metadata) ? list.metadata : {};
  const { resourceVersion, continue: next } = metadata;
  if (
    typeof resourceVersion !== 'string' ||
    (list.items !== undefined && list.items !== null && !Array.isArray(list.items))
  )
    throw new TypeError('the API server answered with something that is no list');
  return { items: list.items ?? [], resourceVersion, next: typeof next === 'string' ? next : '' };
}

/** 410, as HTTP status or inside of a watch: what was asked for is in the past that the API server has forgotten. */
function isExpired(error: unknown): boolean {
  return error instanceof ApiError && (error.status.code === 410 || error.status.reason === 'Expired');
}

/** An error in words, for logs: of a failed connection the cause. */
function messageOf(error: unknown): string {
  if (error instanceof ApiError) return `${error.status.code}: ${error.message}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
