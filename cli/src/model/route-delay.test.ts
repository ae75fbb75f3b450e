import type { AckEvent } from '@sluice/events';
import { expect, test } from 'vitest';
import { AckHistory, type RouteChange, type TimedAck } from './route-delay.ts';

type State = 'connected' | 'silent' | 'disconnected';

/** A word on a node at `timeMs`; `acked` is a sequence of epoch 1. */
function word(
  timeMs: number,
  node: string,
  acked: number | null,
  of: { state?: State; server?: string } = {},
): TimedAck {
  const { state = 'connected', server = 's-0' } = of;
  const ack: AckEvent = {
    type: 'EnvoyStateChanged',
    server,
    node,
    state,
    acked: acked === null ? null : { epoch: 1, seq: acked },
  };
  return { ack, timeMs };
}

/** Fact 10 at 1,000 ms, in revision 1-12 at 1,005 ms. */
const change: RouteChange = {
  factSeq: 10,
  factMs: 1_000,
  served: { revision: { epoch: 1, seq: 12 }, putMs: 1_005 },
  translated: true,
};
const revision = { epoch: 1, seq: 12 };

test.each<[string, TimedAck[], object]>([
  ['no Envoy', [], { state: 'pending', waitingFor: [] }],
  [
    'one that has it and one that does not',
    [word(1, 'a', 5), word(2, 'b', 5), word(1_020, 'a', 12)],
    { state: 'pending', waitingFor: ['b'] },
  ],
  [
    'the last of two',
    [word(1, 'a', 5), word(2, 'b', 5), word(1_020, 'b', 13), word(1_040, 'a', 12), word(1_090, 'b', 14)],
    { state: 'acknowledged', delayMs: 40, slowest: 'a' },
  ],
  [
    'one of which no earlier word is retained',
    [word(1_020, 'a', 13), word(1_030, 'a', 14)],
    { state: 'acknowledged', delayMs: null, slowest: null },
  ],
  [
    'one that had the fact already: another object changed the route',
    [word(1_001, 'a', 11), word(9_000, 'a', 12)],
    { state: 'acknowledged', delayMs: null, slowest: null },
  ],
  [
    'one that came later beside one that was there',
    [word(1, 'a', 5), word(1_020, 'a', 12), word(8_000, 'b', null), word(8_100, 'b', 12)],
    { state: 'acknowledged', delayMs: 20, slowest: 'a' },
  ],
  [
    'all came later',
    [word(8_000, 'b', null), word(8_100, 'b', 12)],
    { state: 'acknowledged', delayMs: 7_100, slowest: 'b' },
  ],
  [
    'a silent one',
    [word(1, 'a', 5), word(1_020, 'a', 5, { state: 'silent' })],
    { state: 'pending', waitingFor: ['a'] },
  ],
  [
    'one that is gone beside one that is there',
    [word(1, 'a', 5), word(2, 'b', 5), word(3, 'b', 5, { state: 'disconnected' }), word(1_020, 'a', 12)],
    { state: 'acknowledged', delayMs: 20, slowest: 'a' },
  ],
  [
    'one that went to another server',
    [
      word(1, 'a', 5),
      word(2, 'a', 5, { server: 's-1' }),
      word(3, 'a', 5, { state: 'disconnected' }),
      word(1_020, 'a', 12, { server: 's-1' }),
    ],
    { state: 'acknowledged', delayMs: 20, slowest: 'a' },
  ],
  [
    'one whose server started anew',
    [word(1, 'a', 5), { ack: { type: 'XdsServerStarted', server: 's-0' }, timeMs: 2 }],
    { state: 'pending', waitingFor: [] },
  ],
])('%s', (_what, acks, expected) => {
  const delivery = new AckHistory(acks).deliveryOf(change);
  expect(delivery).toEqual('delayMs' in expected ? { revision, ...expected } : expected);
});

test('a route that is not served, not translated, or whose newest fact changed nothing', () => {
  const history = new AckHistory([word(1, 'a', 5), word(1_020, 'a', 12)]);
  expect(history.deliveryOf({ ...change, served: undefined })).toEqual({ state: 'not-served' });
  expect(history.deliveryOf({ ...change, translated: false })).toEqual({ state: 'pending', waitingFor: [] });
  expect(history.deliveryOf({ ...change, factSeq: 20, factMs: 5_000 })).toEqual({
    state: 'acknowledged',
    revision,
    delayMs: null,
    slowest: null,
  });
});
