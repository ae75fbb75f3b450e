// Reads a manifest file with what tells one version of it from another.
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { dirname, sep } from 'node:path';
import { maxFileBytes } from '../core/read-part.ts';
import { reasonOf } from './file-listing.ts';

/** What a file system says of a file. */
export interface Stamp {
  readonly device: bigint;
  readonly inode: bigint;
  /** The real path: together with device and inode it says whether the file was replaced as a whole. */
  readonly realPath: string;
  /** One of these changes whenever the content may have. */
  readonly sizeBytes: number;
  readonly modifiedNs: bigint;
  readonly changedNs: bigint;
}

/** A file as it was at one moment. */
export interface FileContent {
  readonly stamp: Stamp;
  readonly bytes: Uint8Array;
  /** The file did not change while it was read. */
  readonly steady: boolean;
  /** When it was read, milliseconds since 1970. */
  readonly readMs: number;
}

/** Real paths of many files that are read one after the other: those of directories are looked up once. */
export class RealPaths {
  readonly #dirs = new Map<string, string>();

  /** The real path of a file that is no symbolic link by itself. Throws where its directory is gone. */
  of(path: string): string {
    const dir = dirname(path);
    let real = this.#dirs.get(dir);
    if (real === undefined) {
      real = realpathSync.native(dir);
      this.#dirs.set(dir, real);
    }
    return real === dir ? path : `${real}${path.slice(path.lastIndexOf(sep))}`;
  }
}

function makeStamp(stats: BigIntStats, { path, realPath }: { path: string; realPath: string }): Stamp {
  return {
    device: stats.dev,
    inode: stats.ino,
    // The very text that is held anyway.
    realPath: realPath === path ? path : realPath,
    sizeBytes: Number(stats.size),
    modifiedNs: stats.mtimeNs,
    changedNs: stats.ctimeNs,
  };
}

/** What one small file after the other is read into: a buffer for each would be most of the work on 10,000 of them. */
const room = Buffer.allocUnsafeSlow(64 * 1024);

/** What is in a file from its beginning, valid until the next call; less than `bytes` where the file has shrunk meanwhile. */
function readUpTo(file: number, bytes: number): Uint8Array {
  const target = bytes <= room.length ? room : Buffer.allocUnsafeSlow(bytes);
  let length = 0;
  while (length < bytes) {
    const read = readSync(file, target, length, bytes - length, length);
    if (read === 0) break;
    length += read;
  }
  return target.subarray(0, length);
}

// Not waiting for a writer, as opening a named pipe would.
const openFlags = constants.O_RDONLY | constants.O_NONBLOCK;

/** Opens a file, and tells its real path: by `realPaths`, where those are given and it is no symbolic link. */
function openFile(path: string, realPaths: RealPaths | undefined): { file: number; realPath: string } {
  if (realPaths !== undefined)
    try {
      const realPath = realPaths.of(path);
      return { file: openSync(path, openFlags | constants.O_NOFOLLOW), realPath };
    } catch (error) {
      if (reasonOf(error) !== 'ELOOP') throw error;
    }
  const realPath = realpathSync.native(path);
  return { file: openSync(path, openFlags), realPath };
}

/**
 * What is in the file now, or the reason why it cannot be read, as ENOENT. At once: the several steps of an asynchronous reading would
 * take longer than the reading. The bytes are valid until the next call; of a file longer than `maxBytes` there are none. `realPaths`:
 * for one of many files.
 */
export function readContent(
  path: string,
  { maxBytes = maxFileBytes, realPaths }: { maxBytes?: number; realPaths?: RealPaths } = {},
): FileContent | string {
  const readMs = Date.now();
  let file: number | undefined;
  try {
    const opened = openFile(path, realPaths);
    file = opened.file;
    const stats = fstatSync(file, { bigint: true });
    if (!stats.isFile()) return 'not a regular file';
    const stamp = makeStamp(stats, { path, realPath: opened.realPath });
    if (stamp.sizeBytes > maxBytes) return { stamp, bytes: new Uint8Array(), steady: true, readMs };
    const bytes = readUpTo(file, stamp.sizeBytes);
    const after = fstatSync(file, { bigint: true });
    return { stamp, bytes, steady: after.size === stats.size && after.mtimeNs === stats.mtimeNs, readMs };
  } catch (error) {
    return reasonOf(error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
