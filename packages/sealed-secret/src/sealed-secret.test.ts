import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keyedDigest, open, type Sealed, seal } from './seal.ts';
import { loadSealingKey, SealingKey } from './sealing-key.ts';
import { openKeyPair, sealKeyPair } from './tls-key-pair.ts';

const key = new SealingKey(randomBytes(32));
const binding = { key, subject: 'secret.v1._.Secret.default.a', uid: 'u1' };
const plaintext = Buffer.from('the bytes');

const flip = (base64: string, at: number): string => {
  const bytes = Buffer.from(base64, 'base64');
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  return bytes.toString('base64');
};

describe('sealed bytes', () => {
  const sealed = seal({ ...binding, plaintext });

  test('open to what was sealed, and show none of it', () => {
    expect(Buffer.from(open({ ...binding, sealed })).toString()).toBe('the bytes');
    expect(Buffer.from(sealed.ciphertext, 'base64').includes(plaintext)).toBe(false);
    expect(Buffer.from(sealed.ciphertext, 'base64')).toHaveLength(plaintext.length + 16);
  });

  test('are never the same twice', () => {
    expect(seal({ ...binding, plaintext })).not.toEqual(sealed);
  });

  test.each<[string, Partial<typeof binding>, Sealed]>([
    ['another subject', { subject: 'secret.v1._.Secret.default.b' }, sealed],
    ['another uid', { uid: 'u2' }, sealed],
    ['a boundary moved between subject and uid', { subject: `${binding.subject}u`, uid: '1' }, sealed],
    ['another key', { key: new SealingKey(randomBytes(32)) }, sealed],
    ['another key under the same id', { key: new SealingKey(randomBytes(32)) }, sealed],
    ['a changed first byte', {}, { ...sealed, ciphertext: flip(sealed.ciphertext, 0) }],
    ['a changed tag', {}, { ...sealed, ciphertext: flip(sealed.ciphertext, plaintext.length + 15) }],
    ['a changed nonce', {}, { ...sealed, nonce: flip(sealed.nonce, 3) }],
    ['a cut ciphertext', {}, { ...sealed, ciphertext: sealed.ciphertext.slice(0, 24) }],
    ['no ciphertext', {}, { ...sealed, ciphertext: '' }],
    ['a short nonce', {}, { ...sealed, nonce: 'AAAA' }],
  ])('do not open with %s', (name, other, bytes) => {
    const with_ = { ...binding, ...other };
    const claimed = name.includes('same id') ? { ...bytes, keyId: with_.key.keyId } : bytes;
    expect(() => open({ ...with_, sealed: claimed })).toThrow(
      expect.objectContaining({ code: 'secret-cannot-be-opened' }),
    );
  });

  test('carry a key pair', () => {
    const pair = { certificateChain: 'CERT', privateKey: 'KEY' };
    expect(openKeyPair({ ...binding, sealed: sealKeyPair({ ...binding, pair }) })).toEqual(pair);
  });
});

describe('the keyed digest', () => {
  test('is the same for the same parts and key, and differs else', () => {
    expect(keyedDigest(key, ['a', 'b'])).toMatch(/^[0-9a-f]{64}$/);
    expect(keyedDigest(key, ['a', 'b'])).toBe(keyedDigest(key, [Buffer.from('a'), 'b']));
    expect(keyedDigest(key, ['ab', ''])).not.toBe(keyedDigest(key, ['a', 'b']));
    expect(keyedDigest(new SealingKey(randomBytes(32)), ['a', 'b'])).not.toBe(keyedDigest(key, ['a', 'b']));
  });
});

describe('the key', () => {
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sluice-key-'));
  });
  afterAll(() => rm(dir, { recursive: true }));

  async function file(name: string, bytes: Uint8Array, mode: number): Promise<string> {
    const path = join(dir, name);
    await writeFile(path, bytes);
    await chmod(path, mode);
    return path;
  }

  test('is read from a private file, and is the same each time', async () => {
    const path = await file('good', randomBytes(32), 0o600);
    const [a, b] = [await loadSealingKey(path), await loadSealingKey(path)];
    expect(open({ ...binding, key: b, sealed: seal({ ...binding, key: a, plaintext }) })).toEqual(plaintext);
  });

  test.runIf(process.getuid?.() === 0)(
    'another user may lend it to a group, and to nobody else',
    async () => {
      const path = await file('lent', randomBytes(32), 0o440);
      await chown(path, 65_532, 65_532);
      await expect(loadSealingKey(path)).resolves.toBeInstanceOf(SealingKey);
      await chmod(path, 0o444);
      await expect(loadSealingKey(path)).rejects.toMatchObject({ code: 'secret-key-invalid' });
    },
  );

  test.each([0o640, 0o604, 0o620, 0o666])('is refused with mode %o', async (mode) => {
    await expect(loadSealingKey(await file(`mode-${mode}`, randomBytes(32), mode))).rejects.toMatchObject({
      code: 'secret-key-invalid',
      message: expect.stringContaining('others may use'),
    });
  });

  test('is refused with another length, and when it is not there', async () => {
    await expect(loadSealingKey(await file('short', randomBytes(31), 0o600))).rejects.toMatchObject({
      code: 'secret-key-invalid',
      message: expect.stringContaining('not 31'),
    });
    await expect(loadSealingKey(join(dir, 'none'))).rejects.toMatchObject({
      code: 'secret-key-invalid',
      message: expect.stringContaining('cannot read'),
    });
  });

  test('shows its id and nothing else', () => {
    const bytes = randomBytes(32);
    const secret = new SealingKey(bytes);
    for (const shown of [
      JSON.stringify({ secret }),
      inspect(secret, { depth: 9, showHidden: true }),
      String(Object.values(secret)),
    ]) {
      expect(shown).toContain(secret.keyId);
      expect(shown).not.toContain(bytes.toString('hex').slice(0, 16));
      expect(shown).not.toContain(bytes.toString('hex').match(/../g)?.slice(0, 6).join(' '));
    }
  });
});
