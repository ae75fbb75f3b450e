import type { Msg } from '@nats-io/transport-node';
import { expect, it, vi } from 'vitest';
import type { Connection } from './connection.ts';
import { PullReader } from './pull-reader.ts';

/** A connection to a server that says what the test has it say, to a consumer with `pending` messages. */
async function openReader(
  pending: number,
  { paceMs, looked = () => {} }: { paceMs?: () => number; looked?: () => void } = {},
) {
  let asked = '';
  let receive: (error: Error | null, message: Msg) => void = () => {};
  const consumer = { stream_name: 'S', name: 'c', num_pending: pending };
  const connection = {
    session: new AbortController().signal,
    inboxPrefix: '_INBOX',
    connected: false,
    ask: (question: () => Promise<unknown>) => question(),
    traffic: () => {},
    jsm: { consumers: { add: async () => consumer }, getOptions: () => ({ apiPrefix: '$JS.API' }) },
    nats: {
      info: { max_payload: 1_000_000 },
      publish: (_subject: string, _request: string, { reply }: { reply: string }) => {
        asked = reply;
        looked();
      },
      subscribe: (_: string, { callback }: { callback: typeof receive }) => {
        receive = callback;
        return { unsubscribe: () => {} };
      },
    },
  };
  const reader = await PullReader.open(connection as unknown as Connection, 'S', { seq: 1, paceMs });
  const say = (message: object) => receive(null, message as Msg);
  return {
    reader,
    deliver: (seq: number, left: number) =>
      say({ subject: 's', reply: `$JS.ACK.S.c.1.${seq}.${seq}.1000000000.${left}`, data: new Uint8Array() }),
    ended: () => say({ subject: asked, headers: { code: 404, description: 'No Messages' } }),
    heartbeat: () => say({ subject: '_INBOX.1', headers: { code: 100, description: 'Idle Heartbeat' } }),
  };
}

it('a heartbeat while messages wait at the server is not their end', async () => {
  const { reader, deliver, heartbeat } = await openReader(3);
  deliver(1, 2);
  expect(await reader.next(10)).toMatchObject({ messages: [{ seq: 1 }], drained: false });
  const next = reader.next(10);
  heartbeat();
  deliver(2, 1);
  expect(await next).toMatchObject({ messages: [{ seq: 2 }], drained: false });
  deliver(3, 0);
  expect(await reader.next(10)).toMatchObject({ messages: [{ seq: 3 }], drained: true });
  heartbeat();
  expect(await reader.next(10)).toEqual({ messages: [], drained: true });
  reader.close();
});

it('nor is one before the first of them', async () => {
  const { reader, deliver, heartbeat } = await openReader(1);
  heartbeat();
  const next = reader.next(10);
  deliver(1, 0);
  expect(await next).toMatchObject({ messages: [{ seq: 1 }], drained: true });
  reader.close();
});

it('readers of one pace look at the same moments, whenever they came to the end', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  try {
    const looks: number[] = [];
    for (const apartMs of [0, 130, 200]) {
      vi.advanceTimersByTime(apartMs);
      const { ended } = await openReader(0, {
        paceMs: () => 400,
        looked: () => looks.push(performance.now()),
      });
      ended();
    }
    looks.length = 0;
    vi.advanceTimersByTime(700);
    expect(looks).toHaveLength(3);
    expect(looks.map((atMs) => Math.floor(atMs % 400))).toEqual([0, 0, 0]);
  } finally {
    vi.useRealTimers();
  }
});
