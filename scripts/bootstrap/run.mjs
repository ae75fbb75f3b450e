import { spawn } from 'node:child_process';
import { childEnv } from './child-env.mjs';
import { SetupError } from './setup-error.mjs';

/**
 * @typedef {object} Command
 * @property {string} command
 * @property {string[]} args
 * @property {string} [cwd] the current folder if not given
 * @property {NodeJS.ProcessEnv} [env] added to its environment
 * @property {boolean} [withToolchain] whether the toolchain comes first on its PATH; default false
 * @property {string} [whatFor] for the message when it fails
 * @property {string} [ifMissing] how to get the command
 * @property {string} [ifFails] what to try when it fails
 */

const networkTrouble =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|NewConnectionError|Temporary failure in name resolution|Network is unreachable|Max retries exceeded|ERR_PNPM_META_FETCH_FAIL|error sending request/;

/** The hint where nothing better is known. */
export const tryAgain =
  'Check the network and run the same command again; if it fails the same way, delete .toolchain and node_modules and try once more.';

/** @param {string} output */
function hintFrom(output) {
  if (output.includes('ERR_PNPM_OUTDATED_LOCKFILE')) {
    return 'A package.json changed without the lock file: run `.toolchain/bin/pnpm install` and commit pnpm-lock.yaml.';
  }
  return networkTrouble.test(output)
    ? 'The package registry could not be reached: check the network (or the proxy and mirror settings of npm and pip), then run the same command again. What was fetched is kept.'
    : tryAgain;
}

/**
 * Runs a program to its end and gives what it printed on stdout.
 * @param {Command} spec
 * @returns {Promise<string>}
 * @throws {SetupError} when it cannot be started or ends with another code than 0
 */
export function run({
  command,
  args,
  cwd,
  env = {},
  withToolchain = false,
  whatFor = command,
  ifMissing = '',
  ifFails,
}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...childEnv({ withToolchain }), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', (error) =>
      reject(new SetupError(`${whatFor}: cannot run ${command}: ${error.message}`, ifMissing)),
    );
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(stdout);
      const output = `${stderr}\n${stdout}`.trim();
      const lines = output.split('\n');
      const kept = lines.length > 16 ? [...lines.slice(0, 8), '…', ...lines.slice(-8)] : lines;
      reject(
        new SetupError(
          `${whatFor}: ${command} ended with ${code ?? signal}:\n    ${kept.join('\n    ')}`,
          ifFails ?? hintFrom(output),
        ),
      );
    });
  });
}
