// The client of the measurements: one request at a time over one keep-alive connection.
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { RequestTarget } from '@sluice/testkit';

/** Pause of the client between two looks, milliseconds. */
export const lookEveryMs = 1;

/** Where to ask. */
export interface Place {
  readonly host: string;
  readonly path: string;
}

/** What an answer says. */
export interface Look {
  readonly status: number;
  readonly version: string | undefined;
  readonly backend: string | undefined;
  /** When its headers came. */
  readonly atMs: number;
}

/** Status of a request without an answer. */
export const noAnswer = 0;

/** All that it needs of a target: it speaks no TLS. */
type Address = Pick<RequestTarget, 'address' | 'port'>;

/** An answer that takes longer counts as none, milliseconds. */
const answerMs = 10_000;
const endOfHead = '\r\n\r\n';
const headOf = {
  length: /\r\ncontent-length: *(\d+)/i,
  version: /\r\nx-version: *([^\r]*)/i,
  backend: /\r\nx-backend: *([^\r]*)/i,
};

/**
 * A connection to the Gateway. It reads HTTP/1.1 answers with a `content-length`, which is what Envoy and the backends here send, and costs
 * half of what a library's client does: what is measured is the platform, and the machine has few cores to share with it.
 */
export class BenchClient implements AsyncDisposable {
  readonly #target: Address;
  #connection: Connection | undefined;
  #asked = 0;

  constructor(target: Address) {
    this.#target = target;
  }

  /** Requests sent so far. */
  get asked(): number {
    return this.#asked;
  }

  /** Asks once. A connection that is refused or ends is status `noAnswer`. */
  look(place: Place): Promise<Look> {
    this.#asked += 1;
    if (this.#connection?.ended !== false) this.#connection = new Connection(this.#target);
    return this.#connection.ask(place);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection?.end();
  }
}

/** One keep-alive connection, one request at a time. */
class Connection {
  readonly #socket: Socket;
  #text = '';
  /** When the head of the answer that is being read was there. */
  #headMs: number | undefined;
  #answered: (look: Look) => void = () => {};
  ended = false;

  constructor({ address, port }: Address) {
    this.#socket = connect({ host: address, port, noDelay: true })
      .setEncoding('latin1')
      .setTimeout(answerMs, () => this.end())
      .on('data', (text: string) => this.#read(text))
      .on('error', () => {})
      .on('close', () => this.end());
  }

  ask({ host, path }: Place): Promise<Look> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}${endOfHead}`, 'latin1');
    });
  }

  end(): void {
    this.ended = true;
    this.#socket.destroy();
    this.#answered({ status: noAnswer, version: undefined, backend: undefined, atMs: performance.now() });
  }

  #read(text: string): void {
    this.#text += text;
    const end = this.#text.indexOf(endOfHead);
    if (end < 0) return;
    this.#headMs ??= performance.now();
    const head = this.#text.slice(0, end);
    const length = headOf.length.exec(head)?.[1];
    // An answer whose end cannot be known is none that counts.
    if (length === undefined) {
      this.end();
      return;
    }
    if (this.#text.length < end + endOfHead.length + Number(length)) return;
    const atMs = this.#headMs;
    this.#headMs = undefined;
    this.#text = '';
    const [version, backend] = [headOf.version.exec(head)?.[1], headOf.backend.exec(head)?.[1]];
    this.#answered({ status: Number(head.slice('HTTP/1.1 '.length, 12)), version, backend, atMs });
  }
}

/** What a change shall do, and how long it may take. */
export interface Expected {
  readonly place: Place;
  /** Makes the change ready. @returns brings it in */
  readonly stage: () => Promise<() => Promise<void>>;
  /** Whether an answer shows it. */
  readonly seen: (look: Look) => boolean;
  /** Statuses that are no failure meanwhile. */
  readonly allowed: readonly number[];
  readonly patienceMs: number;
  /** For the message when it does not come. */
  readonly what: string;
}

/** When a change was first seen after it began to come in, and the answers until then that nobody should get. */
export interface Effect {
  readonly ms: number;
  /** When the write had returned, by the same clock: the first look comes after it. */
  readonly writtenMs: number;
  readonly failures: readonly number[];
}

/**
 * Brings a change in and asks each millisecond until it shows.
 * @throws Error when the patience ends
 */
export async function effectOf(client: BenchClient, expected: Expected): Promise<Effect> {
  const { place, stage, seen, allowed, patienceMs, what } = expected;
  const failures: number[] = [];
  const bringIn = await stage();
  const startMs = performance.now();
  await bringIn();
  const writtenMs = performance.now() - startMs;
  for (;;) {
    const look = await client.look(place);
    if (!allowed.includes(look.status)) failures.push(look.status);
    if (seen(look)) return { ms: look.atMs - startMs, writtenMs, failures };
    if (look.atMs - startMs > patienceMs)
      throw new Error(`${what} did not come within ${patienceMs} ms; the last answer was ${look.status}`);
    await pause(lookEveryMs);
  }
}
