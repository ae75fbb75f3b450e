import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { childEnv } from './child-env.mjs';
import { bin, root } from './paths.mjs';

/** Sets the checkout up if anything is missing; ends this process with the same code when that fails. */
export function setUpOrExit() {
  const setUp = spawnSync(process.execPath, [join(root, 'scripts/bootstrap.mjs')], { stdio: 'inherit' });
  if (setUp.status !== 0) process.exit(setUp.status ?? 1);
}

/** The environment in which the toolchain's programs are found first. */
export function toolchainEnv() {
  return {
    ...childEnv({ withToolchain: true }),
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, '.cache/node'),
  };
}

/**
 * Runs a program of the toolchain in the checkout with this terminal and gives its exit code. Ctrl-C reaches it by itself
 * (same process group); a signal sent to this process alone is passed on, and this process waits for it either way.
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env] added to the environment
 * @returns {Promise<number>}
 */
function runForeground(command, args, env = {}) {
  const child = spawn(command, args, { cwd: root, env: { ...toolchainEnv(), ...env }, stdio: 'inherit' });
  process.on('SIGINT', () => {});
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP']))
    process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

/**
 * Runs the toolchain's Node.
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
export const runOnToolchain = (args, env) =>
  runForeground(join(bin, 'node'), ['--disable-warning=ExperimentalWarning', ...args], env);

/**
 * Runs checks through turbo, which skips those whose inputs have not changed since they last passed (local cache only).
 * @param {string[]} tasks
 * @param {string[]} [options]
 */
export const runTasks = (tasks, options = []) =>
  runForeground(join(bin, 'node'), [
    'node_modules/turbo/bin/turbo',
    'run',
    ...tasks,
    '--continue',
    ...options,
  ]);
