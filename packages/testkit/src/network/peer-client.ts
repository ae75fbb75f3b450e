import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, isIPv4, type Socket } from 'node:net';
import type { Answer, AskOptions, AskResult } from './peer-protocol.ts';

const defaultTimeoutMs = 20_000;

/** Asks once, on a connection or a socket of its own. Never rejects. */
export async function ask(options: AskOptions): Promise<AskResult> {
  if (options.protocol === 'udp') return asResult(() => askUdp(options));
  let socket: Socket | undefined;
  const result = await asResult(async () => {
    socket = await connected(options);
    return askOn(socket, options);
  });
  // With a port of its own the next connection may want it at once: no TIME_WAIT.
  if (options.localPort === undefined) socket?.destroy();
  else socket?.resetAndDestroy();
  return result;
}

interface Open {
  ask(timeoutMs: number): Promise<Answer>;
  close(): void;
}

/** Connections, and sockets for datagrams, that stay. */
export class OpenConnections {
  readonly #open: Open[] = [];

  /** @returns its number */
  async open(options: AskOptions): Promise<number> {
    return this.#open.push(await (options.protocol === 'udp' ? openUdp(options) : openTcp(options))) - 1;
  }

  ask(connection: number, timeoutMs: number): Promise<AskResult> {
    const open = this.#open[connection];
    if (open === undefined) throw new Error(`no connection ${connection}`);
    return asResult(() => open.ask(timeoutMs));
  }

  async close(connection: number): Promise<void> {
    this.#open[connection]?.close();
  }
}

async function openTcp(options: AskOptions): Promise<Open> {
  const socket = await connected(options);
  return { ask: (timeoutMs) => askOn(socket, { timeoutMs }), close: () => socket.destroy() };
}

async function openUdp(options: AskOptions): Promise<Open> {
  const socket = createSocket(kindOf(options));
  // What goes wrong is told to who asks next.
  socket.on('error', () => undefined);
  await prepare(socket, options);
  return {
    ask: (timeoutMs) => askBySocket(socket, { ...options, timeoutMs }),
    close: () => void socket.close(),
  };
}

async function asResult(asking: () => Promise<Answer>): Promise<AskResult> {
  try {
    return { answer: await asking() };
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') return { error: 'ETIMEDOUT' };
    return { error: error instanceof Error && 'code' in error ? String(error.code) : String(error) };
  }
}

const target = ({ address, mapped = false }: AskOptions) =>
  mapped && isIPv4(address) ? `::ffff:${address}` : address;
const question = (sizeBytes = 1) => `${' '.repeat(sizeBytes - 1)}\n`;

/** A socket that is connected. @throws Error where it cannot be */
export async function connected(options: AskOptions): Promise<Socket> {
  const { port, localPort, timeoutMs = defaultTimeoutMs } = options;
  const host = target(options);
  const socket = connect({ host, port, ...(localPort === undefined ? {} : { localPort }) });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  // Read at once: it is getpeername(2), which no longer works when the server has gone.
  void socket.remoteAddress;
  return socket;
}

async function askOn(
  socket: Socket,
  { sizeBytes, timeoutMs = defaultTimeoutMs }: Pick<AskOptions, 'sizeBytes' | 'timeoutMs'>,
): Promise<Answer> {
  const { remoteAddress: peer = '', remotePort: peerPort = 0 } = socket;
  const signal = AbortSignal.timeout(timeoutMs);
  socket.write(question(sizeBytes));
  let text = '';
  const end = ended(socket, signal);
  // Nobody waits for the end of a connection that has answered.
  end.catch(() => undefined);
  while (!text.endsWith('\n')) {
    const [chunk] = await Promise.race([once(socket, 'data', { signal }), end]);
    text += String(chunk);
  }
  return { ...JSON.parse(text), peer, peerPort };
}

async function ended(socket: Socket, signal: AbortSignal): Promise<never> {
  await once(socket, 'close', { signal });
  throw Object.assign(new Error('the server closed'), { code: 'ECLOSED' });
}

const kindOf = (options: AskOptions) => (target(options).includes(':') ? 'udp6' : 'udp4');

async function askUdp(options: AskOptions): Promise<Answer> {
  const socket = createSocket(kindOf(options));
  try {
    await prepare(socket, options);
    return await askBySocket(socket, options);
  } finally {
    socket.close();
  }
}

async function prepare(socket: DatagramSocket, options: AskOptions): Promise<void> {
  const { port, localPort, timeoutMs = defaultTimeoutMs } = options;
  const signal = AbortSignal.timeout(timeoutMs);
  if (localPort !== undefined) {
    socket.bind(localPort);
    await once(socket, 'listening', { signal });
  }
  if (options.connected !== true) return;
  socket.connect(port, target(options));
  await once(socket, 'connect', { signal });
}

async function askBySocket(socket: DatagramSocket, options: AskOptions): Promise<Answer> {
  const { port, sizeBytes, timeoutMs = defaultTimeoutMs } = options;
  const signal = AbortSignal.timeout(timeoutMs);
  const to = options.connected === true ? undefined : { port, address: target(options) };
  const refused = new Promise<never>((_, reject) => {
    const sent = (error: Error | null) => error !== null && reject(error);
    if (to === undefined) socket.send(question(sizeBytes), sent);
    else socket.send(question(sizeBytes), to.port, to.address, sent);
  });
  const [message, from] = await Promise.race([once(socket, 'message', { signal }), refused]);
  const peer = options.connected === true ? socket.remoteAddress() : from;
  return { ...JSON.parse(String(message)), peer: peer.address, peerPort: peer.port };
}
