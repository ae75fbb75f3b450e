import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateNkeySeeds } from '@sluice/event-log';
import { type NatsUserName, natsUsers } from './access.ts';
import type { Layout } from './layout.ts';

/** Public nkeys by user; the seeds stay in their files. */
export type Keys = Readonly<Record<NatsUserName, string>>;

const secretKeyBytes = 32;

/**
 * Makes the keys of a data directory where they are missing: the key that seals secrets, and one nkey for each user.
 * @throws Error where the sealing key is there with another length: a new one could not open what stands on the log
 */
export function makeKeys(layout: Layout): Keys {
  writeOnce(layout.secretKey, randomBytes(secretKeyBytes));
  const found = readFileSync(layout.secretKey).length;
  if (found !== secretKeyBytes)
    throw new Error(`${layout.secretKey} holds ${found} bytes instead of ${secretKeyBytes}`);
  const directory = join(layout.keys, 'nkeys');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return Object.fromEntries(natsUsers.map((user) => [user, publicKey(directory, user)])) as Record<
    NatsUserName,
    string
  >;
}

/** Public key of a user, whose pair is made where a part of it is missing. */
function publicKey(directory: string, user: NatsUserName): string {
  const files = { seed: join(directory, `${user}.seed`), publicKey: join(directory, `${user}.pub`) };
  try {
    readFileSync(files.seed);
    return readFileSync(files.publicKey, 'utf8').trim();
  } catch {
    const pair = generateNkeySeeds([user])[user];
    writeFileSync(files.seed, `${pair.seed}\n`, { mode: 0o600 });
    writeFileSync(files.publicKey, `${pair.publicKey}\n`, { mode: 0o600 });
    return pair.publicKey;
  }
}

function writeOnce(file: string, content: Uint8Array): void {
  try {
    writeFileSync(file, content, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    chmodSync(file, 0o600);
  }
}
