import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { LateResource } from '../core/late-resource.ts';
import { resource } from '../testing/session-bench.ts';
import { LateMaker } from './late-maker.ts';

const made: string[] = [];
const late = (name: string) =>
  new LateResource('scope', name, {
    make: () => {
      made.push(name);
      return resource('scope', name);
    },
    uses: () => [],
  });
const changes = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ kind: 'scope', name: `${n}`, resource: late(`${n}`) }) as const);

test('late resources are made in order, some at a time, and none twice', async () => {
  made.length = 0;
  const maker = new LateMaker();
  const all = changes(100);
  all[5]?.resource.made();
  maker.add([...all, { kind: 'scope', name: 'gone' }]);
  expect(made).toEqual(['5']);
  await setImmediate();
  expect(made.length).toBeGreaterThan(1);
  expect(made.length).toBeLessThan(100);
  while (made.length < 100) await setImmediate();
  expect(made.slice(1)).toEqual(all.flatMap(({ name }) => (name === '5' ? [] : [name])));
  maker.add(changes(1));
  while (made.length < 101) await setImmediate();
});

test('nothing is made after the end', async () => {
  made.length = 0;
  const maker = new LateMaker();
  maker.add(changes(10));
  maker.stop();
  await setImmediate();
  expect(made).toEqual([]);
});
