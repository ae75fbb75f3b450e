import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { cacheDir } from './cache.ts';

/**
 * Runs `prepare.ts` (which makes what is missing in the cache) in a process of its own under a lock of the cache, so that two runs build
 * nothing twice. The kernel holds the lock: a run that is killed leaves none. Its output, progress lines, goes to standard error.
 * @throws Error when it fails
 */
export async function prepareLocked(names: readonly string[]): Promise<void> {
  const lock = join(cacheDir(), 'lock');
  const args = [lock, process.execPath, join(import.meta.dirname, 'prepare.ts'), ...names];
  const child = spawn('flock', args, { stdio: ['ignore', 2, 2] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`could not prepare ${names.join(', ')}: the reason is above`);
}
