import {
  type Backend,
  type BackendStreamInfo,
  type Expectation,
  type PublishOutcome,
  type RawReader,
  type ReadFrom,
  Unavailable,
} from '../backend.ts';
import type { OutMessage, RawMessage } from '../model/message.ts';
import type { StreamDefinition } from '../port.ts';
import { minPayloadBytes } from './server-check.ts';

type Listening = { subject: string; handler: (data: Uint8Array) => void; stop: () => void };

/** A backend that comes later. Until then everything is as in an outage: it is Unavailable, and worth another try. */
export class LateBackend implements Backend {
  readonly #listening = new Set<Listening>();
  #backend: Backend | undefined;
  #closed = false;

  /** Puts the backend in its place; one that comes after `close` is closed. */
  async arrived(backend: Backend): Promise<void> {
    if (this.#closed) return backend.close();
    this.#backend = backend;
    for (const each of this.#listening) each.stop = backend.listen(each.subject, each.handler);
  }

  /** What every server that we work with takes, until we know better. */
  get maxMessageBytes(): number {
    return this.#backend?.maxMessageBytes ?? minPayloadBytes;
  }

  get connected(): boolean {
    return this.#backend?.connected === true;
  }

  async ensure(definition: StreamDefinition): Promise<void> {
    await this.#there().ensure(definition);
  }

  async info(stream: string): Promise<BackendStreamInfo | undefined> {
    return this.#there().info(stream);
  }

  async publish(
    stream: string,
    messages: readonly OutMessage[],
    options: { id: string; expect: Expectation },
  ): Promise<PublishOutcome> {
    return this.#there().publish(stream, messages, options);
  }

  async publishInTurn(
    stream: string,
    messages: readonly OutMessage[],
    options: { ids: readonly string[]; expect: Expectation },
  ): Promise<PublishOutcome> {
    return this.#there().publishInTurn(stream, messages, options);
  }

  async get(stream: string, seq: number): Promise<RawMessage | undefined> {
    return this.#there().get(stream, seq);
  }

  async last(stream: string, subject: string): Promise<RawMessage | undefined> {
    return this.#there().last(stream, subject);
  }

  async open(stream: string, from: ReadFrom): Promise<RawReader> {
    return this.#there().open(stream, from);
  }

  async purgeBelow(stream: string, seq: number): Promise<void> {
    await this.#there().purgeBelow(stream, seq);
  }

  async restore(
    definition: StreamDefinition,
    firstSeq: number,
    messages: AsyncIterable<RawMessage>,
  ): Promise<void> {
    await this.#there().restore(definition, firstSeq, messages);
  }

  notify(subject: string, data: Uint8Array): void {
    this.#backend?.notify(subject, data);
  }

  listen(subject: string, handler: (data: Uint8Array) => void): () => void {
    const each: Listening = { subject, handler, stop: () => {} };
    if (this.#backend !== undefined) each.stop = this.#backend.listen(subject, handler);
    this.#listening.add(each);
    return () => {
      this.#listening.delete(each);
      each.stop();
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#backend?.close();
  }

  #there(): Backend {
    if (this.#backend === undefined) throw new Unavailable('not connected yet');
    return this.#backend;
  }
}
