import { until } from '@sluice/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Source, SourceUpdate } from '../core/source.ts';
import { BegunSource } from './begun-source.ts';

let abort: AbortController;
/** Updates that the source was asked for. */
let asked: number;

beforeEach(() => {
  abort = new AbortController();
  asked = 0;
});
afterEach(() => abort.abort());

/** Numbers its updates by `noticedMs`, and waits for the end after the last; or fails there. */
function numbered(count: number, error?: Error): Source {
  return {
    async *updates(signal) {
      for (asked = 1; asked <= count && !signal.aborted; asked++)
        yield { parts: new Map(), unavailable: new Map(), noticedMs: asked };
      if (error !== undefined) throw error;
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  };
}

async function take(updates: AsyncIterable<SourceUpdate>, count: number): Promise<number[]> {
  const taken: number[] = [];
  for await (const { noticedMs } of updates) if (taken.push(noticedMs) === count) break;
  return taken;
}

test('is read from the beginning on, and rests while too much waits for its reader', async () => {
  const source = new BegunSource(numbered(50));
  source.begin(abort.signal);
  await until(() => asked === 8);
  await new Promise(setImmediate);
  expect(asked).toBe(8);
  expect(await take(source.updates(abort.signal), 50)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
});

test('is read when it is asked for where nobody began before', async () => {
  expect(await take(new BegunSource(numbered(3)).updates(abort.signal), 3)).toEqual([1, 2, 3]);
});

test('tells what failed before it was asked, after what came before that', async () => {
  const source = new BegunSource(numbered(2, new Error('out of reach')));
  source.begin(abort.signal);
  await until(() => asked === 3);
  const taken: number[] = [];
  const reading = (async () => {
    for await (const { noticedMs } of source.updates(abort.signal)) taken.push(noticedMs);
  })();
  await expect(reading).rejects.toThrow('out of reach');
  expect(taken).toEqual([1, 2]);
});

test.each([
  ['waits for news', 1],
  ['is full', 50],
])('ends with the signal while it %s', async (_, count) => {
  const source = new BegunSource(numbered(count));
  source.begin(abort.signal);
  await until(() => asked === Math.min(count + 1, 8));
  const rest = take(source.updates(abort.signal), 1_000);
  abort.abort();
  expect((await rest).length).toBeLessThan(50);
});
