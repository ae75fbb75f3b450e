// A server may fail to read a message that it has, tell readers that there is none, and read it a moment later.
import { describe, expect, it } from 'vitest';
import { Collector, events, facts, openWith } from '../../contract/harness.ts';
import type { RawReader } from '../backend.ts';
import { MemoryBackend } from '../memory/memory-log.ts';
import { MemoryServer } from '../memory/memory-server.ts';
import { StreamEventLog } from './stream-event-log.ts';

type Fault = 'ends early' | 'leaves one out' | 'never brings the fifth';

/** Readers of it come upon the fault the first `times` times. */
class ForgetfulBackend extends MemoryBackend {
  times = 0;
  fault: Fault = 'ends early';

  override async open(...args: Parameters<MemoryBackend['open']>): Promise<RawReader> {
    const reader = await super.open(...args);
    if (this.times <= 0) return reader;
    this.times -= 1;
    let first = true;
    return {
      empty: reader.empty,
      close: () => reader.close(),
      next: async () => {
        const batch = await reader.next(first ? 3 : 1_000);
        const { messages } = batch;
        if (this.fault === 'never brings the fifth')
          return { ...batch, messages: messages.filter(({ seq }) => seq !== 5) };
        if (!first) return batch;
        first = false;
        if (this.fault === 'ends early') return { messages: messages.slice(0, 1), drained: true };
        return { ...batch, messages: messages.filter((_, i) => i !== 1) };
      },
    };
  }
}

async function logOf(n: number) {
  const backend = new ForgetfulBackend(new MemoryServer(), 1_000_000);
  const log = new StreamEventLog(backend, { retryMs: { min: 1, max: 20 } });
  await (await openWith(log, facts, 'w')).append(events(n));
  return { backend, log, lastSeq: n + 1 };
}

describe.each<Fault>(['ends early', 'leaves one out', 'never brings the fifth'])(
  'a reader that %s',
  (fault) => {
    it('is no damage for a follower: what is stored is read again', async () => {
      const { backend, log, lastSeq } = await logOf(9);
      Object.assign(backend, { times: 3, fault });
      const follower = await new Collector(log, 'FACTS').caughtUpTo(lastSeq);
      await follower.stop();
      expect(follower.items.map((item) => item.kind)).not.toContain('damage');
      expect(follower.texts).toHaveLength(9);
    });
  },
);

it('a reader that passes over what is stored for ever is damage, so that nobody waits for ever', async () => {
  const { backend, log } = await logOf(9);
  Object.assign(backend, { times: Number.POSITIVE_INFINITY, fault: 'never brings the fifth' });
  const follower = await new Collector(log, 'FACTS').until(({ items }) => items.length > 0);
  await follower.stop();
  expect(follower.items[0]).toMatchObject({ kind: 'damage', damage: { kind: 'gap', from: 5, to: 5 } });
  await expect(log.stateAt('FACTS')).rejects.toMatchObject({ code: 'damaged' });
});

it('a state is folded whole from readers that end early', async () => {
  const { backend, log } = await logOf(9);
  Object.assign(backend, { times: 3 });
  expect((await log.stateAt('FACTS')).events.size).toBe(9);
});

it('a range is read whole from readers that end early', async () => {
  const { backend, log } = await logOf(9);
  Object.assign(backend, { times: 3 });
  let count = 0;
  for await (const _ of log.read('FACTS')) count += 1;
  expect(count).toBeGreaterThanOrEqual(9);
});
