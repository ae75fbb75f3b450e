/**
 * Bundles each service and the command into one file with what it loads at once, and files for what it may load later.
 * A service reads 2 MB in one go instead of 9 MB in a thousand files, which is most of its start and a part of its memory.
 * Does nothing where the sources are those of last time. The folder of a bundle is named after its content, and the one before is
 * kept: a process that runs it may still load files of it. May run several times at once.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { bundlesFile, hashOfSources, readBundles } from './fresh.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const packages = {
  'api-watcher': 'services/api-watcher',
  translator: 'services/translator',
  'xds-server': 'services/xds-server',
  'bpf-agent': 'services/bpf-agent',
  cli: 'cli',
};
/** Clocks of file systems are late by a tick. */
const tickMs = 20;
const kept = 2;

/**
 * The ES modules of drizzle-orm: the sources load its CommonJS form, which costs Node less, and a bundle nothing.
 * @type {import('rolldown').Plugin}
 */
const drizzle = {
  name: 'drizzle',
  load: (id) =>
    id.endsWith('/services/xds-server/src/store/drizzle.ts')
      ? `export { blob, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
         export { and, eq, sql } from 'drizzle-orm';
         export { drizzle } from 'drizzle-orm/better-sqlite3';`
      : undefined,
};

/**
 * koffi finds its program beside itself, as better-sqlite3 does; it stands with the package that uses it, below no service.
 * @param {string} folder @returns {import('rolldown').Plugin}
 */
const koffi = (folder) => ({
  name: 'koffi',
  resolveId: (id) =>
    id === 'koffi'
      ? {
          id: relative(
            join(root, folder, 'build/any'),
            join(root, 'packages/service-kit/node_modules/koffi/index.js'),
          ),
          external: true,
        }
      : undefined,
});

/**
 * An import of one of Node's own modules reads each of its exports, and some of these are getters that load a great deal: of `http` all of
 * fetch and WebSocket, of `crypto` WebCrypto, of `tls` the certificates of the world. Taken from the module itself, those that are named
 * are read alone.
 * @param {string} code
 */
const nodeModules = (code) =>
  code.replace(
    /^import (?:(?:\* as )?([\w$]+)?(?:, )?(?:\{ (.*?) \})? from )?"(.*?)";$/gm,
    (statement, whole, names, id) => {
      if (!isBuiltin(id)) return statement;
      const parts = [whole, names && `{ ${names.replaceAll(' as ', ': ')} }`].filter(
        (part) => part !== undefined,
      );
      return parts.map((part) => `const ${part} = globalThis.process.getBuiltinModule("${id}");`).join(' ');
    },
  );

/** V8 keeps a text with one character beyond Latin-1 at two bytes for each. @param {string} code */
const ascii = (code) =>
  code.replace(/[^\0-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** @param {string} folder @returns {Promise<string>} path of the file to run, below the checkout */
async function bundle(folder) {
  const build = await rolldown({
    input: { main: join(root, folder, 'src/main.ts') },
    platform: 'node',
    // A native add-on, which finds its program beside itself.
    external: ['better-sqlite3'],
    plugins: [drizzle, koffi(folder)],
    onLog: (level, log) => {
      if (level === 'warn' && log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message);
    },
  });
  // Names and lines stay, so that a stack trace can be read.
  const { output } = await build.generate({
    format: 'esm',
    entryFileNames: '[name].js',
    comments: { legal: false, annotation: false, jsdoc: false },
  });
  await build.close();
  const texts = output.map((file) => ({
    name: file.fileName,
    text: file.type === 'chunk' ? ascii(nodeModules(file.code)) : String(file.source),
  }));
  const hash = createHash('sha256');
  for (const { name, text } of texts) hash.update(`${name}\0${text}\0`);
  const builds = join(folder, 'build');
  const target = join(builds, hash.digest('hex').slice(0, 16));
  write(join(root, target), texts);
  forget(join(root, builds), join(root, target));
  return join(target, 'main.js');
}

/** Whole or not at all. @param {string} target @param {readonly { name: string, text: string }[]} texts */
function write(target, texts) {
  const now = new Date();
  if (statSync(target, { throwIfNoEntry: false }) !== undefined) return utimesSync(target, now, now);
  const work = `${target}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  for (const { name, text } of texts) writeFileSync(join(work, name), text);
  try {
    renameSync(work, target);
  } catch (fault) {
    // Another run has made the same one meanwhile.
    rmSync(work, { recursive: true });
    if (!existsSync(target)) throw fault;
  }
}

/** @param {string} builds @param {string} current */
function forget(builds, current) {
  const old = readdirSync(builds)
    .map((name) => join(builds, name))
    .filter((path) => path !== current)
    .map((path) => ({ path, time: statSync(path).mtimeMs }))
    .sort((a, b) => b.time - a.time);
  for (const { path } of old.slice(kept - 1)) rmSync(path, { recursive: true, force: true });
}

const begun = new Date(Date.now() - tickMs);
const inputs = hashOfSources(root);
const earlier = readBundles(root);
const file = join(root, bundlesFile);
if (
  earlier?.inputs === inputs &&
  Object.values(earlier.entries).every((path) => existsSync(join(root, path)))
)
  utimesSync(file, begun, begun);
else {
  /** @type {Record<string, string>} */
  const entries = {};
  for (const [name, folder] of Object.entries(packages)) entries[name] = await bundle(folder);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify({ inputs, entries }, null, 2)}\n`);
  utimesSync(`${file}.${process.pid}`, begun, begun);
  renameSync(`${file}.${process.pid}`, file);
}
