import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { libbpfDirectory, pins, temporary, zigDirectory } from './paths.mjs';
import { longStep, say } from './progress.mjs';
import { run } from './run.mjs';
import { SetupError } from './setup-error.mjs';

const options = [
  '-shared',
  '-fPIC',
  '-O2',
  '-s',
  '-w',
  '-std=gnu11',
  '-fno-sanitize=all',
  '-DHAVE_CONFIG_H',
  '-D_GNU_SOURCE',
  '-D_LARGEFILE64_SOURCE',
  '-D_FILE_OFFSET_BITS=64',
  '-Wl,-soname,libbpf.so.1',
];
const includes = [
  'libbpf/include',
  'libbpf/include/uapi',
  'libbpf/src',
  'elfutils/libelf',
  'elfutils/lib',
  'zlib',
];
/** glibc of Debian 10 and of all that is younger. */
const targets = { x64: 'x86_64-linux-gnu.2.28', arm64: 'aarch64-linux-gnu.2.28' };

/**
 * The crate's sources, in `work`.
 * @param {string} work
 * @returns {Promise<string>} their folder
 * @throws {SetupError} where cargo is missing or the registry cannot be reached
 */
async function fetchSource(work) {
  cpSync(join(pins, 'libbpf'), work, { recursive: true });
  const args = ['vendor', '--locked', '--quiet', '--versioned-dirs', 'vendor'];
  await run({ command: 'cargo', args, cwd: work, whatFor: 'fetching libbpf' });
  const name = readdirSync(join(work, 'vendor')).find((entry) => entry.startsWith('libbpf-sys-'));
  if (name === undefined) throw new SetupError('cargo brought no libbpf-sys', 'Run the same command again.');
  return join(work, 'vendor', name);
}

/** @param {string} work @param {string} source @param {string} target @returns {Promise<string>} the library */
async function compile(work, source, target) {
  /** @param {string} folder */
  const sourcesIn = (folder) =>
    readdirSync(join(source, folder))
      .filter((name) => name.endsWith('.c'))
      .map((name) => join(source, folder, name));
  const files = [
    ...['libbpf/src', 'elfutils/libelf', 'zlib'].flatMap(sourcesIn),
    join(source, 'elfutils/lib/next_prime.c'),
  ];
  const library = join(work, 'libbpf.so');
  const args = [
    'cc',
    `--target=${target}`,
    ...options,
    `-Wl,--version-script=${join(work, 'exports.map')}`,
    ...[work, ...includes.map((folder) => join(source, folder))].map((folder) => `-I${folder}`),
    ...files,
    '-o',
    library,
  ];
  const cache = join(work, 'cache');
  const env = { ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache };
  await run({ command: join(zigDirectory, 'zig'), args, cwd: work, env, whatFor: 'building libbpf' });
  return library;
}

/**
 * libbpf with libelf and zlib as one library, which needs nothing but glibc. Where its source cannot be had, the agent takes the
 * system's `libbpf.so.1`: that is said, noted in `origin.txt`, and no fault, for all but the datapath works without either.
 */
export async function installLibbpf() {
  mkdirSync(temporary, { recursive: true });
  mkdirSync(libbpfDirectory, { recursive: true });
  const work = mkdtempSync(join(temporary, 'libbpf-'));
  const origin = join(libbpfDirectory, 'origin.txt');
  try {
    const target = targets[/** @type {keyof typeof targets} */ (process.arch)];
    if (target === undefined) throw new SetupError(`libbpf is not built for ${process.arch}`, '');
    await longStep('building libbpf', async () => {
      const source = await fetchSource(work);
      renameSync(await compile(work, source, target), join(libbpfDirectory, 'libbpf.so'));
    });
    writeFileSync(origin, 'built from the crate libbpf-sys\n');
  } catch (fault) {
    const reason = fault instanceof Error ? fault.message : String(fault);
    rmSync(join(libbpfDirectory, 'libbpf.so'), { force: true });
    writeFileSync(origin, `none built: ${reason}\n`);
    say(
      `${reason}\n… the eBPF datapath will use the system's libbpf.so.1 (on Debian: apt-get install libbpf1), all else needs none`,
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
