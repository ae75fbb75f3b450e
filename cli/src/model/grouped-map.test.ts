import { expect, test } from 'vitest';
import { GroupedMap } from './grouped-map.ts';

test('a value is in its group alone, and no longer once it has left', () => {
  const map = new GroupedMap<number, string>((value) => value.slice(0, 1));
  map.set(1, 'a1').set(2, 'b1').set(3, 'a2');
  expect([...map.group('a')]).toEqual([
    [1, 'a1'],
    [3, 'a2'],
  ]);
  map.set(1, 'b2');
  map.delete(3);
  expect([[...map.group('a')], [...map.group('b').values()], map.size]).toEqual([[], ['b1', 'b2'], 2]);
  map.clear();
  expect([map.size, map.group('b').size]).toEqual([0, 0]);
});
