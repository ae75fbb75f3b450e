import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LateWriter } from './late-writer.ts';
import type { IrStep, NodeAck } from './xds-store.ts';

const step = (seq: number, reset = false): IrStep => ({
  reset,
  changes: [],
  position: { incarnation: 'i', seq, hash: '' },
  revision: { epoch: 1, seq },
});
const ack = (seq: number): NodeAck => ({ node: 'n', incarnation: 'i', revision: { epoch: 1, seq } });

describe('the state of an xds-server', () => {
  const written: { steps: number[]; acks: number[] }[] = [];
  const failures: unknown[] = [];
  let fault: Error | undefined;
  let writer: LateWriter;

  beforeEach(() => {
    vi.useFakeTimers();
    written.length = 0;
    failures.length = 0;
    fault = undefined;
    writer = new LateWriter(
      {
        saveAll: ({ steps, acks }) => {
          if (fault !== undefined) throw fault;
          const seqs = (list: readonly { revision: { seq: number } }[]) => list.map((of) => of.revision.seq);
          written.push({ steps: seqs(steps), acks: seqs(acks) });
        },
      },
      (error) => failures.push(error),
    );
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('is written in one transaction with the acknowledgement that follows', () => {
    writer.put(step(1));
    writer.put(step(2));
    expect(written).toEqual([]);
    writer.saveAck(ack(2));
    expect(written).toEqual([{ steps: [1, 2], acks: [2] }]);
    vi.runAllTimers();
    expect(written).toHaveLength(1);
  });

  it('is written a moment later where no Envoy answers, whatever comes meanwhile', () => {
    writer.put(step(1));
    vi.advanceTimersByTime(8);
    writer.put(step(2));
    vi.advanceTimersByTime(2);
    expect(written).toEqual([{ steps: [1, 2], acks: [] }]);
  });

  it('with very many changes waits longer for an acknowledgement', () => {
    const change = { kind: 'http-route', key: 'r', revision: { epoch: 1, seq: 1 } } as const;
    writer.put({ ...step(1), changes: Array.from({ length: 1_001 }, () => change) });
    vi.advanceTimersByTime(2_999);
    expect(written).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(written).toEqual([{ steps: [1], acks: [] }]);
  });

  it('is not written where a reset comes first', () => {
    writer.put(step(1));
    writer.put(step(2, true));
    vi.runAllTimers();
    expect(written).toEqual([{ steps: [2], acks: [] }]);
  });

  it('is written at the end, and not after it', () => {
    writer.put(step(1));
    writer.close();
    writer.put(step(2));
    writer.saveAck(ack(2));
    vi.runAllTimers();
    expect(written).toEqual([{ steps: [1], acks: [] }]);
  });

  it('that cannot be written is told', () => {
    fault = new Error('disk full');
    writer.put(step(1));
    vi.runAllTimers();
    expect(failures).toEqual([fault]);
  });
});
