import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { Protocol } from './peer-protocol.ts';

const servers = new Map<number, Server>();

/** Answers each question (a line, or a datagram) with a line of JSON as long as the question at least. */
export async function listen(
  name: string,
  {
    protocol,
    address,
    port,
  }: { readonly protocol: Protocol; readonly address: string; readonly port: number },
): Promise<void> {
  if (protocol === 'udp') return listenUdp(name, { address, port });
  const server = createServer((socket) => {
    let asked = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      asked += text;
      if (!asked.endsWith('\n')) return;
      socket.write(
        answer(name, {
          ...{ address: socket.remoteAddress, port: socket.remotePort, local: socket.localAddress },
          size: asked.length,
        }),
      );
      asked = '';
    });
    socket.on('error', () => socket.destroy());
  });
  server.listen(port, address);
  await once(server, 'listening');
  servers.set(port, server);
}

/** Sends back what comes, byte for byte (RFC 862). */
export async function echo(port: number): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  server.listen(port, '::');
  await once(server, 'listening');
}

/** Closes the listening socket and leaves its connections. */
export async function unlisten(port: number): Promise<void> {
  servers.get(port)?.close();
  servers.delete(port);
}

async function listenUdp(
  name: string,
  { address, port }: { readonly address: string; readonly port: number },
): Promise<void> {
  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4' });
  socket.on('message', (asked, from) => {
    const words = answer(name, { address: from.address, port: from.port, size: asked.length });
    socket.send(words, from.port, from.address);
  });
  socket.bind(port, address);
  await once(socket, 'listening');
}

interface Client {
  readonly address: string | undefined;
  readonly port: number | undefined;
  /** Where it was reached; undefined: not known. */
  readonly local?: string | undefined;
  readonly size: number;
}

const withoutMapping = (address: string | undefined) => address?.replace(/^::ffff:/, '');

function answer(name: string, { address, port, local, size }: Client): string {
  const seen = { client: withoutMapping(address), clientPort: port, local: withoutMapping(local) };
  const words = JSON.stringify({ name, ...seen });
  return `${words.padEnd(size - 1)}\n`;
}
