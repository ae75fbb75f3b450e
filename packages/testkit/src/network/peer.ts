import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type {
  AskOptions,
  AskResult,
  PeerRequest,
  Protocol,
  Reply,
  StreamResult,
  TransferResult,
} from './peer-protocol.ts';

export type {
  Answer,
  AskOptions,
  AskResult,
  Protocol,
  StreamResult,
  TransferResult,
} from './peer-protocol.ts';

/** A real client and server in one process, which does as the test says. It ends with its machine. */
export interface Peer {
  readonly pid: number;
  /** Answers on a port with its name and whom it sees; `address` default `::`, both families. */
  listen(port: number, options?: { readonly protocol?: Protocol; readonly address?: string }): Promise<void>;
  /** Takes no more connections on the port; those there are stay. */
  unlisten(port: number): Promise<void>;
  /** Sends back on a TCP port what comes, byte for byte; both families. The process runs at a low priority from then on. */
  echo(port: number): Promise<void>;
  /** Connects (or sends), asks, and closes. */
  ask(options: AskOptions): Promise<AskResult>;
  /** Asks so many times, one after the other, and counts who answered; errors count by their code. */
  askMany(times: number, options: AskOptions): Promise<Readonly<Record<string, number>>>;
  /** Connects and stays connected; UDP: one socket for all that is asked, connected only where `connected` says so. */
  open(options: AskOptions): Promise<OpenConnection>;
  /** Connects, asks and closes again and again until it is stopped; its result is everything since. */
  stream(options: AskOptions): Promise<{ streamed(): Promise<StreamResult>; stop(): Promise<StreamResult> }>;
  /** Keeps one connection to a port that echoes full, until it is stopped and all has come back. @throws Error where it cannot connect */
  transfer(
    options: AskOptions,
  ): Promise<{ transferred(): Promise<TransferResult>; stop(): Promise<TransferResult> }>;
  stop(): Promise<void>;
}

export interface OpenConnection {
  ask(timeoutMs?: number): Promise<AskResult>;
  close(): Promise<void>;
}

const program = fileURLToPath(new URL('peer-process.ts', import.meta.url));

/** Starts a peer behind the given words. @throws Error when it ends at once */
export async function startPeer(enter: readonly string[], name: string): Promise<Peer> {
  const [command = '', ...args] = [...enter, process.execPath, program, name];
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (child.exitCode !== null || child.pid === undefined) throw new Error(`peer ${name} did not start`);
  const call = caller(child, name);
  const ask = (options: AskOptions) => call<AskResult>({ op: 'ask', options });
  return {
    pid: child.pid,
    ask,
    listen: (port, { protocol = 'tcp', address = '::' } = {}) =>
      call({ op: 'listen', protocol, address, port }),
    echo: (port) => call({ op: 'echo', port }),
    unlisten: (port) => call({ op: 'unlisten', port }),
    askMany: async (times, options) => {
      const counts: Record<string, number> = {};
      for (let turn = 0; turn < times; turn += 1) {
        const { answer, error } = await ask(options);
        const word = answer?.name ?? error ?? '';
        counts[word] = (counts[word] ?? 0) + 1;
      }
      return counts;
    },
    open: async (options) => {
      const connection = await call<number>({ op: 'open', options });
      return {
        ask: (timeoutMs = 20_000) => call<AskResult>({ op: 'askOpen', connection, timeoutMs }),
        close: () => call({ op: 'close', connection }),
      };
    },
    stream: async (options) => {
      await call({ op: 'startStream', options });
      return {
        streamed: () => call<StreamResult>({ op: 'streamed' }),
        stop: () => call<StreamResult>({ op: 'stopStream' }),
      };
    },
    transfer: async (options) => {
      await call({ op: 'startTransfer', options });
      return {
        transferred: () => call<TransferResult>({ op: 'transferred' }),
        stop: () => call<TransferResult>({ op: 'stopTransfer' }),
      };
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function caller(child: ChildProcess, name: string) {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let last = 0;
  child.on('message', (message) => {
    const { id, result, failure } = message as Reply;
    const waiter = waiting.get(id);
    waiting.delete(id);
    if (failure === undefined) waiter?.resolve(result);
    else waiter?.reject(new Error(`peer ${name}: ${failure}`));
  });
  child.once('exit', () => {
    for (const waiter of waiting.values()) waiter.reject(new Error(`peer ${name} ended`));
    waiting.clear();
  });
  return <T = void>(request: PeerRequest): Promise<T> => {
    if (child.exitCode !== null || child.signalCode !== null)
      return Promise.reject(new Error(`peer ${name} has ended`));
    last += 1;
    const id = last;
    return new Promise<T>((resolve, reject) => {
      waiting.set(id, { resolve: (value) => resolve(value as T), reject });
      child.send({ id, request });
    });
  };
}
