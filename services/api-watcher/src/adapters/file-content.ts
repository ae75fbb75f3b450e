// Reads a manifest file with what tells one version of it from another.
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
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

function makeStamp(path: string, stats: BigIntStats): Stamp {
  const realPath = realpathSync.native(path);
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

/**
 * What is in the file now, or the reason why it cannot be read, as ENOENT. At once: the several steps of an asynchronous reading would
 * take longer than the reading. The bytes are valid until the next call; of a file longer than `maxBytes` there are none.
 */
export function readContent(path: string, maxBytes = maxFileBytes): FileContent | string {
  const readMs = Date.now();
  let file: number | undefined;
  try {
    // Not waiting for a writer, as opening a named pipe would.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(file, { bigint: true });
    if (!stats.isFile()) return 'not a regular file';
    const stamp = makeStamp(path, stats);
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
