import { createHash } from 'node:crypto';
import type { ObjectRef } from '@sluice/ir';
import type { Logger } from '@sluice/service-kit';
import type { Notice } from '../../core/status/notices.ts';
import type { ApiClient } from './api-client.ts';

export interface EventRecorderOptions {
  readonly api: ApiClient;
  /** Controller name under which Events are told. */
  readonly controller: string;
  readonly instance: string;
  readonly logger: Logger;
  /** Asked before each Event is written: whether this replica may. */
  mayWrite(): Promise<boolean>;
}

/** What an Event is about. */
export interface Regarding {
  readonly ref: ObjectRef;
  readonly apiVersion: string;
  readonly uid: string;
}

/** So many Events may be told at once, and one more each `refillMs`. */
const burst = 50;
const refillMs = 2000;
/** The same word on the same object is one Event with a count for so long, ms. */
const seriesMs = 10 * 60_000;
/** A count is written this often at most, ms. */
const countMs = 60_000;
/** Events that are remembered to be counted. */
const maxKnown = 4096;

interface Known {
  readonly name: string;
  readonly firstMs: number;
  toldMs: number;
  count: number;
}

/** Tells users what they have to mend as Events (events.k8s.io/v1): repeated words are counted, and a flood is cut. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #known = new Map<string, Known>();
  #tokens = burst;
  #refilledMs = performance.now();
  #dropped = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** Events that were not told because there were too many. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Tells. Never rejects: an Event is a courtesy, the status says it all. */
  async record(about: Regarding, notice: Notice): Promise<void> {
    const { logger, mayWrite } = this.#options;
    const key = hash(JSON.stringify([about.uid, notice.reason, notice.note]));
    const nowMs = performance.now();
    const known = this.#known.get(key);
    const repeats = known !== undefined && nowMs - known.firstMs < seriesMs;
    if (repeats) {
      known.count++;
      if (nowMs - known.toldMs < countMs) return;
    }
    if (!this.#take(nowMs) || !(await mayWrite())) return;
    try {
      if (repeats) await this.#count(about, known, nowMs);
      else await this.#tell(about, notice, { key, nowMs });
    } catch (error) {
      logger.debug({ err: error, object: about.ref }, 'an event could not be told');
    }
  }

  async #tell(
    about: Regarding,
    notice: Notice,
    { key, nowMs }: { key: string; nowMs: number },
  ): Promise<void> {
    const { api, controller, instance } = this.#options;
    const { ref, apiVersion, uid } = about;
    const name = `${ref.name.slice(0, 200)}.${key.slice(0, 16)}${Date.now().toString(16)}`;
    this.#remember(key, { name, firstMs: nowMs, toldMs: nowMs, count: 1 });
    await api.json({
      method: 'POST',
      path: `/apis/events.k8s.io/v1/namespaces/${namespaceOf(ref)}/events`,
      body: {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name, namespace: namespaceOf(ref) },
        eventTime: microTime(),
        type: 'Warning',
        reason: notice.reason.slice(0, 128),
        action: 'Translate',
        note: notice.note,
        regarding: { apiVersion, kind: ref.kind, name: ref.name, namespace: ref.namespace, uid },
        reportingController: controller,
        reportingInstance: instance.slice(0, 128),
      },
    });
  }

  async #count({ ref }: Regarding, known: Known, nowMs: number): Promise<void> {
    known.toldMs = nowMs;
    await this.#options.api.json({
      method: 'PATCH',
      path: `/apis/events.k8s.io/v1/namespaces/${namespaceOf(ref)}/events/${known.name}`,
      body: { series: { count: Math.max(2, known.count), lastObservedTime: microTime() } },
    });
  }

  #remember(key: string, known: Known): void {
    this.#known.delete(key);
    this.#known.set(key, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxKnown && oldest !== undefined) this.#known.delete(oldest);
  }

  #take(nowMs: number): boolean {
    this.#tokens = Math.min(burst, this.#tokens + (nowMs - this.#refilledMs) / refillMs);
    this.#refilledMs = nowMs;
    if (this.#tokens < 1) {
      this.#dropped++;
      return false;
    }
    this.#tokens--;
    return true;
  }
}

/** Events about objects of the cluster stand in namespace `default`. */
function namespaceOf({ namespace }: ObjectRef): string {
  return namespace === '' ? 'default' : namespace;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function microTime(): string {
  return `${new Date().toISOString().slice(0, -1)}000Z`;
}
