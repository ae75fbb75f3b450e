// Manifest files below directories, named as the live source names them. Symbolic links are followed, hidden entries left out.
import { type Dirent, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A file to be read as manifests. */
export interface ManifestFile {
  /** As one opens it from here. */
  readonly path: string;
  /** As facts name it: relative to its directory, behind the directory's label where several are read. */
  readonly name: string;
}

/** The files that watched directories would be read for, sorted by directory and name. */
export function manifestFiles(directories: readonly string[]): ManifestFile[] {
  const names = directories.map((directory) => basename(directory));
  return directories.flatMap((directory, i) => {
    const own = names.filter((name) => name === names[i]).length === 1 ? (names[i] ?? directory) : directory;
    return walk({ directory, label: directories.length === 1 ? '' : own, above: [] });
  });
}

function walk(at: {
  readonly directory: string;
  readonly label: string;
  readonly above: readonly string[];
}): ManifestFile[] {
  const real = realpathSync(at.directory);
  if (at.above.includes(real)) return [];
  return readdirSync(at.directory, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(at.directory, entry.name);
      const name = at.label === '' ? entry.name : `${at.label}/${entry.name}`;
      const target = targetOf(entry, path);
      if (target?.isDirectory() === true)
        return walk({ directory: path, label: name, above: [...at.above, real] });
      return target?.isFile() === true && /\.(ya?ml|json)$/i.test(entry.name) ? [{ path, name }] : [];
    });
}

function targetOf(entry: Dirent, path: string): Pick<Dirent, 'isDirectory' | 'isFile'> | undefined {
  return entry.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : entry;
}
