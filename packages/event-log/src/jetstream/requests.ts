import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { Unavailable } from '../backend.ts';

/** Status of an answer that says that nobody listens on the subject (NATS client protocol, no responders). */
const noResponders = 503;

interface OpenRequest {
  readonly subject: string;
  readonly answered: (message: Msg) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Requests and their answers, over one subscription. Those of the client library make an error, with its stack trace, for each answer
 * that comes: a good part of what an append costs.
 */
export class Requests {
  readonly #nats: Pick<NatsConnection, 'publish' | 'subscribe'>;
  readonly #inbox: string;
  readonly #open = new Map<string, OpenRequest>();
  #subscribed = false;
  #last = 0;

  /** @param of `inboxPrefix` this user may listen to what begins with it */
  constructor(nats: Pick<NatsConnection, 'publish' | 'subscribe'>, of: { readonly inboxPrefix: string }) {
    this.#nats = nats;
    this.#inbox = createInbox(of.inboxPrefix);
  }

  /** Sends a message and gives its answer. @throws Unavailable where nobody answers, or not within `timeoutMs` */
  send(
    subject: string,
    data: Uint8Array,
    options: { readonly headers: MsgHdrs; readonly timeoutMs: number },
  ): Promise<Msg> {
    this.#listen();
    this.#last += 1;
    const reply = `${this.#inbox}.${this.#last}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#open.get(reply)?.failed(new Unavailable('the server did not answer in time')),
        options.timeoutMs,
      );
      const end = (): void => {
        clearTimeout(timer);
        this.#open.delete(reply);
      };
      this.#open.set(reply, {
        subject,
        answered: (message) => {
          end();
          resolve(message);
        },
        failed: (error) => {
          end();
          reject(error);
        },
      });
      this.#nats.publish(subject, data, { reply, headers: options.headers });
    });
  }

  /** Ends the requests on a subject that this user may not publish to; or all, where it may not listen to answers. */
  denied(error: Error & { readonly operation: string; readonly subject: string }): void {
    const { operation, subject } = error;
    const isInbox = operation !== 'publish' && subject === `${this.#inbox}.*`;
    if (isInbox) this.#subscribed = false;
    for (const open of [...this.#open.values()])
      if (isInbox || (operation === 'publish' && open.subject === subject)) open.failed(error);
  }

  /** Ends all requests. */
  fail(error: unknown): void {
    for (const open of [...this.#open.values()]) open.failed(error);
  }

  #listen(): void {
    if (this.#subscribed) return;
    this.#nats.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error !== null) return;
        const open = this.#open.get(message.subject);
        if (message.data.length === 0 && message.headers?.code === noResponders)
          open?.failed(new Unavailable(`nobody answers on ${open.subject}`));
        else open?.answered(message);
      },
    });
    this.#subscribed = true;
  }
}
