import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultMaglevSize, type MaglevBackend, maglevSizes, maglevTable } from './maglev.ts';

function backends(count: number): MaglevBackend[] {
  return Array.from({ length: count }, (_, i) => ({ name: `10.0.${i >> 8}.${i & 255}:8080` }));
}

function counts(table: Uint32Array, among: number): number[] {
  const found = Array<number>(among).fill(0);
  for (const slot of table) found[slot] = (found[slot] ?? 0) + 1;
  return found;
}

/** Slots of others that change their owner when `gone` leaves, of all slots of others. */
function disruption(all: readonly MaglevBackend[], gone: number, size: (typeof maglevSizes)[number]): number {
  const before = maglevTable(all, size);
  const rest = all.filter((_, i) => i !== gone);
  const after = maglevTable(rest, size);
  let [others, moved] = [0, 0];
  before.forEach((owner, slot) => {
    if (owner === gone) return;
    others += 1;
    if (all[owner] !== rest[after[slot] ?? -1]) moved += 1;
  });
  return moved / others;
}

describe('a Maglev table', () => {
  test.each(maglevSizes)('of %i slots has each slot taken, and a prime size', (size) => {
    expect(isPrime(size)).toBe(true);
    for (const count of [1, 2, 3, 100]) {
      const shares = counts(maglevTable(backends(count), size), count);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(size);
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
    }
  });

  test('is the same whatever the order of the backends', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(backends(12), { minLength: 1 }), (some) => {
        const named = (list: readonly MaglevBackend[]): string[] =>
          [...maglevTable(list, 251)].map((i) => list[i]?.name ?? '');
        expect(named(some)).toEqual(named([...some].sort((a, b) => (a.name < b.name ? -1 : 1))));
      }),
    );
  });

  test('gives each backend slots by its weight', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }), (weights) => {
        const all = weights.map((weight, i) => ({ name: `b${i}`, weight }));
        const shares = counts(maglevTable(all, 8191), all.length);
        const sum = weights.reduce((total, weight) => total + weight, 0);
        weights.forEach((weight, i) => {
          const due = (8191 * weight) / sum;
          expect(Math.abs((shares[i] ?? 0) - due)).toBeLessThanOrEqual(Math.max(...weights) + 1);
        });
      }),
      { numRuns: 50 },
    );
  });

  test.each([3, 10, 100, 130])('of %i backends moves at most one in a hundred when one goes', (count) => {
    fc.assert(
      fc.property(fc.nat(count - 1), (gone) => {
        expect(disruption(backends(count), gone, defaultMaglevSize)).toBeLessThanOrEqual(0.01);
      }),
      { numRuns: 5 },
    );
  });

  test('is for as many backends as it has slots, and for whole weights', () => {
    expect(() => maglevTable([], 251)).toThrow(RangeError);
    expect(() => maglevTable(backends(252), 251)).toThrow('1 to 251 backends, not 252');
    expect(() => maglevTable([{ name: 'a', weight: 0 }], 251)).toThrow(RangeError);
    expect(() => maglevTable([{ name: 'a', weight: 1.5 }], 251)).toThrow(RangeError);
  });
});

function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return n > 1;
}
