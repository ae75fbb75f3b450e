/** What a peer is asked by the test, over Node's IPC; each request has one reply of the same id. */

export type Protocol = 'tcp' | 'udp';

/** Where and how to ask. */
export interface AskOptions {
  /** Default tcp. */
  readonly protocol?: Protocol;
  readonly address: string;
  readonly port: number;
  /** The client's own port; default: the kernel chooses. */
  readonly localPort?: number;
  /** UDP: connect the socket first; default false. */
  readonly connected?: boolean;
  /** An IPv6 socket even towards an IPv4 address, which is then IPv4-mapped; default false. */
  readonly mapped?: boolean;
  /** How many bytes the question has, and the answer at least; default: as few as it takes. */
  readonly sizeBytes?: number;
  /** Default 20,000: no machine is that busy. */
  readonly timeoutMs?: number;
}

/** What a server says of the connection it was asked on. */
export interface Answer {
  /** The server's. */
  readonly name: string;
  /** Whom the server saw; IPv4 without its mapping. */
  readonly client: string;
  readonly clientPort: number;
  /** The address at which the server was reached, IPv4 without its mapping; TCP only. */
  readonly local?: string;
  /** Whom the client was told that it speaks to (getpeername, or where the datagram came from). */
  readonly peer: string;
  readonly peerPort: number;
}

/** An answer, or the code of the error (`ECONNREFUSED`, `ETIMEDOUT` …). */
export type AskResult =
  | { readonly answer: Answer; readonly error?: undefined }
  | { readonly error: string; readonly answer?: undefined };

/** What came of a stream of connections, one after the other. */
export interface StreamResult {
  readonly answered: number;
  /** How often each error code was met. */
  readonly errors: Readonly<Record<string, number>>;
  /** How often each server answered. */
  readonly servers: Readonly<Record<string, number>>;
}

/** What came of one connection that carries bytes both ways without a pause. */
export interface TransferResult {
  readonly sentBytes: number;
  /** Of those that came back. */
  readonly receivedBytes: number;
  /** Whether each byte that came back is the one that was sent. */
  readonly isIntact: boolean;
  /** The code of the error that ended it. */
  readonly error?: string;
}

export type PeerRequest =
  | { readonly op: 'echo'; readonly port: number }
  | { readonly op: 'startTransfer'; readonly options: AskOptions }
  | { readonly op: 'transferred' }
  | { readonly op: 'stopTransfer' }
  | { readonly op: 'listen'; readonly protocol: Protocol; readonly address: string; readonly port: number }
  | { readonly op: 'unlisten'; readonly port: number }
  | { readonly op: 'ask'; readonly options: AskOptions }
  | { readonly op: 'open'; readonly options: AskOptions }
  | { readonly op: 'askOpen'; readonly connection: number; readonly timeoutMs: number }
  | { readonly op: 'close'; readonly connection: number }
  | { readonly op: 'startStream'; readonly options: AskOptions }
  | { readonly op: 'streamed' }
  | { readonly op: 'stopStream' };

export interface Envelope {
  readonly id: number;
  readonly request: PeerRequest;
}

/** `failure` is a fault of the request itself; what the network does is part of a result. */
export interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly failure?: string;
}
