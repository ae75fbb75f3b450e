import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Slab } from './slab.ts';

test('copies are what they were made of, whatever is copied after them', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20_000 }), { maxLength: 30 }), (pieces) => {
      const slab = new Slab();
      const copies = pieces.map((piece) => slab.copy(piece));
      expect(copies.map((copy) => [...copy])).toEqual(pieces.map((piece) => [...piece]));
    }),
  );
});

test('a copy does not follow its origin', () => {
  const origin = Uint8Array.of(1, 2, 3);
  const copy = new Slab().copy(origin);
  origin.fill(9);
  expect([...copy]).toEqual([1, 2, 3]);
});
