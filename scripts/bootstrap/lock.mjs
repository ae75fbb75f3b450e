import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { toolchain } from './paths.mjs';
import { say } from './progress.mjs';
import { SetupError } from './setup-error.mjs';

const held = 'SLUICE_SETUP_LOCKED';
const busy = 75;

/** Whether this process runs under the lock. */
export const isLocked = () => process.env[held] === '1';

/**
 * Runs this very command again under a lock of the checkout and gives its exit code. The kernel holds the lock (flock), so
 * a set-up that is killed leaves nothing behind that a later one would wait for.
 * @returns {number}
 * @throws {SetupError} where the program flock is missing
 */
export function rerunLocked() {
  mkdirSync(toolchain, { recursive: true });
  const command = [join(toolchain, 'lock'), process.execPath, ...process.argv.slice(1)];
  /** @param {string[]} options */
  const flock = (options) =>
    spawnSync('flock', [...options, ...command], { stdio: 'inherit', env: { ...process.env, [held]: '1' } });
  let run = flock(['--nonblock', '--conflict-exit-code', String(busy)]);
  if (run.status === busy) {
    say('another set-up of this checkout is running: waiting for it');
    run = flock([]);
  }
  if (run.error) {
    throw new SetupError(
      `cannot run flock: ${run.error.message}`,
      'It is part of util-linux: on Debian `apt-get install util-linux`.',
    );
  }
  return run.status ?? 1;
}
