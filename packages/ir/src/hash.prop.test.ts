import { hash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from './canonical.ts';
import { canonicalHash, hashOfBytes, hashOfText, hashWith, hexOf, SetHash } from './hash.ts';

test('the order of keys does not change the hash', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const turned = Object.fromEntries(Object.entries(value).reverse());
      expect(canonicalHash(turned)).toBe(canonicalHash(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('bytes as hex digits', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(hexOf(bytes)).toBe(Buffer.from(bytes).toString('hex'));
    }),
  );
});

test('what has no JSON form is refused', () => {
  expect(() => canonicalJson(undefined)).toThrow(TypeError);
});

test('SetHash follows the members, not their order, and forgets what is removed', () => {
  const members = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(members, fc.array(fc.nat()), (texts, picks) => {
      const hashes = texts.map((text) => canonicalHash(text));
      const forward = new SetHash();
      for (const hash of hashes) forward.add(hash);
      const backward = new SetHash();
      for (const hash of [...hashes].reverse()) backward.add(hash);
      expect(backward.toString()).toBe(forward.toString());
      expect(forward.toString()).toMatch(/^[0-9a-f]{64}$/);

      const gone = new Set(picks.map((pick) => pick % hashes.length));
      const rest = new SetHash(forward.toString());
      for (const index of gone) rest.remove(hashes[index] ?? '');
      const fresh = new SetHash();
      hashes.forEach((hash, index) => {
        if (!gone.has(index)) fresh.add(hash);
      });
      expect(rest.toString()).toBe(fresh.toString());
    }),
  );
});

test('the SHA-256 of the platform gives the same hashes', () => {
  const values = fc.sample(fc.jsonValue(), 200);
  const bytes = fc.sample(fc.uint8Array(), 50);
  const all = () => [...values.map(canonicalHash), ...bytes.map(hashOfBytes)];
  const own = all();
  hashWith((data) => hash('sha256', data));
  expect(all()).toEqual(own);
  expect(hashOfBytes(new TextEncoder().encode('Straße'))).toBe(hashOfText('Straße'));
});
