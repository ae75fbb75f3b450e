import { type Dir, type Dirent, lstatSync, statSync } from 'node:fs';
import { opendir, realpath, stat } from 'node:fs/promises';
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
  const files: [string, string][] = [];
  const dirs = new Map<string, bigint>();
  const names = new Map<string, string>();
  const unlisted = new Map<string, string>();
  for await (const some of entriesUnder(roots))
    for (const entry of some) {
      if (entry.type === 'file') files.push([entry.name, entry.path]);
      else if (entry.type === 'unlisted') unlisted.set(entry.name, entry.reason);
      else {
        dirs.set(entry.path, entry.inode);
        names.set(entry.path, entry.name);
      }
    }
  return { files: new Map(files.sort(([a], [b]) => (a < b ? -1 : 1))), dirs, names, unlisted };
}

/** What stood under the roots when it was listed, as far as that can be compared. */
export interface KnownNames {
  /** Whether a file of this name is known. */
  hasFile(name: string): boolean;
  fileCount(): number;
  readonly dirs: ReadonlyMap<string, bigint>;
  readonly unlisted: ReadonlySet<string>;
}

/**
 * Whether the names under the roots are the known ones. Some at a time: each step of the generator takes no longer than
 * reading a few hundred entries, so that whoever steps through it can do something else between.
 */
export async function* compareNames(
  roots: readonly Root[],
  known: KnownNames,
): AsyncGenerator<void, boolean, void> {
  const count = { file: 0, dir: 0, unlisted: 0 };
  for await (const some of entriesUnder(roots)) {
    for (const entry of some) {
      count[entry.type] += 1;
      const isKnown =
        entry.type === 'file'
          ? known.hasFile(entry.name)
          : entry.type === 'dir'
            ? known.dirs.get(entry.path) === entry.inode
            : known.unlisted.has(entry.name);
      if (!isKnown) return false;
    }
    yield;
  }
  return (
    count.file === known.fileCount() &&
    count.dir === known.dirs.size &&
    count.unlisted === known.unlisted.size
  );
}

type Entry =
  | { readonly type: 'file'; readonly name: string; readonly path: string }
  | { readonly type: 'dir'; readonly name: string; readonly path: string; readonly inode: bigint }
  | { readonly type: 'unlisted'; readonly name: string; readonly reason: string };

/** Entries that are read and given at once. */
const entriesInStep = 256;

async function* entriesUnder(roots: readonly Root[]): AsyncGenerator<Entry[], void, void> {
  for (const { path, label } of roots) {
    const info = await stat(path).catch(() => undefined);
    if (info?.isFile() === true) yield [{ type: 'file', name: label === '' ? basename(path) : label, path }];
    else yield* walk({ dir: path, name: label, above: new Set() });
  }
}

/** The entries of a directory, which is closed in the end. A turn of the process for each would take longer than all of them. */
function* entriesOf(dir: Dir): Generator<Dirent, void, void> {
  try {
    for (let entry = dir.readSync(); entry !== null; entry = dir.readSync()) yield entry;
  } finally {
    dir.closeSync();
  }
}

/** A directory that cannot be read to its end is unlisted, whatever was given of it before. */
async function* walk(at: {
  dir: string;
  name: string;
  above: ReadonlySet<string>;
}): AsyncGenerator<Entry[], void, void> {
  const { dir, name, above } = at;
  try {
    const real = await realpath(dir);
    if (above.has(real)) return;
    const { ino } = await stat(dir, { bigint: true });
    const opened = await opendir(dir, { bufferSize: entriesInStep });
    let some: Entry[] = [{ type: 'dir', name, path: dir, inode: ino }];
    // Names of entries have no separators: what `join` would make of each is the same.
    const prefix = join(dir, 'a').slice(0, -1);
    for (const entry of entriesOf(opened)) {
      if (entry.name.startsWith('.')) continue;
      const path = `${prefix}${entry.name}`;
      const inner = nameIn(name, entry.name);
      const target = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
      if (target?.isDirectory() === true) {
        yield some;
        some = [];
        yield* walk({ dir: path, name: inner, above: new Set([...above, real]) });
      } else if (isManifestName(entry.name) && target?.isFile() === true) {
        some.push({ type: 'file', name: inner, path });
      }
      if (some.length < entriesInStep) continue;
      yield some;
      some = [];
    }
    yield some;
  } catch (error) {
    yield [{ type: 'unlisted', name: name === '' ? '.' : name, reason: reasonOf(error) }];
  }
}

/** The operating system's code of a failure, as ENOENT. */
export function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
