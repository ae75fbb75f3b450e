import { describe, expect, test } from 'vitest';
import { equalByContent } from './equal.ts';

describe('equalByContent', () => {
  test.each([
    [1, 1],
    ['', ''],
    [null, null],
    [
      { a: 1, b: [1, { c: 2 }] },
      { b: [1, { c: 2 }], a: 1 },
    ],
    [{ a: undefined }, {}],
    [{}, { a: undefined }],
  ])('%j is %j', (a, b) => expect(equalByContent(a, b)).toBe(true));

  test.each([
    [1, '1'],
    [null, undefined],
    [[], {}],
    [
      [1, 2],
      [2, 1],
    ],
    [[1], [1, 2]],
    [{ a: 1 }, { a: 1, b: 1 }],
    [{ a: 1, b: 1 }, { a: 1 }],
    [{ a: null }, {}],
  ])('%j is not %j', (a, b) => expect(equalByContent(a, b)).toBe(false));
});
