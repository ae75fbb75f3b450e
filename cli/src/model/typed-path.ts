// How a user would type the path of a file that facts name relative to its watched directory.
import { basename, join, relative } from 'node:path';

/**
 * The path of a file of facts, from `cwd` where it lies below it, else absolute; as it is where no watched directory can hold it.
 * @param of `directories` as they are watched: absolute, in their order
 */
export function typedPath(
  file: string,
  of: { readonly directories: readonly string[]; readonly cwd: string },
): string {
  const absolute = absolutePath(file, of.directories);
  if (absolute === undefined) return file;
  const short = relative(of.cwd, absolute);
  return short === '' || short.startsWith('..') ? absolute : short;
}

function absolutePath(file: string, directories: readonly string[]): string | undefined {
  if (file === '') return undefined;
  const [only] = directories;
  if (directories.length === 1 && only !== undefined) return join(only, file);
  const names = directories.map((directory) => basename(directory));
  for (const [i, directory] of directories.entries()) {
    const label = names.filter((name) => name === names[i]).length === 1 ? names[i] : directory;
    if (file.startsWith(`${label}/`)) return join(directory, file.slice(`${label}/`.length));
  }
  return undefined;
}
