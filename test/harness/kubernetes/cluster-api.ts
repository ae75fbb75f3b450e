import { kinds } from '@sluice/kinds';
import type { Cluster } from '@sluice/testkit/cluster';
import { Pool } from 'undici';
import { type Figures, parseMetrics } from '../metrics.ts';

/** An object as a manifest has it, or as the API server gives it. */
export interface ClusterObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
  };
  readonly spec?: unknown;
  readonly status?: unknown;
}

/** A request; `path` begins with `/`. */
interface ClusterRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** Of the body; default `application/json`. */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/** A watch answers with a bookmark each minute at least. */
const silentMs = 300_000;
const fieldManager = 'sluice-test';

/** An administrator at the API server of a test cluster, over connections that are kept. */
export class ClusterApi implements AsyncDisposable {
  readonly #pool: Pool;

  constructor(cluster: Cluster, connections = 16) {
    const { certData, keyData } = cluster.kubeConfig.getCurrentUser() ?? {};
    if (certData === undefined || keyData === undefined) throw new Error('the kubeconfig has no certificate');
    const connect = { ca: cluster.caPem, cert: pemOf(certData), key: pemOf(keyData) };
    this.#pool = new Pool(cluster.server, { connections, connect, bodyTimeout: silentMs });
  }

  /** Applies an object (server-side, with force); resolves with what the API server then holds. @throws Error with its message */
  async apply(object: object): Promise<ClusterObject> {
    return (await this.json({
      method: 'PATCH',
      path: `${pathOf(object as ClusterObject)}?fieldManager=${fieldManager}&force=true`,
      body: object,
      contentType: 'application/apply-patch+yaml',
    })) as ClusterObject;
  }

  /** Applies many, as many at once as there are connections. */
  async applyAll(objects: readonly object[], atOnce = 8): Promise<void> {
    const waiting = objects.values();
    const one = async (): Promise<void> => {
      for (const object of waiting) await this.apply(object);
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, objects.length) }, one));
  }

  /** Deletes an object. @throws Error where there is none */
  async remove(object: object): Promise<void> {
    await this.json({ method: 'DELETE', path: pathOf(object as ClusterObject) });
  }

  /** The object as the API server holds it; undefined where there is none. */
  async find(object: object): Promise<ClusterObject | undefined> {
    const { status, text } = await this.#ask({ path: pathOf(object as ClusterObject) });
    if (status === 404) return undefined;
    return checked(status, text) as ClusterObject;
  }

  /** Replaces fields of an object's status, as a JSON merge patch. */
  async patchStatus(object: object, status: object): Promise<void> {
    await this.json({
      method: 'PATCH',
      path: `${pathOf(object as ClusterObject)}/status`,
      body: { status },
      contentType: 'application/merge-patch+json',
    });
  }

  /** Sends a request and reads the answer as JSON. @throws Error with the API server's message */
  async json(request: ClusterRequest): Promise<unknown> {
    const { status, text } = await this.#ask(request);
    return checked(status, text);
  }

  /** `/metrics` of the API server. */
  async figures(): Promise<Figures> {
    return parseMetrics((await this.#ask({ path: '/metrics' })).text);
  }

  /** Follows one object from a version on until the signal aborts; `told` gets it after each change. */
  async watch(
    object: ClusterObject,
    { signal, told }: { readonly signal: AbortSignal; readonly told: (now: ClusterObject) => void },
  ): Promise<void> {
    const { name, resourceVersion = '0' } = object.metadata;
    const collection = pathOf(object).slice(0, -name.length - 1);
    const query = new URLSearchParams({
      watch: '1',
      resourceVersion,
      fieldSelector: `metadata.name=${name}`,
    });
    const answer = await this.#pool.request({ method: 'GET', path: `${collection}?${query}`, signal });
    if (answer.statusCode !== 200) throw new Error(`the API server answers ${answer.statusCode} to a watch`);
    let rest = '';
    try {
      for await (const chunk of answer.body.setEncoding('utf8') as AsyncIterable<string>) {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) told((JSON.parse(line) as { object: ClusterObject }).object);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #ask({ method = 'GET', path, body, contentType = 'application/json', signal }: ClusterRequest) {
    const answer = await this.#pool.request({
      method,
      path,
      ...(signal === undefined ? {} : { signal }),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': contentType } }),
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }
}

/** Path of an object of a kind that Sluice reads. @throws RangeError for any other */
export function pathOf({ apiVersion, kind, metadata }: ClusterObject): string {
  const group = apiVersion.includes('/') ? apiVersion.split('/', 1)[0] : '';
  const known = kinds.find((one) => one.kind === kind && one.group === group);
  if (known === undefined) throw new RangeError(`no kind ${kind} of ${apiVersion}`);
  const base = group === '' ? `/api/${apiVersion}` : `/apis/${apiVersion}`;
  const scope = known.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
  return `${base}${scope}/${known.plural}/${metadata.name}`;
}

function checked(status: number, text: string): unknown {
  const answer = JSON.parse(text) as { readonly message?: string };
  if (status < 300) return answer;
  throw new Error(`the API server answers ${status}: ${answer.message}`);
}

function pemOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}
