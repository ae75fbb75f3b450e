import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from './canonical.ts';

/** What the library says, or that it refuses. */
function byLibrary(value: unknown): string | undefined {
  try {
    return canonicalize(value);
  } catch {
    return undefined;
  }
}

function ours(value: unknown): string | undefined {
  try {
    return canonicalJson(value);
  } catch {
    return undefined;
  }
}

test('any value has the text that the library gives it, or none', () => {
  const values = fc.anything({
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSparseArray: true,
    withUnicodeString: true,
    withBigInt: true,
    maxDepth: 5,
  });
  fc.assert(
    fc.property(values, (value) => {
      expect(ours(value)).toBe(byLibrary(value));
    }),
    { numRuns: 2_000 },
  );
});

describe('what is not plain data', () => {
  const deep = Array.from({ length: 5_000 }).reduce<unknown>((inner) => ({ b: [inner], a: 1 }), 'core');
  const ring: Record<string, unknown> = {};
  ring.self = ring;

  test.each<[string, unknown]>([
    ['deep nesting', deep],
    ['a ring', ring],
    ['a lone surrogate', { a: '\ud800' }],
    ['a lone surrogate as a key', { '\udc00': 1 }],
    ['minus zero', [-0, 1e21, 1e-7, 0.1]],
    ['no number', { a: Number.NaN }],
    ['something with toJSON', { at: new Date(0), b: { toJSON: () => ({ z: 1, a: 2 }) } }],
    ['undefined and functions', { a: undefined, b: () => 1, c: [undefined, () => 1, Symbol('s')] }],
    ['keys like numbers', { 10: 'a', 9: 'b', '': 'c' }],
    ['a key __proto__', JSON.parse('{"__proto__":{"b":1,"a":2},"a":[]}')],
    ['many keys', Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${(i * 7) % 50}`, i]))],
  ])('%s: as the library does', (_, value) => expect(ours(value)).toBe(byLibrary(value)));
});

test('more names than are remembered, and names of any length, are written alike each time', () => {
  const names = Array.from({ length: 1_500 }, (_, i) => `name${i}`.padEnd(i % 80, 'x'));
  for (const _ of [1, 2])
    for (const name of names)
      expect(canonicalJson({ [name]: 1, a: { [name]: '"' } })).toBe(
        byLibrary({ [name]: 1, a: { [name]: '"' } }),
      );
});
