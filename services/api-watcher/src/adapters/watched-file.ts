import { hash } from 'node:crypto';
import { type BigIntStats, statSync } from 'node:fs';
import { acceptUnfinished } from '../core/in-place-edit.ts';
import {
  type DocumentCache,
  maxFileBytes,
  type PartReading,
  readBytes,
  unreadable,
} from '../core/read-part.ts';
import type { SourcePart } from '../core/source.ts';
import { readContent, type Stamp } from './file-content.ts';

/** One manifest file over time: decides what of its content counts, now and when it is still. */
export class WatchedFile {
  readonly name: string;
  readonly path: string;
  readonly #stillMs: number;
  #stamp: Stamp | undefined;
  /** Hash of the content that was taken as a whole; the empty string where there is none. */
  #taken = '';
  #readings: DocumentCache['readings'] = noReadings;
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
    return this.#stamp && inodeOf(this.#stamp);
  }

  /** What counts of the file now. */
  get part(): SourcePart | undefined {
    return this.#part;
  }

  /** Whether the file looks other than it did when it was last read. */
  get changed(): boolean {
    try {
      const now = statSync(this.path, { bigint: true });
      const before = this.#stamp;
      return before === undefined || before.inode !== now.ino || !isVersion(now, before);
    } catch {
      return true;
    }
  }

  /**
   * Takes in what the file holds. `known`: inodes that stood under other names before, so that this one was renamed as it is.
   * `content`: what `readContent` has given of it, where it was read already.
   * @returns what counts now, or undefined where the file is gone
   */
  read(known: ReadonlySet<string> = new Set(), content = readContent(this.path)): SourcePart | undefined {
    if (content === 'ENOENT') return undefined;
    if (typeof content === 'string')
      return this.#take(unreadable(this.name, `cannot be read (${content})`, 'check its permissions'));
    const { stamp, bytes, steady, readMs: nowMs } = content;
    const before = this.#stamp;
    if (before === undefined || !sameVersion(before, stamp) || !steady) this.#quietSinceMs = nowMs;
    this.#stamp = stamp;
    const hash = stamp.sizeBytes > maxFileBytes ? '' : hashOf(bytes);
    if (steady && hash !== '' && hash === this.#taken) return this.#part;
    const reading = hash === '' ? tooLong(this.name, stamp) : this.#parse(bytes);
    const replaced = before !== undefined && !sameFile(before, stamp) && stamp.sizeBytes > 0;
    const renamed = before === undefined && known.has(inodeOf(stamp));
    const modifiedMs = Number(stamp.modifiedNs / 1_000_000n);
    const still = nowMs - this.#quietSinceMs >= this.#stillMs || nowMs - modifiedMs >= this.#stillMs;
    if (steady && (renamed || replaced || still)) return this.#take(reading, hash);
    const { part, heldBack } = acceptUnfinished(this.#part, reading.part);
    this.#unfinished = heldBack || !steady;
    this.#taken = this.#unfinished ? '' : hash;
    this.#readings = reading.readings;
    this.#part = part;
    return part;
  }

  #parse(bytes: Uint8Array): PartReading {
    return readBytes(bytes, this.name, { keyOf: hashOf, readings: this.#readings });
  }

  #take({ part, readings }: PartReading, hash = ''): SourcePart {
    this.#unfinished = false;
    this.#taken = hash;
    this.#readings = readings.size === 0 ? noReadings : readings;
    this.#part = part;
    return part;
  }
}

const noReadings: DocumentCache['readings'] = new Map();

/** Stands for a content. */
function hashOf(content: Uint8Array | string): string {
  return hash('sha256', content, 'base64url');
}

function tooLong(name: string, { sizeBytes }: Stamp): PartReading {
  return unreadable(name, `is ${sizeBytes} bytes long, at most ${maxFileBytes} are read`, 'split it');
}

function inodeOf({ device, inode }: Pick<Stamp, 'device' | 'inode'>): string {
  return `${device}:${inode}`;
}

function isVersion(stats: BigIntStats, stamp: Stamp): boolean {
  const { size, mtimeNs, ctimeNs, dev } = stats;
  const { sizeBytes, modifiedNs, changedNs, device } = stamp;
  return Number(size) === sizeBytes && mtimeNs === modifiedNs && ctimeNs === changedNs && dev === device;
}

function sameVersion(a: Stamp, b: Stamp): boolean {
  return a.sizeBytes === b.sizeBytes && a.modifiedNs === b.modifiedNs && a.changedNs === b.changedNs;
}

function sameFile(a: Stamp, b: Stamp): boolean {
  return a.inode === b.inode && a.device === b.device && a.realPath === b.realPath;
}
