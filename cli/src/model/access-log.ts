import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { rotatedNames } from '../standalone/log-rotation.ts';
import { type AccessRecord, readAccessLine } from './access-record.ts';
import { type ByteSource, linesBackward } from './lines-backward.ts';

/** Name of the file in the log directory that Envoy's access log goes to. */
export const accessLogName = 'access.log';

/** Longest line that is read, bytes. Envoy takes 60 KiB of headers, which JSON at most doubles here. */
const defaultMaxLineBytes = 256 * 1024;

/** Enough of a file's start to know it from every other: its first record has a time and an id. */
const headBytes = 1024;

/** Lines that were not read, so far. */
export interface PassedOver {
  tooLong: number;
  /** Not written by Envoy's access log, or only a part of a line. */
  foreign: number;
}

export interface AccessLogOptions {
  readonly containing?: string;
  /** Longer lines are passed over. Default 256 KiB. */
  readonly maxLineBytes?: number;
}

/** The records of an access log, newest first, as far as it goes back. */
export interface AccessLogReading extends AsyncIterable<AccessRecord> {
  readonly passedOver: Readonly<PassedOver>;
}

/**
 * Reads the access log of an instance, files that were rotated away included, from the newest record to the oldest.
 * Each iteration starts at what is newest then. It holds one line and 64 KiB at a time however large the files are,
 * and loses and repeats nothing when they are rotated meanwhile. Without any file there are no records.
 *
 * Newest is what ended last: Envoy writes a record when the request has ended, and within a second of it to the file.
 *
 * @param directory the instance's `layout.log`.
 * @param options `containing`: only lines that hold this text somewhere are looked at, which is many times faster.
 */
export function readAccessLog(
  directory: string,
  { containing, maxLineBytes = defaultMaxLineBytes }: AccessLogOptions = {},
): AccessLogReading {
  const part = containing === undefined ? '' : JSON.stringify(containing).slice(1, -1);
  const passedOver: PassedOver = { tooLong: 0, foreign: 0 };
  async function* records(): AsyncGenerator<AccessRecord> {
    await using files = await openFiles(join(directory, accessLogName));
    for (const file of files.newestFirst) {
      for await (const line of linesBackward(file, maxLineBytes)) {
        if (line?.includes(part) === false) continue;
        const record = line === undefined ? undefined : readAccessLine(line);
        if (record !== undefined) yield record;
        else if (line === undefined) passedOver.tooLong++;
        else passedOver.foreign++;
      }
    }
  }
  return { passedOver, [Symbol.asyncIterator]: records };
}

interface OpenFiles extends AsyncDisposable {
  readonly newestFirst: readonly LogFile[];
}

/** Opens the file and those it was rotated to. A rotation meanwhile makes one come twice under two names, never none. */
async function openFiles(path: string): Promise<OpenFiles> {
  const newestFirst: LogFile[] = [];
  for (const name of [path, ...rotatedNames(path)]) {
    const file = await LogFile.open(name, rotatedNames(path));
    if (file === undefined) continue;
    if (file.size === 0 || newestFirst.some((other) => other.holdsSame(file))) await file.close();
    else newestFirst.push(file);
  }
  const close = async () => {
    for (const file of newestFirst) await file.close();
  };
  return { newestFirst, [Symbol.asyncDispose]: close };
}

/** One file of the log, as long as it was when it was opened; goes on in its copy when it is emptied. */
class LogFile implements ByteSource {
  readonly size: number;
  readonly #inode: number;
  readonly #head: Buffer;
  readonly #copies: readonly string[];
  #handle: FileHandle;

  private constructor(of: {
    handle: FileHandle;
    size: number;
    inode: number;
    head: Buffer;
    copies: readonly string[];
  }) {
    this.#handle = of.handle;
    this.size = of.size;
    this.#inode = of.inode;
    this.#head = of.head;
    this.#copies = of.copies;
  }

  /** Undefined where there is no such file. `copies`: where its content may be found once it is emptied. */
  static async open(path: string, copies: readonly string[]): Promise<LogFile | undefined> {
    const handle = await openIfThere(path);
    if (handle === undefined) return undefined;
    const { size, ino } = await handle.stat();
    return new LogFile({ handle, size, inode: ino, head: await readUpTo(handle, 0, headBytes), copies });
  }

  holdsSame(other: LogFile): boolean {
    return this.#inode === other.#inode || this.#headIs(other.#head);
  }

  #headIs(head: Buffer): boolean {
    const bytes = Math.min(head.length, this.#head.length);
    return bytes > 0 && head.subarray(0, bytes).equals(this.#head.subarray(0, bytes));
  }

  async read(position: number, length: number): Promise<Buffer | undefined> {
    const chunk = await readUpTo(this.#handle, position, length);
    const { size } = await this.#handle.stat();
    if (size >= this.size) return chunk;
    for (const path of this.#copies) {
      const copy = await openIfThere(path);
      if (copy === undefined) continue;
      if ((await copy.stat()).size >= this.size && this.#headIs(await readUpTo(copy, 0, headBytes))) {
        await this.#handle.close();
        this.#handle = copy;
        return readUpTo(copy, position, length);
      }
      await copy.close();
    }
    return undefined;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readUpTo(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
