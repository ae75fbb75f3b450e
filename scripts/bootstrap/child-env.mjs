import { accessSync, constants, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { bin, toolchain } from './paths.mjs';

/** What `npm run` adds for its own child; a nested npm or pnpm would take it for the user's settings. */
const fromNpmRun =
  /^(npm_(package|lifecycle|command|execpath|node_execpath|config_(local_prefix|prefix|node_gyp|user_agent|npm_version))|INIT_CWD$|SLUICE_SETUP_LOCKED$)/i;

/** @param {string | undefined} dir */
function writable(dir) {
  try {
    if (dir === undefined || dir === '') return false;
    accessSync(dir, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The environment of every program that the set-up runs: the toolchain first on PATH, nothing of an outer `npm run` or set-up, and a
 * HOME inside the checkout for the package managers' caches where the real one cannot be written.
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function childEnv(env = process.env) {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !fromNpmRun.test(name)));
  kept.PATH = `${bin}${delimiter}${env.PATH ?? ''}`;
  kept.DO_NOT_TRACK = '1';
  kept.TURBO_TELEMETRY_DISABLED = '1';
  kept.PIP_DISABLE_PIP_VERSION_CHECK = '1';
  if (!writable(env.HOME)) {
    kept.HOME = join(toolchain, 'home');
    mkdirSync(kept.HOME, { recursive: true });
  }
  return kept;
}
