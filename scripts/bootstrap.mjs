/**
 * Makes a fresh checkout runnable: Node 24, pnpm, nats-server and Envoy in `.toolchain/`, the workspace's dependencies, and
 * the generated Envoy API. Runs on any Node from 20 on, needs no dependency, does only what is not done yet (nothing at
 * all on the second run), and may be started several times at once.
 */
import { isLocked, rerunLocked } from './bootstrap/lock.mjs';
import { SetupError } from './bootstrap/setup-error.mjs';
import { isUpToDate } from './bootstrap/stamp.mjs';
import { setUp } from './bootstrap/steps.mjs';

/** @returns {Promise<number>} the exit code */
async function main() {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new SetupError(
      `Node ${process.versions.node} is too old`,
      'Install Node 20 or newer; the rest is fetched.',
    );
  }
  if (isUpToDate()) return 0;
  if (!isLocked()) return rerunLocked();
  await setUp();
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const faults = error instanceof AggregateError ? error.errors : [error];
  for (const fault of faults) {
    const known = fault instanceof SetupError;
    process.stderr.write(
      known ? `set-up failed: ${fault.message}\n  → ${fault.hint}\n` : `${fault?.stack ?? fault}\n`,
    );
  }
  process.exitCode = 1;
}
