/**
 * Which bundles of this checkout may run: none that is older than a source it may be made of. `bin/sluice` asks the same
 * of `find`, so the two lists of what counts as a source go together.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} Bundles What `.cache/bundles.json` says; its modification time is a moment before its sources were read.
 * @property {string} inputs hash of the text of all sources
 * @property {Record<string, string>} entries path of the file to run, below the checkout, by the name of a service or `cli`
 */

/** Below the checkout. */
export const bundlesFile = '.cache/bundles.json';

const files = ['pnpm-lock.yaml'];
const ignored = new Set(['testdata', 'testing']);

/** @param {string} folder @returns {Generator<string>} folders and files */
function* below(folder) {
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return;
  yield folder;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (ignored.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* below(path);
    else if (entry.isFile() && !/\.(test|fixture)\.ts$/.test(entry.name)) yield path;
  }
}

/** @param {string} root @returns {string[]} */
const packages = (root) => [
  join(root, 'cli'),
  ...['services', 'packages'].flatMap((parent) =>
    readdirSync(join(root, parent), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(root, parent, entry.name)),
  ),
];

/**
 * Absolute paths of all that a bundle may be made of, folders included: their change shows that a file is gone.
 * @param {string} root the checkout
 * @returns {Generator<string>}
 */
function* sources(root) {
  yield* below(join(root, 'scripts/bundle'));
  for (const file of files) yield join(root, file);
  for (const folder of packages(root)) {
    yield join(folder, 'package.json');
    yield* below(join(folder, 'src'));
  }
}

/**
 * Hash of the names and texts of all sources.
 * @param {string} root the checkout
 */
export function hashOfSources(root) {
  const hash = createHash('sha256');
  for (const path of [...sources(root)].sort()) {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) continue;
    hash.update(`${path.slice(root.length)}\n`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

/**
 * @param {string} root the checkout
 * @returns {Bundles | undefined} undefined where there are none
 */
export function readBundles(root) {
  try {
    return JSON.parse(readFileSync(join(root, bundlesFile), 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Absolute path of each bundle, fresh or not, by the name of a service or `cli`.
 * @param {string} root the checkout
 * @returns {ReadonlyMap<string, string>}
 */
export function namedBundles(root) {
  const entries = Object.entries(readBundles(root)?.entries ?? {});
  return new Map(entries.map(([name, file]) => [name, join(root, file)]));
}

/**
 * Absolute path of the file to run, by the name of a service or `cli`; empty where the sources have to be run.
 * @param {string} root the checkout
 * @returns {ReadonlyMap<string, string>}
 */
export function freshBundles(root) {
  const bundles = namedBundles(root);
  if (bundles.size === 0) return bundles;
  const { mtimeMs } = statSync(join(root, bundlesFile));
  for (const path of sources(root))
    if ((statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0) > mtimeMs) return new Map();
  return bundles;
}
