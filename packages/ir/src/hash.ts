import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from './canonical.ts';
import type { IrResource } from './resource.ts';

/** SHA-256 over the canonical JSON of a value, 64 hex digits. */
export function canonicalHash(value: unknown): string {
  return hashOfText(canonicalJson(value));
}

let digestOf = (data: string | Uint8Array): string =>
  hexOf(sha256(typeof data === 'string' ? utf8ToBytes(data) : data));

/**
 * Has texts and bytes hashed by the SHA-256 of the platform, several times as fast as one in JavaScript: `digest` takes bytes, or
 * well-formed text as UTF-8, and gives 64 hex digits.
 */
export function hashWith(digest: (data: string | Uint8Array) => string): void {
  digestOf = digest;
}

/** SHA-256 over a text, 64 hex digits: of the canonical JSON of a value its `canonicalHash`. */
export function hashOfText(text: string): string {
  return digestOf(text);
}

/** SHA-256 over bytes, 64 hex digits. */
export function hashOfBytes(bytes: Uint8Array): string {
  return digestOf(bytes);
}

const digits = new TextEncoder().encode('0123456789abcdef');

/**
 * Bytes as hex digits, as one flat text: one that is added up digit by digit keeps every step of it in memory, twenty
 * times what the text takes.
 */
export function hexOf(bytes: Uint8Array): string {
  const codes: number[] = [];
  for (const byte of bytes) codes.push(digits[byte >> 4] ?? 0, digits[byte & 15] ?? 0);
  return String.fromCharCode(...codes);
}

const modulus = 1n << 256n;

/**
 * Hash of a set of resources whose cost follows the change: the sum, modulo 2^256, of the SHA-256 of each member.
 * Order does not matter; add and remove are inverse. The empty set is 64 zeros. It detects faults and drift; it is
 * not meant to withstand an attacker who chooses members.
 */
export class SetHash {
  #sum: bigint;

  /** @param hex state as `toString` gave it; default: the empty set. */
  constructor(hex?: string) {
    this.#sum = hex === undefined ? 0n : BigInt(`0x${hex}`);
  }

  /** Adds a member by its hash (64 hex digits). */
  add(memberHash: string): void {
    this.#sum = (this.#sum + BigInt(`0x${memberHash}`)) % modulus;
  }

  /** Takes a member out by its hash; it must have been added before. */
  remove(memberHash: string): void {
    this.#sum = (this.#sum - BigInt(`0x${memberHash}`) + modulus) % modulus;
  }

  /** 64 hex digits. */
  toString(): string {
    return this.#sum.toString(16).padStart(64, '0');
  }
}

/** Hash of one resource, as `SetHash` takes it. */
export function irHash(resource: IrResource): string {
  return canonicalHash(resource);
}
