import { setTimeout as sleep } from 'node:timers/promises';
import { gatewayGroup, kinds } from '@sluice/kinds';
import type { Logger } from '@sluice/service-kit';
import { isRecord } from '../../core/kubernetes/api-object.ts';
import { type Served, servedBy } from '../../core/status/served-features.ts';
import { type ApiClient, ApiError } from './api-client.ts';
import { Backoff } from './backoff.ts';

export interface ServedSchemasOptions {
  readonly api: ApiClient;
  readonly logger: Logger;
  /** Told whenever `served` has changed. */
  changed(): void;
}

/** The index is looked at so often, ms; it is small and says what has changed. */
const lookMs = 15_000;
/** What stands in the index for an API server without OpenAPI v3 (before Kubernetes 1.27), or that does not let us read it. */
const unknowable = [403, 404, 406];

/**
 * What the API server serves of the Gateway API, by its own OpenAPI documents: every ServiceAccount may read them, so that no right to
 * read CRDs is needed.
 */
export class ServedSchemas {
  readonly #options: ServedSchemasOptions;
  readonly #backoff = new Backoff({ firstMs: 250, maxMs: lookMs });
  #seen = '';
  #served: Served | 'unknown' | undefined;

  constructor(options: ServedSchemasOptions) {
    this.#options = options;
  }

  /** Undefined until it has been read; `unknown` where the API server does not say. */
  get served(): Served | 'unknown' | undefined {
    return this.#served;
  }

  /** Reads until the signal aborts. Never rejects for what the API server does. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let waitMs = lookMs;
      try {
        await this.#look(signal);
        this.#backoff.reset();
      } catch (error) {
        if (signal.aborted) return;
        waitMs = this.#failed(error);
      }
      await sleep(waitMs, undefined, { signal }).catch(() => {});
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { api } = this.#options;
    const urls = urlsOf(await api.json({ path: '/openapi/v3', signal }));
    const seen = urls.join(' ');
    if (seen === this.#seen) return;
    const documents: unknown[] = [];
    for (const url of urls) documents.push(await api.json({ path: url, signal }));
    this.#seen = seen;
    this.#tell(servedBy(documents, gatewayGroup));
  }

  #failed(error: unknown): number {
    const { logger } = this.#options;
    const status = error instanceof ApiError ? error.status : undefined;
    logger.warn({ err: error }, 'the schemas of the API server cannot be read');
    if (status !== undefined && unknowable.includes(status.code) && this.#served === undefined)
      this.#tell('unknown');
    return this.#backoff.next(status?.retryAfterMs);
  }

  #tell(served: Served | 'unknown'): void {
    this.#served = served;
    this.#options.changed();
  }
}

/** Paths of the documents of the versions that are read, the preferred one first; each names a hash of its content. */
function urlsOf(index: unknown): string[] {
  const paths = isRecord(index) && isRecord(index.paths) ? index.paths : {};
  const versions = new Set(kinds.filter(({ group }) => group === gatewayGroup).flatMap((k) => k.versions));
  return [...versions].flatMap((version) => {
    const entry = paths[`apis/${gatewayGroup}/${version}`];
    const url = isRecord(entry) ? entry.serverRelativeURL : undefined;
    return typeof url === 'string' && url.startsWith('/openapi/v3/') ? [url] : [];
  });
}
