import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SmallMap } from './small-map.ts';

const key = fc.constantFrom('', 'a', 'b', 'c');
const step = fc.oneof(
  fc.record({ type: fc.constant('set' as const), key, value: fc.option(fc.nat(), { nil: undefined }) }),
  fc.record({ type: fc.constant('delete' as const), key }),
);

test('behaves as a Map does', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const small = new SmallMap<number | undefined>();
      const map = new Map<string, number | undefined>();
      for (const each of steps) {
        if (each.type === 'delete') expect(small.delete(each.key)).toBe(map.delete(each.key));
        else {
          small.set(each.key, each.value);
          map.set(each.key, each.value);
        }
        expect([...small.entries()]).toEqual([...map]);
        expect(small.values()).toEqual([...map.values()]);
        expect(small.size).toBe(map.size);
        for (const name of ['', 'a', 'b', 'c']) expect(small.get(name)).toBe(map.get(name));
      }
    }),
  );
});
