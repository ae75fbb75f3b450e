import { createAccount, createUser, fromPublic, fromSeed } from '@nats-io/nkeys';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { generateNkeySeeds, nkeySigner } from './nkeys.ts';

const text = new TextDecoder();
const bytes = new TextEncoder();

it('makes pairs that the library of NATS takes for the same', () => {
  const pairs = generateNkeySeeds(['a', 'b']);
  for (const { seed, publicKey } of [pairs.a, pairs.b]) {
    expect(seed).toMatch(/^SU[A-Z2-7]{56}$/);
    expect(publicKey).toMatch(/^U[A-Z2-7]{55}$/);
    expect(publicKey).toBe(fromSeed(bytes.encode(seed)).getPublicKey());
  }
  expect(pairs.a).not.toEqual(pairs.b);
});

it('signs as the library of NATS does, whatever the challenge and the role', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'binary' }), fc.boolean(), (challenge, isUser) => {
      const pair = isUser ? createUser() : createAccount();
      const { nkey, sig } = nkeySigner(text.decode(pair.getSeed()))(challenge);
      expect(nkey).toBe(pair.getPublicKey());
      expect(fromPublic(nkey).verify(bytes.encode(challenge), Buffer.from(sig, 'base64'))).toBe(true);
    }),
    { numRuns: 8 },
  );
});

it('gives its public key alone where there is no challenge', () => {
  const { seed, publicKey } = generateNkeySeeds(['a']).a;
  expect(nkeySigner(seed)()).toEqual({ nkey: publicKey, sig: '' });
});

it('refuses what is no seed, without saying what it was', () => {
  const { seed, publicKey } = generateNkeySeeds(['a']).a;
  const changed = `${seed.slice(0, 20)}${seed[20] === 'A' ? 'B' : 'A'}${seed.slice(21)}`;
  for (const wrong of ['', 'SU', publicKey, changed, `${seed}A`, seed.slice(1), seed.toLowerCase()])
    expect(() => nkeySigner(wrong)('challenge')).toThrow(/^this is no seed of an nkey/);
});
