import { createUser } from '@nats-io/nkeys';

/** A user's key pair: the seed is secret. */
export interface NkeySeed {
  readonly seed: string;
  readonly publicKey: string;
}

/** Makes a new key pair for each name. */
export function generateNkeySeeds<N extends string>(names: readonly N[]): Record<N, NkeySeed> {
  const decoder = new TextDecoder();
  const entries = names.map((name) => {
    const pair = createUser();
    return [name, { seed: decoder.decode(pair.getSeed()), publicKey: pair.getPublicKey() }] as const;
  });
  return Object.fromEntries(entries) as Record<N, NkeySeed>;
}
