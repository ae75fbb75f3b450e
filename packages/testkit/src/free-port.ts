import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A TCP port that was free on the address a moment ago. Another process may take it meanwhile: where a program can
 * listen on port 0 or on a Unix socket, let it.
 */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  if (bound === null || typeof bound === 'string') throw new TypeError('a TCP server has a port');
  return bound.port;
}
