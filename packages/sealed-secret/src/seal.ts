import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { SealedSecretError } from './error.ts';
import type { SealingKey } from './sealing-key.ts';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** Sealed bytes, as SecretSealed events carry them. */
export interface Sealed {
  /** Which key opens it. */
  readonly keyId: string;
  /** Base64: 12 bytes, new for each sealing. */
  readonly nonce: string;
  /** Base64: ciphertext with the 16-byte tag at its end. */
  readonly ciphertext: string;
}

/** What sealed bytes are bound to: they open nowhere else. */
export interface SealBinding {
  readonly key: SealingKey;
  /** Subject of the event on the log. */
  readonly subject: string;
  /** UID of the Secret. */
  readonly uid: string;
}

/** Each part with its length before it, so that no two lists of parts give the same bytes. */
function framed(parts: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part);
      const length = Buffer.alloc(8);
      length.writeBigUInt64BE(BigInt(bytes.length));
      return [length, bytes];
    }),
  );
}

/** Seals bytes with AES-256-GCM; subject and uid are authenticated with them. */
export function seal({
  key,
  subject,
  uid,
  plaintext,
}: SealBinding & { readonly plaintext: Uint8Array }): Sealed {
  const nonce = randomBytes(nonceBytes);
  const ciphertext = key.lend((keys) => {
    const cipher = createCipheriv(algorithm, keys.seal, nonce, { authTagLength: tagBytes });
    cipher.setAAD(framed([subject, uid]));
    return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  });
  return { keyId: key.keyId, nonce: nonce.toString('base64'), ciphertext: ciphertext.toString('base64') };
}

/**
 * Opens what `seal` made for the same subject and uid.
 * @throws SealedSecretError `secret-cannot-be-opened`: other key, other subject or uid, or changed bytes
 */
export function open({ key, subject, uid, sealed }: SealBinding & { readonly sealed: Sealed }): Uint8Array {
  if (sealed.keyId !== key.keyId)
    throw cannotOpen(
      `it was sealed with key ${sealed.keyId}, this is key ${key.keyId}`,
      'give this service the sealing key of api-watcher',
    );
  const nonce = Buffer.from(sealed.nonce, 'base64');
  const bytes = Buffer.from(sealed.ciphertext, 'base64');
  if (nonce.length !== nonceBytes || bytes.length < tagBytes)
    throw cannotOpen('it is cut short', 'see whether the log is damaged: sluice replay --verify');
  try {
    return key.lend((keys) => {
      const decipher = createDecipheriv(algorithm, keys.seal, nonce, { authTagLength: tagBytes });
      decipher.setAAD(framed([subject, uid]));
      decipher.setAuthTag(bytes.subarray(-tagBytes));
      return Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]);
    });
  } catch {
    throw cannotOpen(
      'it was changed, or belongs to another object',
      'see whether the log is damaged: sluice replay --verify',
    );
  }
}

function cannotOpen(why: string, hint: string): SealedSecretError {
  return new SealedSecretError('secret-cannot-be-opened', `a sealed secret cannot be opened: ${why}`, hint);
}

/**
 * HMAC-SHA-256 over parts, 64 hex digits, with a key derived from the sealing key: equality of secrets can be seen,
 * but nobody without the key can test a guess.
 */
export function keyedDigest(key: SealingKey, parts: readonly (string | Uint8Array)[]): string {
  return key.lend((keys) => createHmac('sha256', keys.digest).update(framed(parts)).digest('hex'));
}
