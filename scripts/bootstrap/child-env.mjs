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
 * The environment of every program that the set-up runs: nothing of an outer `npm run` or set-up, and a HOME inside the
 * checkout for the package managers' caches where the real one cannot be written.
 * @param {{ env?: NodeJS.ProcessEnv, withToolchain?: boolean }} [options] `withToolchain`: the toolchain comes first on PATH.
 *   Not for npm: it finds its global settings (certificates, mirrors) beside the Node that runs it.
 * @returns {NodeJS.ProcessEnv}
 */
export function childEnv({ env = process.env, withToolchain = false } = {}) {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !fromNpmRun.test(name)));
  const path = (env.PATH ?? '').split(delimiter).filter((dir) => dir !== bin);
  kept.PATH = (withToolchain ? [bin, ...path] : path).join(delimiter);
  kept.DO_NOT_TRACK = '1';
  kept.TURBO_TELEMETRY_DISABLED = '1';
  kept.PIP_DISABLE_PIP_VERSION_CHECK = '1';
  if (!writable(env.HOME)) {
    for (const name of ['npm_config_cache', 'npm_config_userconfig', 'npm_config_init_module']) {
      if (env.HOME !== undefined && kept[name]?.startsWith(env.HOME)) delete kept[name];
    }
    kept.HOME = join(toolchain, 'home');
    mkdirSync(kept.HOME, { recursive: true });
  }
  return kept;
}
