import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import type { ExplainRequest } from '@sluice/ir/explain';

/** What came back; `status` is null where there was no HTTP answer. */
export interface Answer {
  readonly status: number | null;
  /** Lower-case names; repeated ones joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A client whose Host header, SNI and repeated headers are free of one another. Keeps connections. */
export class RawClient implements Disposable {
  readonly #http = new HttpAgent({ keepAlive: true });
  readonly #https = new HttpsAgent({ keepAlive: true, maxCachedSessions: 0 });

  /** Sends a request as it stands. Never throws for a connection that is refused or cut. */
  async send(request: ExplainRequest): Promise<Answer> {
    try {
      const response = await this.#exchange(request);
      const body = await text(response);
      return { status: response.statusCode ?? null, headers: joined(response.rawHeaders), body };
    } catch (error) {
      return { status: null, headers: {}, body: String(error) };
    }
  }

  #exchange({ address, port, tls, host, method, path, headers }: ExplainRequest): Promise<IncomingMessage> {
    const options = {
      host: address ?? '127.0.0.1',
      port,
      method,
      path,
      setHost: false,
      headers: ['Host', host, ...headers.flat()],
      timeout: 10_000,
    };
    return new Promise((resolve, reject) => {
      const started: ClientRequest =
        tls === undefined
          ? httpRequest({ ...options, agent: this.#http }, resolve)
          : httpsRequest(
              { ...options, agent: this.#https, rejectUnauthorized: false, servername: tls.sni ?? '' },
              resolve,
            );
      started.on('timeout', () => started.destroy(new Error('no answer within 10 s')));
      started.on('error', reject);
      started.end();
    });
  }

  [Symbol.dispose](): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

function joined(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    const value = raw[i + 1] ?? '';
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return headers;
}
