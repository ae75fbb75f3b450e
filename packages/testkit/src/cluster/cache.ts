import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The directory for what is built or fetched once for each version: `$XDG_CACHE_HOME/sluice/cluster`, else `~/.cache/sluice/cluster`. It is
 * shared by all checkouts of a user, and safe to delete as a whole while nothing runs. Made if it is not there.
 */
export function cacheDir(): string {
  const base = process.env.XDG_CACHE_HOME ?? '';
  const dir = join(base.startsWith('/') ? base : join(homedir(), '.cache'), 'sluice', 'cluster');
  mkdirSync(dir, { recursive: true });
  return dir;
}
