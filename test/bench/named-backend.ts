// A backend that costs little: what is measured is the platform, and the machine has few cores to share with it.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** An HTTP/1.1 server in this process that answers each request without a body with 200 and its name in `x-backend`. */
export interface NamedBackend extends AsyncDisposable {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

const endOfHead = '\r\n\r\n';

/** Starts one. @param of `address` default: 127.0.0.1 */
export async function startNamedBackend(of: {
  readonly name: string;
  readonly address?: string;
}): Promise<NamedBackend> {
  const { name, address = '127.0.0.1' } = of;
  const answer = Buffer.from(`HTTP/1.1 200 OK\r\nx-backend: ${name}\r\ncontent-length: 2\r\n\r\nok`);
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let head = '';
    socket.on('data', (data) => {
      const heads = (head + data.toString('latin1')).split(endOfHead);
      head = heads.pop() ?? '';
      for (const _ of heads) socket.write(answer);
    });
  });
  server.listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    name,
    address,
    port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
