import type { Socket } from 'node:net';
import { connected } from './peer-client.ts';
import type { AskOptions, TransferResult } from './peer-protocol.ts';

/** A prime, so that no loss or doubling of whole packets or buffers leaves the bytes as they have to be. */
const periodBytes = 65_521;
const period = Uint8Array.from({ length: periodBytes }, (_, index) => (index * 131 + (index >> 8)) & 255);

/** One connection to a server that echoes: bytes go out as fast as it takes them, and are held against what comes back. */
export class Transfer {
  readonly #socket: Socket;
  #sentBytes = 0;
  #receivedBytes = 0;
  #isIntact = true;
  #error: string | undefined;
  readonly #closed: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => {
      this.#error = 'code' in error ? String(error.code) : error.message;
    });
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
    void this.#send();
  }

  /** @throws Error where it cannot connect */
  static async start(options: AskOptions): Promise<Transfer> {
    return new Transfer(await connected(options));
  }

  result(): TransferResult {
    return {
      ...{ sentBytes: this.#sentBytes, receivedBytes: this.#receivedBytes, isIntact: this.#isIntact },
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  /** Sends no more, and waits until the server has sent back all of it and closed. */
  async stop(): Promise<TransferResult> {
    this.#socket.end();
    await this.#closed;
    return this.result();
  }

  async #send(): Promise<void> {
    while (this.#socket.writable) {
      this.#sentBytes += periodBytes;
      if (!this.#socket.write(period)) await Promise.race([this.#drained(), this.#closed]);
    }
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => void this.#socket.once('drain', resolve));
  }

  #take(chunk: Buffer): void {
    let at = this.#receivedBytes % periodBytes;
    for (let from = 0; from < chunk.length; ) {
      const length = Math.min(chunk.length - from, periodBytes - at);
      const isAsSent = chunk.compare(period, at, at + length, from, from + length) === 0;
      this.#isIntact &&= isAsSent;
      from += length;
      at = 0;
    }
    this.#receivedBytes += chunk.length;
  }
}
