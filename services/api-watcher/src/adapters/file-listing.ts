import { lstatSync, statSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Everything under the roots at one moment. */
export interface Listing {
  /** Manifest files: name to path. */
  readonly files: ReadonlyMap<string, string>;
  /** Directories that were read: path to inode. */
  readonly dirs: ReadonlyMap<string, bigint>;
  /** The same: path to name; the name of a file in one begins with it. The empty string for an only root. */
  readonly names: ReadonlyMap<string, string>;
  /** Names of directories (or roots) that could not be listed, each with the reason; what stood under them stays. */
  readonly unlisted: ReadonlyMap<string, string>;
}

/** A root of a source and the name that stands before the names of its files; the empty string for none. */
export interface Root {
  readonly path: string;
  readonly label: string;
}

/** Names roots so that no two files get one name: one root needs no label, several get their last path part, or all of the path. */
export function labelRoots(paths: readonly string[]): Root[] {
  if (paths.length === 1) return paths.map((path) => ({ path, label: '' }));
  const names = paths.map((path) => basename(path));
  return paths.map((path, i) => ({
    path,
    label: names.filter((n) => n === names[i]).length === 1 ? (names[i] ?? path) : path,
  }));
}

/** Whether a file of this name is read: YAML or JSON, and not hidden (editors' and Kubernetes' own files are). */
export function isManifestName(name: string): boolean {
  return /\.(ya?ml|json)$/i.test(name) && !name.startsWith('.');
}

/**
 * Whether something that happened to `path`, which is not named like a manifest, can have changed what is listed. What
 * editors put beside a file while they save it cannot; a directory, or a symbolic link on the way to one, can.
 * @param dirs directories listed so far
 */
export function mayLeadToFiles(path: string, dirs: ReadonlyMap<string, unknown>): boolean {
  // A watched directory tells of its own end under its own name.
  if (dirs.has(path) || basename(path) === basename(dirname(path))) return true;
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isFile() === false;
  } catch {
    return true;
  }
}

/** Name of a file or directory in the directory of name `dir`. */
export function nameIn(dir: string, base: string): string {
  return dir === '' ? base : `${dir}/${base}`;
}

/** Whether a regular file, no symbolic link, stands at `path`. */
export function isPlainFile(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false;
  }
}

/** Whether a directory stands at `path`. */
export function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}

/** Lists everything under the roots. Symbolic links are followed; hidden entries are left out. Never throws. */
export async function listFiles(roots: readonly Root[]): Promise<Listing> {
  const listing = {
    files: new Map<string, string>(),
    dirs: new Map<string, bigint>(),
    names: new Map<string, string>(),
    unlisted: new Map<string, string>(),
  };
  for (const { path, label } of roots) {
    const info = await stat(path).catch(() => undefined);
    if (info?.isFile() === true) listing.files.set(label === '' ? basename(path) : label, path);
    else await walk({ dir: path, name: label, above: new Set() }, listing);
  }
  return listing;
}

interface Draft {
  readonly files: Map<string, string>;
  readonly dirs: Map<string, bigint>;
  readonly names: Map<string, string>;
  readonly unlisted: Map<string, string>;
}

async function walk(
  at: { dir: string; name: string; above: ReadonlySet<string> },
  listing: Draft,
): Promise<void> {
  const { dir, name, above } = at;
  try {
    const real = await realpath(dir);
    if (above.has(real)) return;
    const { ino } = await stat(dir, { bigint: true });
    const entries = await readdir(dir, { withFileTypes: true });
    listing.dirs.set(dir, ino);
    listing.names.set(dir, name);
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.')) continue;
      const path = join(dir, entry.name);
      const inner = nameIn(name, entry.name);
      const target = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
      if (target?.isDirectory() === true)
        await walk({ dir: path, name: inner, above: new Set([...above, real]) }, listing);
      else if (isManifestName(entry.name) && target?.isFile() === true) listing.files.set(inner, path);
    }
  } catch (error) {
    listing.unlisted.set(name === '' ? '.' : name, reasonOf(error));
  }
}

/** The operating system's code of a failure, as ENOENT. */
export function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
