import { request } from 'node:http';

/** An answer of a process on this machine. */
export interface LocalAnswer {
  readonly status: number;
  readonly body: string;
}

/** Where a process on this machine listens: a Unix socket, or a port of loopback. */
export type LocalPlace = { readonly socket: string } | { readonly port: number };

/** One HTTP request to a process on this machine. Rejects where nobody answers within `timeoutMs` (default 1,000). */
export function localRequest(of: {
  readonly at: LocalPlace;
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  readonly timeoutMs?: number;
}): Promise<LocalAnswer> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        ...('socket' in of.at ? { socketPath: of.at.socket } : { host: '127.0.0.1', port: of.at.port }),
        path: of.path,
        method: of.method ?? 'GET',
        headers: { host: 'localhost', 'content-length': '0' },
        agent: false,
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
    // An AbortSignal would cost more than all the rest, and this is asked many times a second.
    const limit = setTimeout(() => call.destroy(new Error('no answer in time')), of.timeoutMs ?? 1_000);
    call.on('close', () => clearTimeout(limit));
    call.end();
  });
}
