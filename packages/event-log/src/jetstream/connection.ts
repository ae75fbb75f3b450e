import { JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';
import { type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import { Unavailable } from '../backend.ts';
import type { LogLogger } from '../log/context.ts';
import { LogError } from '../port.ts';
import { Requests } from './requests.ts';

/** Codes of the JetStream API that we tell apart. */
export const apiCodes = {
  streamNotFound: 10059,
  wrongLastMessageId: 10070,
  wrongLastSequence: 10071,
  wrongLastSequenceConstant: 10164,
  batchIncomplete: 10176,
} as const;

/** Refusals that are remembered. */
const maxDenied = 1_000;

/** Whether the log can be reached at present. */
export interface ConnectionState {
  readonly connected: boolean;
  /** Why it cannot, in words; else empty. */
  readonly reason: string;
}

interface ConnectionOptions {
  readonly jsm: JetStreamManager;
  readonly inboxPrefix: string;
  readonly logger: LogLogger | undefined;
  readonly onConnection?: ((state: ConnectionState) => void) | undefined;
  readonly onTraffic?: (() => void) | undefined;
}

/** A NATS connection whose loss ends all that waits on it, at once instead of at a timeout; while it is lost nothing is sent. */
export class Connection {
  readonly nats: NatsConnection;
  readonly jsm: JetStreamManager;
  /** What this user's inboxes begin with. */
  readonly inboxPrefix: string;
  readonly requests: Requests;
  readonly #options: ConnectionOptions;
  /** Aborts when the connection of the moment is lost. */
  #session = new AbortController();
  #connected = true;
  #closing = false;
  /** Refusals of what was published without waiting for an answer, by subject. */
  readonly #denied = new Map<string, PermissionViolationError>();

  constructor(nats: NatsConnection, options: ConnectionOptions) {
    this.#options = options;
    this.nats = nats;
    this.jsm = options.jsm;
    this.inboxPrefix = options.inboxPrefix;
    this.requests = new Requests(nats, options);
    void this.#watch();
  }

  /** Tells that events are written or read. */
  traffic(): void {
    this.#options.onTraffic?.();
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Aborts when the connection is lost. Take it anew for each use. */
  get session(): AbortSignal {
    return this.#session.signal;
  }

  /** Closes it; what waits ends as at a loss. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#lost();
    await this.nats.close();
  }

  /** The server's refusal to let this user publish to one of `subjects`, if it ever said so. */
  refusalOf(subjects: Iterable<string>): LogError | undefined {
    for (const subject of subjects) {
      const cause = this.#denied.get(subject);
      if (cause !== undefined) return notPermitted(cause);
    }
    return undefined;
  }

  /**
   * Sends something and waits for its answer.
   * @throws Unavailable where the answer did not come, or says that the server cannot do it now; LogError `connection` where it is not permitted
   */
  async ask<T>(send: () => Promise<T>): Promise<T> {
    if (!this.#connected) throw new Unavailable('not connected');
    const session = this.session;
    let stop = (): void => {};
    const lost = new Promise<never>((_, reject) => {
      stop = () => reject(new Unavailable('the connection was lost'));
      session.addEventListener('abort', stop);
    });
    try {
      return await Promise.race([send(), lost]);
    } catch (error) {
      throw asLogError(error);
    } finally {
      session.removeEventListener('abort', stop);
    }
  }

  async #watch(): Promise<void> {
    const { logger, onConnection } = this.#options;
    for await (const status of this.nats.status()) {
      if (status.type === 'disconnect' || status.type === 'staleConnection' || status.type === 'close')
        this.#lost();
      else if (status.type === 'reconnect') {
        this.#connected = true;
        // The rights may be others now.
        this.#denied.clear();
        logger?.info({}, 'nats connection is back');
        onConnection?.({ connected: true, reason: '' });
      } else if (status.type === 'error') {
        if (status.error instanceof PermissionViolationError) this.#deny(status.error);
        logger?.warn({ error: status.error.name }, 'nats reported an error');
      }
    }
    this.#lost();
  }

  #deny(error: PermissionViolationError): void {
    if (this.#denied.size >= maxDenied) this.#denied.clear();
    if (error.operation === 'publish') this.#denied.set(error.subject, error);
    this.requests.denied(error);
  }

  #lost(): void {
    if (this.#connected && !this.#closing) {
      this.#options.logger?.warn({}, 'nats connection was lost, trying to reconnect');
      this.#options.onConnection?.({ connected: false, reason: 'the connection to NATS was lost' });
    }
    this.#connected = false;
    this.requests.fail(new Unavailable('the connection was lost'));
    this.#session.abort();
    this.#session = new AbortController();
  }
}

function asLogError(error: unknown): Error {
  if (error instanceof Unavailable || error instanceof LogError) return error;
  if (error instanceof PermissionViolationError) return notPermitted(error);
  if (error instanceof Error && error.cause instanceof PermissionViolationError)
    return notPermitted(error.cause);
  if (!(error instanceof JetStreamApiError))
    return new Unavailable('the server did not answer', { cause: error });
  const { code, description } = error.apiError();
  if (code >= 500 || error.code === apiCodes.streamNotFound)
    return new Unavailable(description, { cause: error });
  return new LogError('connection', `the server refused: ${description}`, {
    hint: 'See the log of the NATS server.',
    cause: error,
  });
}

/** The error for what the user of this connection may not do. */
export function notPermitted(cause: PermissionViolationError): LogError {
  return new LogError('connection', `not permitted: ${cause.operation} ${cause.subject}`, {
    hint: "Add it to the user's permissions in the NATS configuration.",
    cause,
  });
}
