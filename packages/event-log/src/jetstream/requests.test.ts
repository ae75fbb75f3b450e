import { headers, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { Unavailable } from '../backend.ts';
import { Requests } from './requests.ts';

/** A connection that holds what is published, and answers when told to. */
function begin() {
  const sent: { subject: string; reply: string }[] = [];
  const subscribed: string[] = [];
  let callback: (error: Error | null, message: Msg) => void = () => {};
  const nats = {
    publish: (subject: string, _data: Uint8Array, options: { reply: string }) =>
      sent.push({ subject, reply: options.reply }),
    subscribe: (subject: string, options: { callback: typeof callback }) => {
      subscribed.push(subject);
      callback = options.callback;
    },
  } as unknown as NatsConnection;
  const answer = (index: number, of: { text?: string; headers?: MsgHdrs } = {}): void => {
    const data = new TextEncoder().encode(of.text ?? '');
    callback(null, { subject: sent[index]?.reply ?? '', data, headers: of.headers } as Msg);
  };
  const requests = new Requests(nats, { inboxPrefix: '_INBOX_unit' });
  const send = (subject: string, timeoutMs = 60_000) =>
    requests.send(subject, new Uint8Array(), { headers: headers(), timeoutMs });
  return { requests, send, answer, sent, subscribed };
}

function denialOf(operation: string, subject: string) {
  return Object.assign(new Error('not permitted'), { operation, subject });
}

describe('requests', () => {
  it('each get their own answer, over one subscription', async () => {
    const { send, answer, subscribed } = begin();
    const both = Promise.all([send('a'), send('b')]);
    answer(1, { text: 'second' });
    answer(0, { text: 'first' });
    expect((await both).map(({ data }) => new TextDecoder().decode(data))).toEqual(['first', 'second']);
    expect(subscribed).toEqual([expect.stringMatching(/^_INBOX_unit\..+\.\*$/)]);
  });

  it('end where nobody listens, and where no answer comes in time', async () => {
    const { send, answer } = begin();
    const nobody = send('a');
    answer(0, { headers: headers(503, 'No Responders') });
    await expect(nobody).rejects.toBeInstanceOf(Unavailable);
    await expect(send('a', 1)).rejects.toBeInstanceOf(Unavailable);
  });

  it('end with what the server refused, and no others with them', async () => {
    const { requests, send, answer } = begin();
    const [refused, other] = [send('a'), send('b')];
    const denial = denialOf('publish', 'a');
    requests.denied(denial);
    answer(1, { text: 'ok' });
    await expect(refused).rejects.toBe(denial);
    expect((await other).data.length).toBe(2);
  });

  it('end all where answers may not be listened to, and listen anew afterwards', async () => {
    const { requests, send, subscribed } = begin();
    const refused = send('a');
    const denial = denialOf('subscription', subscribed[0] ?? '');
    requests.denied(denial);
    await expect(refused).rejects.toBe(denial);
    void send('a').catch(() => {});
    expect(subscribed).toHaveLength(2);
    requests.fail(denial);
  });

  it('pass over an answer that comes too late', async () => {
    const { send, answer } = begin();
    await expect(send('a', 1)).rejects.toBeInstanceOf(Unavailable);
    answer(0, { text: 'late' });
  });
});
