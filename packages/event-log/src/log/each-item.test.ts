import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createMemoryLog } from '../memory/memory-log.ts';
import type { FollowItem } from '../port.ts';
import { followReporting } from './damage-notice.ts';
import { eachItem } from './each-item.ts';

test('takes every item in order, and ends what it reads when taking fails', async () => {
  let ended = 0;
  async function* numbers() {
    try {
      yield* [1, 2, 3];
    } finally {
      ended += 1;
    }
  }
  const taken: number[] = [];
  await eachItem(numbers(), (item) => void taken.push(item));
  expect(taken).toEqual([1, 2, 3]);
  const failing = eachItem(numbers(), (item) => {
    if (item === 2) throw new Error('two');
  });
  await expect(failing).rejects.toThrow('two');
  expect(ended).toBe(2);
});

test('what was taken is not held while the next one is waited for', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const log = createMemoryLog();
  await log.ensureStream({ name: 'FACTS', subjects: ['x.>', 'log.v1.FACTS.>'], transactional: false });
  const stop = new AbortController();
  const held: WeakRef<FollowItem>[] = [];
  const reading = eachItem(followReporting(log, 'FACTS', { signal: stop.signal }), (item) => {
    held.push(new WeakRef(item));
  });
  const writer = await log.openWriter('FACTS', 'w');
  await writer.append([{ subject: 'x.a', type: 'X', tombstone: false, data: new Uint8Array(1) }]);
  for (
    let turn = 0;
    turn < 100 && !(held.length > 0 && held.every((item) => item.deref() === undefined));
    turn++
  ) {
    await nextTurn();
    collect();
  }
  expect(held.length).toBeGreaterThan(0);
  expect(held.filter((item) => item.deref() !== undefined)).toEqual([]);
  stop.abort();
  await reading;
});
