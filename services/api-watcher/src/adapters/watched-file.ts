import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { acceptUnfinished } from '../core/in-place-edit.ts';
import {
  type DocumentCache,
  maxFileBytes,
  type PartReading,
  readBytes,
  unreadable,
} from '../core/read-part.ts';
import type { SourcePart } from '../core/source.ts';
import { reasonOf } from './file-listing.ts';

interface Stamp {
  /** Device and inode. */
  readonly inode: string;
  /** Inode and real path: another one means that the file was replaced as a whole. */
  readonly identity: string;
  /** Changes whenever the content may have. */
  readonly version: string;
  readonly modifiedMs: number;
  readonly sizeBytes: number;
}

interface Content {
  readonly stamp: Stamp;
  readonly bytes: Uint8Array;
  /** The file did not change while it was read. */
  readonly steady: boolean;
}

/** One manifest file over time: decides what of its content counts, now and when it is still. */
export class WatchedFile {
  readonly name: string;
  readonly path: string;
  readonly #stillMs: number;
  #stamp: Stamp | undefined;
  #cache: DocumentCache = new Map();
  #part: SourcePart | undefined;
  #quietSinceMs = 0;
  #unfinished = false;

  constructor(of: { name: string; path: string; stillMs: number }) {
    this.name = of.name;
    this.path = of.path;
    this.#stillMs = of.stillMs;
  }

  /** When to look again because something was held back; undefined where nothing was. Milliseconds since 1970. */
  get dueMs(): number | undefined {
    return this.#unfinished ? this.#quietSinceMs + this.#stillMs : undefined;
  }

  /** Device and inode of the file that was read last. */
  get inode(): string | undefined {
    return this.#stamp?.inode;
  }

  /** What counts of the file now. */
  get part(): SourcePart | undefined {
    return this.#part;
  }

  /** Whether the file looks other than it did when it was last read. */
  get changed(): boolean {
    try {
      const now = statSync(this.path, { bigint: true });
      return versionOf(now) !== this.#stamp?.version || inodeOf(now) !== this.#stamp.inode;
    } catch {
      return true;
    }
  }

  /**
   * Reads the file, at once: the several steps of an asynchronous reading would take longer than the reading. `known`: inodes that stood under other names before, so that this one was renamed as it is.
   * @returns what counts now, or undefined where the file is gone
   */
  read(nowMs: number, known: ReadonlySet<string> = new Set()): SourcePart | undefined {
    const content = readContent(this.path);
    if (content === 'ENOENT') return undefined;
    if (typeof content === 'string')
      return this.#take(unreadable(this.name, `cannot be read (${content})`, 'check its permissions'));
    const { stamp, bytes, steady } = content;
    const before = this.#stamp;
    const replaced = before !== undefined && before.identity !== stamp.identity && stamp.sizeBytes > 0;
    if (before?.version !== stamp.version || !steady) this.#quietSinceMs = nowMs;
    this.#stamp = stamp;
    const reading =
      stamp.sizeBytes > maxFileBytes ? tooLong(this.name, stamp) : readBytes(bytes, this.name, this.#cache);
    const renamed = before === undefined && known.has(stamp.inode);
    const still = nowMs - this.#quietSinceMs >= this.#stillMs || nowMs - stamp.modifiedMs >= this.#stillMs;
    if (steady && (renamed || replaced || still)) return this.#take(reading);
    const { part, heldBack } = acceptUnfinished(this.#part, reading.part);
    this.#unfinished = heldBack || !steady;
    this.#cache = reading.cache;
    this.#part = part;
    return part;
  }

  #take({ part, cache }: PartReading): SourcePart {
    this.#unfinished = false;
    this.#cache = cache;
    this.#part = part;
    return part;
  }
}

function tooLong(name: string, { sizeBytes }: Stamp): PartReading {
  return unreadable(name, `is ${sizeBytes} bytes long, at most ${maxFileBytes} are read`, 'split it');
}

function inodeOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}`;
}

function versionOf(stats: BigIntStats): string {
  return `${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}

function makeStamp(path: string, stats: BigIntStats): Stamp {
  const inode = inodeOf(stats);
  return {
    inode,
    identity: `${inode}:${realpathSync.native(path)}`,
    version: versionOf(stats),
    modifiedMs: Number(stats.mtimeNs / 1_000_000n),
    sizeBytes: Number(stats.size),
  };
}

/** What is in the file, or the reason why it cannot be read. */
function readContent(path: string): Content | string {
  let file: number | undefined;
  try {
    // Not waiting for a writer, as opening a named pipe would.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(file, { bigint: true });
    if (!stats.isFile()) return 'not a regular file';
    const stamp = makeStamp(path, stats);
    if (stamp.sizeBytes > maxFileBytes) return { stamp, bytes: new Uint8Array(), steady: true };
    const bytes = readFileSync(file);
    const after = fstatSync(file, { bigint: true });
    return { stamp, bytes, steady: after.size === stats.size && after.mtimeNs === stats.mtimeNs };
  } catch (error) {
    return reasonOf(error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
