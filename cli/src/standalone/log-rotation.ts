import { copyFileSync, readdirSync, renameSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

const defaultMaxBytes = 16 * 1024 * 1024;
const kept = 3;

/**
 * Cuts the files `*.log` of a directory that have grown beyond `maxBytes` (default 16 MiB). Their writers append and
 * keep them open, so the content is copied to `<file>.1` and the file is emptied in place; `.1` … `.3` are kept.
 * What is written between copy and cut is lost, some milliseconds' worth.
 */
export function rotateLogs(directory: string, maxBytes = defaultMaxBytes): void {
  for (const name of readdirSync(directory)) {
    const file = join(directory, name);
    if (name.endsWith('.log') && statSync(file).size > maxBytes) rotate(file);
  }
}

/** Where the older parts of a log file are, newest first; not all of them need to be there. */
export function rotatedNames(file: string): string[] {
  return Array.from({ length: kept }, (_, index) => `${file}.${index + 1}`);
}

function rotate(file: string): void {
  for (let number = kept - 1; number >= 1; number--) {
    try {
      renameSync(`${file}.${number}`, `${file}.${number + 1}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  copyFileSync(file, `${file}.1`);
  truncateSync(file, 0);
}
