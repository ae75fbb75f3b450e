import { canonicalJson } from '@sluice/ir';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sameJson } from './same-json.ts';

const values = fc.jsonValue({ maxDepth: 3 });

test('values are the same where their canonical forms are', () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      expect(sameJson(a, b)).toBe(canonicalJson(a) === canonicalJson(b));
    }),
  );
});

test('a value is the same with its fields in another order and with undefined ones, and not with one more', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), values), (object) => {
      const turned = Object.fromEntries(Object.entries(structuredClone(object)).reverse());
      expect(sameJson(object, { ...turned, absent: undefined })).toBe(true);
      expect(sameJson({ ...turned, absent: undefined }, object)).toBe(true);
      expect(sameJson(object, { ...turned, 'one more': null })).toBe(false);
      expect(sameJson({ ...turned, 'one more': null }, object)).toBe(false);
    }),
  );
});
