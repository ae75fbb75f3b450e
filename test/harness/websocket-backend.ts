import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** RFC 6455 section 1.3. */
const handshakeGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** A real WebSocket server that sends short text messages back as they came. */
export interface WebsocketBackend extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
}

/** Starts it on a free port of 127.0.0.1. Whatever is no WebSocket is answered 426. */
export async function startWebsocketBackend(): Promise<WebsocketBackend> {
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(426).end());
  server.on('upgrade', (request, socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    const key = `${request.headers['sec-websocket-key']}${handshakeGuid}`;
    const accept = createHash('sha1').update(key).digest('base64');
    const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    socket.write([...head, `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n'));
    socket.on('data', (frame) => {
      const answer = echoOf(frame);
      if (answer === undefined) socket.end();
      else socket.write(answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { address, port } = server.address() as AddressInfo;
  return {
    address,
    port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A masked text frame of up to 125 bytes, sent back unmasked (RFC 6455 section 5.2); undefined for any other frame. */
function echoOf(frame: Buffer): Buffer | undefined {
  const length = (frame[1] ?? 0) & 0x7f;
  if (frame[0] !== 0x81 || length > 125) return undefined;
  const mask = frame.subarray(2, 6);
  const text = frame.subarray(6, 6 + length).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
  return Buffer.concat([Buffer.from([0x81, length]), text]);
}
