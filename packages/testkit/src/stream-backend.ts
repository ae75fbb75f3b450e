// Backends below HTTP, and what talks to them: each answers with its name, so that a test sees which one it got.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls';

/** A backend on a port of 127.0.0.1. */
export interface StreamBackend extends AsyncDisposable {
  readonly port: number;
  /** Connections or datagrams so far. */
  count(): number;
}

/** Answers each piece of bytes with `<name>:<bytes>`, over TLS where a certificate is given. */
export async function startTcpEcho(options: {
  readonly name: string;
  readonly tls?: { readonly chainPem: string; readonly keyPem: string };
}): Promise<StreamBackend> {
  const open = new Set<Socket>();
  let connections = 0;
  const serve = (socket: Socket): void => {
    connections += 1;
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => undefined);
    socket.on('data', (data) => socket.write(`${options.name}:${data.toString('utf8')}`));
  };
  const { tls } = options;
  const server: Server =
    tls === undefined
      ? createServer(serve)
      : createTlsServer({ cert: tls.chainPem, key: tls.keyPem }, serve).on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the backend has no port');
  return {
    port: address.port,
    count: () => connections,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers each datagram with `<name>:<datagram>`. */
export async function startUdpEcho(options: { readonly name: string }): Promise<StreamBackend> {
  const socket = createSocket('udp4');
  let datagrams = 0;
  socket.on('message', (data, from) => {
    datagrams += 1;
    socket.send(`${options.name}:${data.toString('utf8')}`, from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    count: () => datagrams,
    async [Symbol.asyncDispose]() {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

/** Where a client connects to. */
export interface StreamTarget {
  readonly address: string;
  readonly port: number;
  /** TLS with this SNI; whatever certificate comes is taken. */
  readonly servername?: string;
}

/** A connection of a client. */
export interface StreamClient extends Disposable {
  /** Sends `text` and gives what comes back; rejects where the connection ends instead. */
  ask(text: string): Promise<string>;
  /** Subject of the server's certificate; undefined without TLS. */
  readonly commonName: string | undefined;
  readonly closed: boolean;
}

/** Connects; rejects where the connection, or its TLS handshake, is refused. A connection that is then ended shows at `ask`. */
export async function connectStream({ address, port, servername }: StreamTarget): Promise<StreamClient> {
  const socket: Socket | TLSSocket =
    servername === undefined
      ? connect(port, address)
      : connectTls({ host: address, port, servername, rejectUnauthorized: false });
  let ended: Error | undefined;
  const end = (error?: Error): void => {
    ended ??= error ?? new Error('the connection was ended');
  };
  await new Promise<void>((resolve, reject) => {
    socket.once(servername === undefined ? 'connect' : 'secureConnect', () => resolve());
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was refused')));
  });
  socket.on('error', end);
  socket.on('close', () => end());
  const name = servername === undefined ? undefined : (socket as TLSSocket).getPeerCertificate().subject?.CN;
  return {
    commonName: Array.isArray(name) ? name[0] : name,
    get closed() {
      return ended !== undefined;
    },
    async ask(text) {
      if (ended !== undefined) throw ended;
      return new Promise<string>((resolve, reject) => {
        const onClose = (): void => reject(ended ?? new Error('the connection was ended'));
        socket.once('close', onClose);
        socket.once('data', (data) => {
          socket.off('close', onClose);
          resolve(data.toString('utf8'));
        });
        socket.write(text);
      });
    },
    [Symbol.dispose]() {
      socket.destroy();
    },
  };
}

/** Opens a connection, asks once and closes it. */
export async function askStream(target: StreamTarget, text = 'hello'): Promise<string> {
  using client = await connectStream(target);
  return await client.ask(text);
}

/** Sends a datagram from a socket of its own and gives the answer; rejects after `timeoutMs` (default 1,000). */
export async function askDatagram(
  { address, port }: Pick<StreamTarget, 'address' | 'port'>,
  text = 'hello',
  timeoutMs = 1_000,
): Promise<string> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  try {
    const answer = once(socket, 'message', { signal: AbortSignal.timeout(timeoutMs) });
    socket.send(text, port, address);
    const [data] = (await answer) as [Buffer];
    return data.toString('utf8');
  } finally {
    socket.close();
  }
}
