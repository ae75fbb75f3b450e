import { request } from 'node:http';

/** An answer over a Unix socket. */
export interface UnixAnswer {
  readonly status: number;
  readonly body: string;
}

/** One HTTP request over a Unix socket. Rejects where nobody answers within `timeoutMs` (default 1,000). */
export function unixRequest(of: {
  readonly socket: string;
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  readonly timeoutMs?: number;
}): Promise<UnixAnswer> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        socketPath: of.socket,
        path: of.path,
        method: of.method ?? 'GET',
        headers: { host: 'localhost', 'content-length': '0' },
        agent: false,
        signal: AbortSignal.timeout(of.timeoutMs ?? 1_000),
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
        );
        answer.on('error', reject);
      },
    );
    call.on('error', reject);
    call.end();
  });
}
