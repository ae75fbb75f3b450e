import { spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readSync, realpathSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/**
 * The first version number in what a program says of itself.
 * @param {string} text
 * @returns {[number, number, number] | undefined}
 */
export function parseVersion(text) {
  const match = /(?:^|[^0-9.])(\d+)\.(\d+)\.(\d+)(?![0-9.])/.exec(text);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : undefined;
}

/**
 * Whether a version is at least `min` and has the same major number.
 * @param {[number, number, number] | undefined} version
 * @param {[number, number]} min major and minor
 */
export function suffices(version, min) {
  return version !== undefined && version[0] === min[0] && version[1] >= min[1];
}

/** @param {string} file */
export function versionOf(file) {
  const run = spawnSync(file, ['--version'], {
    encoding: 'utf8',
    timeout: 10_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return run.status === 0 ? parseVersion(`${run.stdout} ${run.stderr}`) : undefined;
}

/**
 * A launcher script may start the real program as a child, which a kill of the launcher would leave behind: only the
 * program itself counts.
 * @param {string} file
 */
function isExecutableBinary(file) {
  try {
    accessSync(file, constants.X_OK);
    const head = Buffer.alloc(4);
    const fd = openSync(file, 'r');
    try {
      readSync(fd, head, 0, 4, 0);
    } finally {
      closeSync(fd);
    }
    return head.equals(Buffer.from([0x7f, 0x45, 0x4c, 0x46]));
  } catch {
    return false;
  }
}

/** Two checkouts may share one toolchain by a link: a program must not become a link to itself. @param {string} dir */
function whereIs(dir) {
  try {
    return realpathSync(dir);
  } catch {
    return resolve(dir);
  }
}

/**
 * The first program of this name on PATH, outside `notIn`, that is recent enough; its real path.
 * @param {{ name: string, min: [number, number], notIn: string, path?: string | undefined }} what
 * @returns {string | undefined}
 */
export function findOnPath({ name, min, notIn, path = process.env.PATH }) {
  for (const dir of (path ?? '').split(delimiter)) {
    if (dir === '' || whereIs(dir) === whereIs(notIn)) continue;
    const file = join(dir, name);
    if (isExecutableBinary(file) && suffices(versionOf(file), min)) return realpathSync(file);
  }
  return undefined;
}
