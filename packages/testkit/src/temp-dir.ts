import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory for one test. */
export interface TempDir extends Disposable {
  /** Absolute and short: a Unix socket's path has room for 107 bytes. */
  readonly path: string;
  /** Joins names to the path. */
  file(...names: string[]): string;
}

/** Makes an empty directory; disposing it removes it and all that is in it. */
export function tempDir(): TempDir {
  const path = mkdtempSync(join(tmpdir(), 'sl-'));
  return {
    path,
    file: (...names) => join(path, ...names),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}
