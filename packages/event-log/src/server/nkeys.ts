// nkeys (NATS ADR-14): Ed25519 keys of NATS users as text. Node's own cryptography does the work: that in JavaScript costs each process
// 40 ms of its start.
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { createUser } from '@nats-io/nkeys';
import { crc16, fromBase32, toBase32 } from './nkey-text.ts';

/** A user's key pair: the seed is secret. */
export interface NkeySeed {
  readonly seed: string;
  readonly publicKey: string;
}

/** What a client answers to a server's challenge. */
export interface NkeyAnswer {
  /** Public key. */
  readonly nkey: string;
  /** Signature of the challenge in base64; empty where there was none. */
  readonly sig: string;
}

/** Makes a new key pair for each name. */
export function generateNkeySeeds<N extends string>(names: readonly N[]): Record<N, NkeySeed> {
  const decoder = new TextDecoder();
  const entries = names.map((name) => {
    const seed = decoder.decode(createUser().getSeed());
    return [name, { seed, publicKey: keyOf(seed).publicKey }] as const;
  });
  return Object.fromEntries(entries) as Record<N, NkeySeed>;
}

/**
 * Answers the challenges of servers for the holder of a seed. The key is made of it at the first challenge.
 * @returns a function that throws a TypeError where the text is no seed
 */
export function nkeySigner(seed: string): (challenge?: string) => NkeyAnswer {
  let key: Key | undefined;
  return (challenge = '') => {
    key ??= keyOf(seed);
    const sig = challenge === '' ? '' : sign(null, Buffer.from(challenge), key.privateKey).toString('base64');
    return { nkey: key.publicKey, sig };
  };
}

interface Key {
  readonly privateKey: KeyObject;
  readonly publicKey: string;
}

/** First five bits of a seed. */
const seedPrefix = 18 << 3;
/** Before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410, section 7). */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');
const keyBytes = 32;
/** Of 36 bytes in base32. */
const seedLetters = 58;

/** A seed is two bytes of prefixes, that of seeds and that of its role, then the key and two bytes of checksum. */
function keyOf(seed: string): Key {
  const bytes = seed.length === seedLetters ? fromBase32(seed) : undefined;
  const isSeed =
    bytes !== undefined &&
    (bytes.readUInt8() & 0xf8) === seedPrefix &&
    bytes.readUInt16LE(2 + keyBytes) === crc16(bytes.subarray(0, -2));
  if (!isSeed) throw new TypeError(`this is no seed of an nkey, ${seedLetters} letters that begin with S`);
  const role = (bytes.readUInt16BE(0) >> 3) & 0xff;
  const der = Buffer.concat([pkcs8Head, bytes.subarray(2, -2)]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  // Its last 32 bytes are the key itself (RFC 8410, section 4).
  const raw = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-keyBytes);
  return { privateKey, publicKey: withChecksum(Buffer.concat([Buffer.of(role), raw])) };
}

function withChecksum(bytes: Buffer): string {
  const checksum = Buffer.alloc(2);
  checksum.writeUInt16LE(crc16(bytes));
  return toBase32(Buffer.concat([bytes, checksum]));
}
