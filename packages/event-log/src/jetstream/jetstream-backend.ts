import { JetStreamApiError, type StreamInfo } from '@nats-io/jetstream';
import type {
  Backend,
  BackendStreamInfo,
  Expectation,
  PublishOutcome,
  RawReader,
  ReadFrom,
} from '../backend.ts';
import type { OutMessage, RawMessage } from '../model/message.ts';
import { LogError, type StreamDefinition } from '../port.ts';
import { apiCodes, type Connection } from './connection.ts';
import { publish, publishInTurn } from './publish.ts';
import { PullReader } from './pull-reader.ts';
import { rawStored } from './raw-message.ts';
import { assertSameConfig, definitionOf, streamConfig } from './stream-config.ts';

const restoreBatch = 500;

/** The log's messages in JetStream streams. */
export class JetStreamBackend implements Backend {
  readonly maxMessageBytes: number;
  readonly #connection: Connection;
  readonly #replicas: number;

  constructor(connection: Connection, options: { maxMessageBytes: number; replicas: number }) {
    this.#connection = connection;
    this.maxMessageBytes = options.maxMessageBytes;
    this.#replicas = options.replicas;
  }

  get connected(): boolean {
    return this.#connection.connected;
  }

  async ensure(definition: StreamDefinition): Promise<void> {
    const existing = await this.#streamInfo(definition.name);
    const config = streamConfig(definition, this.#replicas);
    const info = existing ?? (await this.#connection.ask(() => this.#connection.jsm.streams.add(config)));
    assertSameConfig(definition, info.config, this.#replicas);
  }

  async info(stream: string): Promise<BackendStreamInfo | undefined> {
    const info = await this.#streamInfo(stream);
    if (info === undefined) return undefined;
    const { first_seq, last_seq, messages, bytes } = info.state;
    return {
      name: stream,
      incarnation: info.created,
      firstSeq: last_seq === 0 ? 0 : first_seq,
      lastSeq: last_seq,
      messages,
      bytes,
      gapless: info.config.max_msgs_per_subject <= 0,
      definition: definitionOf(info.config),
    };
  }

  publish(
    _stream: string,
    messages: readonly OutMessage[],
    options: { id: string; expect: Expectation },
  ): Promise<PublishOutcome> {
    return publish(this.#connection, messages, options);
  }

  publishInTurn(
    _stream: string,
    messages: readonly OutMessage[],
    options: { ids: readonly string[]; expect: Expectation },
  ): Promise<PublishOutcome> {
    return publishInTurn(this.#connection, messages, options);
  }

  async get(stream: string, seq: number): Promise<RawMessage | undefined> {
    return await this.#stored(stream, { seq });
  }

  async last(stream: string, subject: string): Promise<RawMessage | undefined> {
    return await this.#stored(stream, { last_by_subj: subject });
  }

  open(stream: string, from: ReadFrom): Promise<RawReader> {
    return PullReader.open(this.#connection, stream, from);
  }

  async purgeBelow(stream: string, seq: number): Promise<void> {
    await this.#connection.ask(() => this.#connection.jsm.streams.purge(stream, { seq }));
  }

  async restore(
    definition: StreamDefinition,
    firstSeq: number,
    messages: AsyncIterable<RawMessage>,
  ): Promise<void> {
    if ((await this.#streamInfo(definition.name)) !== undefined) {
      throw new LogError('stream-mismatch', `stream ${definition.name} exists already`, {
        hint: 'Import into an empty log.',
      });
    }
    const config = { ...streamConfig(definition, this.#replicas), first_seq: firstSeq };
    await this.#connection.ask(() => this.#connection.jsm.streams.add(config));
    let batch: RawMessage[] = [];
    let nextSeq = firstSeq;
    for await (const message of messages) {
      if (message.seq !== nextSeq) {
        throw new LogError('stream-mismatch', `sequence ${nextSeq} is missing`, {
          hint: 'NATS cannot hold an export with gaps; use the in-memory log.',
        });
      }
      nextSeq += 1;
      batch.push(message);
      if (batch.length === restoreBatch) {
        await this.#restoreBatch(batch);
        batch = [];
      }
    }
    await this.#restoreBatch(batch);
  }

  notify(subject: string, data: Uint8Array): void {
    if (!this.connected || this.#connection.refusalOf([subject]) !== undefined) return;
    this.#connection.nats.publish(subject, data);
  }

  listen(subject: string, handler: (data: Uint8Array) => void): () => void {
    const subscription = this.#connection.nats.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) handler(message.data.slice());
      },
    });
    return () => subscription.unsubscribe();
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #restoreBatch(batch: readonly RawMessage[]): Promise<void> {
    const first = batch[0];
    if (first === undefined) return;
    const outcome = await publish(this.#connection, batch, { id: `restore-${first.seq}` });
    if (outcome.kind === 'stored') return;
    throw new LogError('connection', 'the import was cut short', {
      hint: 'Remove the stream and import again.',
    });
  }

  async #streamInfo(stream: string): Promise<StreamInfo | undefined> {
    return await this.#connection.ask(async () => {
      try {
        return await this.#connection.jsm.streams.info(stream);
      } catch (error) {
        if (error instanceof JetStreamApiError && error.code === apiCodes.streamNotFound) return undefined;
        throw error;
      }
    });
  }

  async #stored(
    stream: string,
    query: { seq: number } | { last_by_subj: string },
  ): Promise<RawMessage | undefined> {
    const message = await this.#connection.ask(() => this.#connection.jsm.streams.getMessage(stream, query));
    return message === null ? undefined : rawStored(message);
  }
}
