import { Pool } from 'undici';
import { connectorOf, originOf, type RequestTarget } from './http-client.ts';

/** What to send, and how fast. */
export interface LoadOptions extends RequestTarget {
  /** Default `/`. */
  readonly path?: string;
  /** Host and path of request number n, counted from 0, where they are not all the same. */
  readonly place?: (n: number) => { readonly host: string; readonly path: string };
  readonly headers?: Readonly<Record<string, string>>;
  /** Requests a second, whatever the answers do; default 50, at most 1,000. */
  readonly ratePerSecond?: number;
  /** Keep-alive connections; default 4. */
  readonly connections?: number;
  /** Ends by itself after this time; default 60. */
  readonly maxSeconds?: number;
  /** Says what is wrong with an answer, or undefined. Default: any status but 200 is. */
  readonly judge?: (answer: { readonly status: number; readonly body: string }) => string | undefined;
}

/** One request that did not go well. */
export interface LoadFailure {
  /** Milliseconds since the first request. */
  readonly atMs: number;
  /** `status 503`, an error code such as `ECONNRESET`, or what `judge` said. */
  readonly what: string;
  /** Beginning of the body, where there was an answer. */
  readonly detail: string;
}

/** What came of it. */
export interface LoadReport {
  readonly sent: number;
  /** Answers by status code. */
  readonly byStatus: Readonly<Record<number, number>>;
  /** Requests without an answer, by error code. */
  readonly byError: Readonly<Record<string, number>>;
  /** From the sending to the headers of the answer, milliseconds, of every request that was answered. */
  readonly latenciesMs: readonly number[];
  /** In order of time; the first 100. */
  readonly failures: readonly LoadFailure[];
  readonly failed: number;
}

const requestTimeoutMs = 10_000;

/** Sends requests at a steady rate (open loop) over keep-alive connections until it is stopped. It starts with its creation. */
export class LoadGenerator implements AsyncDisposable {
  readonly #options: LoadOptions;
  readonly #pool: Pool;
  readonly #started = performance.now();
  readonly #timer: NodeJS.Timeout;
  readonly #rate: number;
  readonly #open = new Set<Promise<void>>();
  readonly #byStatus: Record<number, number> = {};
  readonly #byError: Record<string, number> = {};
  readonly #latenciesMs: number[] = [];
  readonly #failures: LoadFailure[] = [];
  #sent = 0;
  #failed = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#rate = Math.min(options.ratePerSecond ?? 50, 1_000);
    this.#pool = new Pool(originOf(options), {
      connections: options.connections ?? 4,
      headersTimeout: requestTimeoutMs,
      bodyTimeout: requestTimeoutMs,
      connect: connectorOf(options, requestTimeoutMs),
    });
    this.#timer = setInterval(() => this.#tick(), Math.max(5, 1_000 / this.#rate));
  }

  /** Requests sent so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Requests answered so far. */
  get answered(): number {
    return Object.values(this.#byStatus).reduce((sum, count) => sum + count, 0);
  }

  /** Requests that failed so far. */
  get failed(): number {
    return this.#failed;
  }

  /** Sends no more, waits for what is open, and reports. Calling it again gives the same report. */
  async stop(): Promise<LoadReport> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    if (!this.#pool.destroyed) await this.#pool.destroy();
    return {
      sent: this.#sent,
      byStatus: this.#byStatus,
      byError: this.#byError,
      latenciesMs: this.#latenciesMs,
      failures: this.#failures,
      failed: this.#failed,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Sends as many as the schedule owes by now, but no burst after a pause of this process. */
  #tick(): void {
    const elapsedMs = performance.now() - this.#started;
    if (elapsedMs > (this.#options.maxSeconds ?? 60) * 1_000) {
      clearInterval(this.#timer);
      return;
    }
    const owed = Math.floor((elapsedMs * this.#rate) / 1_000) - this.#sent;
    for (let i = 0; i < Math.min(owed, 10); i += 1) {
      this.#sent += 1;
      const one = this.#send(this.#sent - 1).finally(() => this.#open.delete(one));
      this.#open.add(one);
    }
  }

  async #send(n: number): Promise<void> {
    const { headers = {}, judge = judgeStatus } = this.#options;
    const { host, path = '/' } = this.#options.place?.(n) ?? this.#options;
    const startMs = performance.now();
    try {
      const answer = await this.#pool.request({
        path,
        method: 'GET',
        headers: host === undefined ? headers : { host, ...headers },
      });
      this.#latenciesMs.push(performance.now() - startMs);
      const body = await answer.body.text();
      this.#byStatus[answer.statusCode] = (this.#byStatus[answer.statusCode] ?? 0) + 1;
      const fault = judge({ status: answer.statusCode, body });
      if (fault !== undefined) this.#fail(fault, body.slice(0, 200));
    } catch (error) {
      const code = errorCode(error);
      this.#byError[code] = (this.#byError[code] ?? 0) + 1;
      this.#fail(code, '');
    }
  }

  #fail(what: string, detail: string): void {
    this.#failed += 1;
    if (this.#failures.length < 100)
      this.#failures.push({ atMs: Math.round(performance.now() - this.#started), what, detail });
  }
}

function judgeStatus({ status }: { readonly status: number }): string | undefined {
  return status === 200 ? undefined : `status ${status}`;
}

function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
