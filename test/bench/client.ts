// The client of the measurements: one request at a time over one keep-alive connection.
import { setTimeout as pause } from 'node:timers/promises';
import { connectClient, type RequestTarget } from '@sluice/testkit';
import type { Client } from 'undici';

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

/** A connection to the Gateway. */
export class BenchClient implements AsyncDisposable {
  readonly #client: Client;
  #asked = 0;

  constructor(target: RequestTarget) {
    this.#client = connectClient(target);
  }

  /** Requests sent so far. */
  get asked(): number {
    return this.#asked;
  }

  /** Asks once. A connection that is refused or ends is status `noAnswer`. */
  async look({ host, path }: Place): Promise<Look> {
    this.#asked += 1;
    try {
      const answer = await this.#client.request({ method: 'GET', path, headers: { host } });
      const atMs = performance.now();
      await answer.body.dump();
      const text = (name: string): string | undefined => answer.headers[name]?.toString();
      return { status: answer.statusCode, version: text('x-version'), backend: text('x-backend'), atMs };
    } catch {
      return { status: noAnswer, version: undefined, backend: undefined, atMs: performance.now() };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.destroy();
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
