import { readFileSync, statSync } from 'node:fs';
import { manifestFiles } from '../model/manifest-files.ts';
import { UserError } from '../standalone/settings.ts';

/** A file with its bytes. */
export interface InputFile {
  readonly file: string;
  readonly content: Uint8Array;
}

/** Reads a file, the manifests of a directory, or standard input (`-`). @throws UserError where there is none */
export function readInput(path: string): InputFile[] {
  if (path === '-') return [{ file: '<stdin>', content: readFileSync(0) }];
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new UserError(
      `${path}: no such file or directory`,
      'name files, directories, or - for standard input',
    );
  if (!stat.isDirectory()) return [{ file: path, content: readFileSync(path) }];
  return manifestFiles([path]).map((file) => ({ file: file.path, content: readFileSync(file.path) }));
}
