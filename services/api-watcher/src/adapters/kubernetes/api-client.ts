import { type Dispatcher, request } from 'undici';
import { type ApiStatus, asApiStatus } from '../../core/kubernetes/api-object.ts';

/** An answer of the API server that is not a success. */
export class ApiError extends Error {
  readonly status: ApiStatus;
  constructor(status: ApiStatus) {
    super(status.message === '' ? `the API server answers ${status.code}` : status.message);
    this.name = 'ApiError';
    this.status = status;
  }
}

/** A request; `path` begins with `/`. */
export interface ApiCall {
  /** Default GET. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. A PATCH is a JSON merge patch (RFC 7386), or with `apply` a whole object to apply (server-side apply). */
  readonly body?: unknown;
  readonly apply?: boolean;
  readonly signal?: AbortSignal;
  /** The answer must have begun after so long, ms. Default 30,000. */
  readonly timeoutMs?: number;
  /** The longest silence within an answer, ms. Default 30,000. */
  readonly idleMs?: number;
}

/** How the API server is reached and who asks. */
export interface ApiAccess {
  /** Without a `/` at its end. */
  readonly server: string;
  /** What to say of oneself with each request; read anew now and then, since tokens are rotated. */
  authorization(): Promise<string | undefined>;
  readonly dispatcher: Dispatcher;
}

const defaultMs = 30_000;
/** A longer answer that is no stream is not read, bytes. */
const maxAnswerBytes = 256 * 1024 * 1024;
/** An authorization is used for so long, ms; one that was refused is not used again. */
const authorizationMs = 10_000;

/** Speaks HTTP with the API server. */
export class ApiClient {
  readonly #access: ApiAccess;
  #authorization: Promise<string | undefined> | undefined;
  #authorizedMs = 0;

  constructor(access: ApiAccess) {
    this.#access = access;
  }

  /** Opens a stream. @throws ApiError where the API server refuses, and what undici throws where it cannot be reached */
  async stream(call: ApiCall): Promise<AsyncIterable<Uint8Array>> {
    const { statusCode, headers, body } = await this.#send(call);
    if (statusCode >= 200 && statusCode < 300) return body;
    if (statusCode === 401) this.#authorizedMs = 0;
    const status = asApiStatus(parsed(await textOf(body)), statusCode);
    const retryAfterMs = retryAfterOf(headers['retry-after']) ?? status.retryAfterMs;
    throw new ApiError({ ...status, code: statusCode, retryAfterMs });
  }

  /** Asks and reads the answer as JSON. @throws as `stream`, and SyntaxError where the answer is not JSON */
  async json(call: ApiCall): Promise<unknown> {
    return JSON.parse(await textOf(await this.stream(call)));
  }

  async close(): Promise<void> {
    await this.#access.dispatcher.destroy();
  }

  async #send(call: ApiCall): Promise<Dispatcher.ResponseData> {
    const { method = 'GET', path, query, body, signal, timeoutMs = defaultMs, idleMs = defaultMs } = call;
    const authorization = await this.#authorize();
    const search = query === undefined ? '' : `?${new URLSearchParams(query)}`;
    return await request(`${this.#access.server}${path}${search}`, {
      method,
      dispatcher: this.#access.dispatcher,
      headersTimeout: timeoutMs,
      bodyTimeout: idleMs,
      headers: {
        accept: 'application/json',
        'user-agent': 'sluice-api-watcher',
        ...(authorization === undefined ? {} : { authorization }),
        ...(body === undefined
          ? {}
          : {
              'content-type': contentTypeOf(call),
            }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async #authorize(): Promise<string | undefined> {
    const now = performance.now();
    if (this.#authorization === undefined || now - this.#authorizedMs > authorizationMs) {
      this.#authorizedMs = now;
      this.#authorization = this.#access.authorization();
      this.#authorization.catch(() => {
        this.#authorization = undefined;
      });
    }
    return await this.#authorization;
  }
}

function contentTypeOf({ method, apply = false }: ApiCall): string {
  if (method !== 'PATCH') return 'application/json';
  // JSON is YAML, and API servers older than 1.35 know this name only.
  return apply ? 'application/apply-patch+yaml' : 'application/merge-patch+json';
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxAnswerBytes) throw new RangeError(`an answer is longer than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** RFC 9110 §10.2.3, in seconds; the form with a date is not used by API servers. */
function retryAfterOf(header: string | string[] | undefined): number | undefined {
  const seconds = Number(Array.isArray(header) ? header[0] : header);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
}
