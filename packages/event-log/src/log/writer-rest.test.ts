import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { events, facts, openWith } from '../../contract/harness.ts';
import { MemoryBackend } from '../memory/memory-log.ts';
import { MemoryServer } from '../memory/memory-server.ts';
import { StreamEventLog } from './stream-event-log.ts';

/** Longer than a resting writer waits, and less than the server remembers a block: ms. */
const aWhileMs = 8_000;

class Recorder extends MemoryBackend {
  readonly asked: number[] = [];

  override get(stream: string, seq: number) {
    this.asked.push(seq);
    return super.get(stream, seq);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('has the server keep what it wrote last in memory while it rests, and only then', async () => {
  const server = new MemoryServer();
  const backend = new Recorder(server, 1_000_000);
  const log = new StreamEventLog(backend);
  const writer = await openWith(log, facts, 'w');
  const { lastSeq } = await writer.append(events(1));
  backend.asked.length = 0;
  vi.advanceTimersByTime(aWhileMs);
  expect(new Set(backend.asked)).toEqual(new Set([lastSeq]));

  backend.asked.length = 0;
  for (let i = 0; i < 10; i++) {
    await writer.append(events(1));
    vi.advanceTimersByTime(1_000);
  }
  expect(backend.asked).toEqual([]);

  server.outage(true);
  vi.advanceTimersByTime(aWhileMs);
  server.outage(false);
  await writer.close();
  vi.advanceTimersByTime(aWhileMs);
  expect(backend.asked).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

it('ends with the log', async () => {
  const backend = new Recorder(new MemoryServer(), 1_000_000);
  const log = new StreamEventLog(backend);
  await openWith(log, facts, 'w');
  await log.close();
  backend.asked.length = 0;
  vi.advanceTimersByTime(aWhileMs);
  expect([backend.asked, vi.getTimerCount()]).toEqual([[], 0]);
});
