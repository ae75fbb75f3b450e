import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StatusTurn } from './status-turn.ts';

const at = (seq: number) => ({ epoch: 1, seq });
const awaited = () => true;
const acknowledged = () => false;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function turn() {
  const woken = vi.fn();
  return { woken, turn: new StatusTurn({ patience: { fewMs: 10, manyMs: 1_000 }, wake: woken }) };
}

describe('the turn of the statuses', () => {
  it('comes at once where nothing holds them', () => {
    expect(turn().turn.waits(awaited)).toBe(false);
  });

  it('comes once the revision is acknowledged', () => {
    const { turn: statuses, woken } = turn();
    statuses.hold(at(1), { isMany: false });
    expect(statuses.waits(awaited)).toBe(true);
    expect(statuses.waits(acknowledged)).toBe(false);
    vi.advanceTimersByTime(2_000);
    expect(woken).not.toHaveBeenCalled();
  });

  it('comes when the patience ends, though revisions go on coming', () => {
    const { turn: statuses, woken } = turn();
    for (let seq = 1; seq <= 5; seq += 1) {
      statuses.hold(at(seq), { isMany: false });
      vi.advanceTimersByTime(2);
    }
    expect(woken).toHaveBeenCalledOnce();
    statuses.hold(at(6), { isMany: false });
    expect(statuses.overdue).toBe(true);
    expect(statuses.waits(awaited)).toBe(false);
    statuses.take();
    expect(statuses.overdue).toBe(false);
    statuses.hold(at(7), { isMany: false });
    expect(statuses.waits(awaited)).toBe(true);
  });

  it('waits longer for a revision of many changes, and for that one whatever follows', () => {
    const { turn: statuses, woken } = turn();
    statuses.hold(at(1), { isMany: false });
    statuses.hold(at(2), { isMany: true });
    statuses.hold(at(3), { isMany: false });
    vi.advanceTimersByTime(999);
    expect(woken).not.toHaveBeenCalled();
    expect(statuses.waits(({ seq }) => seq > 1)).toBe(true);
    expect(statuses.waits(({ seq }) => seq > 2)).toBe(false);
  });

  it('tells the newest cause', () => {
    const { turn: statuses } = turn();
    statuses.add({ timeMs: 5, traceparent: 'a' });
    statuses.add({ timeMs: 3, traceparent: undefined });
    expect(statuses.take()).toEqual({ timeMs: 5, traceparent: 'a' });
    expect(statuses.take()).toEqual({ timeMs: 0, traceparent: undefined });
  });
});
