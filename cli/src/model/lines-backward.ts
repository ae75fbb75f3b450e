/** A file of bytes that can be read anywhere. */
export interface ByteSource {
  /** Bytes. */
  readonly size: number;
  /** The bytes from `position` on, all of them; undefined where they are there no more. */
  read(position: number, length: number): Promise<Buffer | undefined>;
}

const chunkBytes = 64 * 1024;
const lineFeed = 0x0a;

/**
 * The lines of a file from its last to its first, without line feeds; empty ones are left out. A line of more than
 * `maxBytes` comes as undefined. Never holds more than one chunk (64 KiB) and one line. Ends early where the source
 * does.
 */
export async function* linesBackward(
  source: ByteSource,
  maxBytes: number,
): AsyncGenerator<string | undefined> {
  const line = new LineFromBehind(maxBytes);
  for (let end = source.size; end > 0; end = Math.max(0, end - chunkBytes)) {
    const start = Math.max(0, end - chunkBytes);
    const chunk = await source.read(start, end - start);
    if (chunk === undefined) return;
    let right = chunk.length;
    for (let at = lastLineFeed(chunk, right); at >= 0; at = lastLineFeed(chunk, right)) {
      line.prepend(chunk.subarray(at + 1, right));
      if (line.bytes > 0) yield line.take();
      right = at;
    }
    line.prepend(chunk.subarray(0, right));
  }
  if (line.bytes > 0) yield line.take();
}

function lastLineFeed(chunk: Buffer, before: number): number {
  return before === 0 ? -1 : chunk.lastIndexOf(lineFeed, before - 1);
}

/** A line whose end is known and whose start is not yet. */
class LineFromBehind {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  prepend(part: Buffer): void {
    this.bytes += part.length;
    if (this.bytes > this.#maxBytes) this.#parts = [];
    else if (part.length > 0) this.#parts.unshift(part);
  }

  /** The line, undefined where it was too long; and starts the next. */
  take(): string | undefined {
    const text = this.bytes > this.#maxBytes ? undefined : Buffer.concat(this.#parts).toString('utf8');
    this.#parts = [];
    this.bytes = 0;
    return text;
  }
}
