import type { AckEvent, Revision } from '@sluice/events';
import { beforeEach, expect, test } from 'vitest';
import { ChangeTimes } from './change-times.ts';

let seen: number[] = [];
let times: ChangeTimes;
beforeEach(() => {
  seen = [];
  times = new ChangeTimes((seconds) => seen.push(seconds));
});

const at = (seq: number, epoch = 1): Revision => ({ epoch, seq });
const ack = (
  acked: Revision | null,
  node = 'a',
  state: 'connected' | 'disconnected' = 'connected',
): AckEvent => ({
  type: 'EnvoyStateChanged',
  server: 'x',
  node,
  state,
  acked,
});

test('each revision is measured once for each Envoy, from its fact to the acknowledgement', () => {
  times.acknowledged(ack(null), 0);
  times.acknowledged(ack(null, 'b'), 0);
  times.revised(at(5), 1_000);
  times.revised(at(7), 1_500);
  times.acknowledged(ack(at(5)), 2_000);
  expect(seen).toEqual([1]);
  times.acknowledged(ack(at(5)), 9_000);
  times.acknowledged(ack(at(7)), 2_000);
  expect(seen).toEqual([1, 0.5]);
  times.acknowledged(ack(at(7), 'b'), 3_000);
  expect(seen.slice(2).sort()).toEqual([1.5, 2]);
});

test('an Envoy that comes later has not been waiting for what is older than it', () => {
  times.revised(at(5), 1_000);
  times.acknowledged(ack(null), 60_000);
  times.acknowledged(ack(at(5)), 60_100);
  times.acknowledged(ack(null, 'a', 'disconnected'), 60_200);
  times.revised(at(6), 60_300);
  times.acknowledged(ack(at(5)), 60_400);
  times.acknowledged(ack(at(6)), 60_500);
  expect(seen).toEqual([]);
});

test('a new epoch is later, however small its sequence', () => {
  times.acknowledged(ack(at(9)), 0);
  times.revised(at(2, 2), 1_000);
  times.acknowledged(ack(at(2, 2)), 1_250);
  expect(seen).toEqual([0.25]);
});
