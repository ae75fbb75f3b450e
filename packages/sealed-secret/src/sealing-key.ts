import { createHash, hkdfSync } from 'node:crypto';
import { open } from 'node:fs/promises';
import { SealedSecretError } from './error.ts';

/** Length of a sealing key, bytes. */
export const sealingKeyBytes = 32;

/**
 * The key that seals secrets on the log. Its bytes cannot be read back by accident: whoever logs, prints or
 * serialises it sees its id only.
 */
export class SealingKey {
  /** First 8 hex digits of SHA-256 of the key. */
  readonly keyId: string;
  readonly #bytes: Buffer;
  readonly #digestKey: Buffer;

  /** @throws SealedSecretError `secret-key-invalid` unless `bytes` are 32 */
  constructor(bytes: Uint8Array) {
    if (bytes.length !== sealingKeyBytes)
      throw new SealedSecretError(
        'secret-key-invalid',
        `a sealing key has ${sealingKeyBytes} bytes, not ${bytes.length}`,
        'make one: head -c 32 /dev/urandom > FILE && chmod 600 FILE',
      );
    this.#bytes = Buffer.from(bytes);
    this.#digestKey = Buffer.from(hkdfSync('sha256', bytes, '', 'sluice.dev/sealed-secret/digest/v1', 32));
    this.keyId = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
  }

  /** Lends the encryption key and the digest key to the code of this package. */
  lend<T>(use: (keys: { readonly seal: Buffer; readonly digest: Buffer }) => T): T {
    return use({ seal: this.#bytes, digest: this.#digestKey });
  }

  toJSON(): string {
    return `sealing key ${this.keyId}`;
  }
}

/**
 * Reads a sealing key: a regular file of 32 bytes that nobody but its owner may read or write (mode 0600 or 0400). Where
 * another user owns it, its group may read it (0440): so a Secret is mounted for a Pod's own group.
 * @throws SealedSecretError `secret-key-invalid`
 */
export async function loadSealingKey(file: string): Promise<SealingKey> {
  const handle = await open(file, 'r').catch(() => {
    throw new SealedSecretError(
      'secret-key-invalid',
      `cannot read the sealing key ${file}`,
      'check that the file exists and belongs to this user',
    );
  });
  try {
    const stats = await handle.stat();
    const isLent = stats.uid !== process.getuid?.();
    if (!stats.isFile() || (stats.mode & (isLent ? 0o037 : 0o077)) !== 0)
      throw new SealedSecretError(
        'secret-key-invalid',
        `others may use the sealing key ${file}`,
        `run: chmod 600 ${file}`,
      );
    const bytes = await handle.readFile();
    const key = new SealingKey(bytes);
    bytes.fill(0);
    return key;
  } finally {
    await handle.close();
  }
}
