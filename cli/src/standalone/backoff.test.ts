import { expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

it('waits longer from failure to failure, up to 5 s', () => {
  const backoff = new Backoff();
  expect(Array.from({ length: 10 }, () => backoff.next(0))).toEqual([
    0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000,
  ]);
});

it('begins anew after a run that was healthy for a while, not after a short one', () => {
  const backoff = new Backoff();
  for (let i = 0; i < 5; i++) backoff.next(0);
  expect(backoff.next(4_999)).toBe(1_600);
  expect(backoff.next(5_000)).toBe(0);
  expect(backoff.next(0)).toBe(100);
});
