import { setImmediate as nextTurn } from 'node:timers/promises';
import { seemsToReferOnly } from '../core/first-glance.ts';
import { type FileContent, RealPaths, readContent } from './file-content.ts';

/** Longer files are no matter of order, bytes. */
const glanceBytes = 16 * 1024 - 1;
/** So much of what was read is held until its turn comes, bytes; the rest is read again. */
const heldBytes = 16 * 1024 * 1024;
/** Files looked at before other work of the process gets its turn. */
const filesInTurn = 64;

/** A file to be read, with what it held when it was looked at; without it the file is to be read in its turn. */
export interface FileInOrder {
  readonly name: string;
  readonly path: string;
  readonly content?: FileContent;
}

/**
 * Files by name and path with what is referred to first: who reads the list while it is written then finds what a route refers to,
 * and has nothing to do twice. In each half the order stays. Each file is read once, for its place and for its turn. Never throws:
 * a file that cannot be read is left to its reader.
 */
export async function referredFirst(files: Iterable<readonly [string, string]>): Promise<FileInOrder[]> {
  const referred: FileInOrder[] = [];
  const referring: FileInOrder[] = [];
  const realPaths = new RealPaths();
  let [looked, held] = [0, 0];
  for (const [name, path] of files) {
    const content = glance(path, realPaths);
    const half = content !== undefined && seemsToReferOnly(textOf(content.bytes)) ? referring : referred;
    held += content?.bytes.length ?? 0;
    half.push(content === undefined || held > heldBytes ? { name, path } : { name, path, content });
    if (++looked % filesInTurn === 0) await nextTurn();
  }
  return [...referred, ...referring];
}

/** What a file holds now; undefined where it is longer or cannot be read. */
function glance(path: string, realPaths: RealPaths): FileContent | undefined {
  const content = readContent(path, { maxBytes: glanceBytes, realPaths });
  if (typeof content === 'string' || content.stamp.sizeBytes > glanceBytes) return undefined;
  return { ...content, bytes: Buffer.from(content.bytes) };
}

/** One character for each byte. */
function textOf({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('latin1');
}
