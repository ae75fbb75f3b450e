import { execFileSync, spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { cacheDir } from './cache.ts';
import { longStep } from './progress.ts';

/** Programs that come from Debian's packages, unpacked into the cache where the machine does not have them: nothing is installed. */
export const debianPrograms = {
  etcd: { packages: ['etcd-server'], file: 'usr/bin/etcd' },
  nft: {
    packages: [
      'nftables',
      'libnftables1',
      'libnftnl11',
      'libmnl0',
      'libjansson4',
      'libgmp10',
      'libxtables12',
      'libedit2',
      'libbsd0',
      'libmd0',
      'libtinfo6',
    ],
    file: 'usr/sbin/nft',
  },
} as const;

export type DebianProgramName = keyof typeof debianPrograms;

/** True for a name in the table. */
export const isDebianProgramName = (name: string): name is DebianProgramName =>
  Object.hasOwn(debianPrograms, name);

/** A program on PATH; undefined where there is none. */
export function onPath(name: string): string | undefined {
  const dirs = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return dirs
    .filter((dir) => dir !== '')
    .map((dir) => join(dir, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Where the program is: on PATH, else where it lies in the cache once `unpackDebianProgram` has been there. */
export function debianProgramFile(name: DebianProgramName): string {
  return onPath(name) ?? join(treeOf(name), debianPrograms[name].file);
}

/** Variables under which another program finds this one and its libraries: where it is installed, by its folder. */
export function debianEnv(name: DebianProgramName): Readonly<Record<string, string>> {
  const file = debianProgramFile(name);
  const tree = treeOf(name);
  const PATH = `${dirname(file)}:${process.env.PATH ?? ''}`;
  if (!file.startsWith(tree)) return { PATH };
  const libraries = ['usr/lib', 'lib']
    .map((dir) => join(tree, dir))
    .filter((dir) => existsSync(dir))
    .flatMap((dir) => readdirSync(dir).map((triplet) => join(dir, triplet)));
  return { PATH, LD_LIBRARY_PATH: libraries.join(':') };
}

/** Why it is not to be had; undefined where it is there or can be fetched. */
export function debianUnavailable(name: DebianProgramName): string | undefined {
  if (existsSync(debianProgramFile(name))) return undefined;
  const missing = ['apt-get', 'dpkg-deb'].filter((tool) => onPath(tool) === undefined);
  if (missing.length === 0) return undefined;
  return `${name} is not on PATH and cannot be fetched without ${missing.join(' and ')}: install it`;
}

/** Fetches the packages and unpacks them into the cache, whole or not at all, unless that is done. To be called under the lock. @throws Error */
export async function unpackDebianProgram(name: DebianProgramName): Promise<void> {
  if (existsSync(debianProgramFile(name))) return;
  const tree = treeOf(name);
  const work = mkdtempSync(join(cacheDir(), `${name}-`));
  try {
    await longStep(`fetching Debian's ${debianPrograms[name].packages.join(', ')}`, async () => {
      download(debianPrograms[name].packages, work);
      mkdirSync(join(work, 'tree'));
      for (const deb of readdirSync(work).filter((file) => file.endsWith('.deb')))
        execFileSync('dpkg-deb', ['-x', join(work, deb), join(work, 'tree')]);
    });
    rmSync(tree, { recursive: true, force: true });
    renameSync(join(work, 'tree'), tree);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Without apt's own drop of rights, which cannot write into a user's cache. Package lists may be missing: then they are fetched. */
function download(packages: readonly string[], cwd: string): void {
  const args = ['-qq', '-o', 'APT::Sandbox::User=root', 'download', ...packages];
  const first = spawnSync('apt-get', args, { cwd, stdio: 'ignore' });
  if (first.status === 0) return;
  execFileSync('apt-get', ['-qq', 'update'], { stdio: ['ignore', 2, 2] });
  execFileSync('apt-get', args, { cwd, stdio: ['ignore', 2, 2] });
}

const treeOf = (name: DebianProgramName): string => join(cacheDir(), `debian-${name}`);
