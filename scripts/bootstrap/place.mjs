import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bin } from './paths.mjs';

/**
 * Puts something in its place in one step: a program that is running keeps its old file.
 * @param {string} file
 * @param {(temporary: string) => void} make
 */
function replace(file, make) {
  const temporary = `${file}.${process.pid}`;
  mkdirSync(dirname(file), { recursive: true });
  rmSync(temporary, { force: true });
  make(temporary);
  renameSync(temporary, file);
}

/**
 * `.toolchain/bin/<name>` becomes a link to `target`.
 * @param {string} name
 * @param {string} target
 */
export function placeLink(name, target) {
  replace(join(bin, name), (temporary) => symlinkSync(target, temporary));
}

/**
 * `.toolchain/bin/<name>` becomes this file (moved, made executable).
 * @param {string} name
 * @param {string} file on the same file system
 */
export function placeFile(name, file) {
  chmodSync(file, 0o755);
  replace(join(bin, name), (temporary) => renameSync(file, temporary));
}

/**
 * `.toolchain/bin/<name>` becomes a script.
 * @param {string} name
 * @param {string} text
 */
export function placeScript(name, text) {
  replace(join(bin, name), (temporary) => writeFileSync(temporary, text, { mode: 0o755 }));
}
