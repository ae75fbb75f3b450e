import { closeSync, constants, openSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { seemsToReferOnly } from '../core/first-glance.ts';

/** Longer files are no matter of order, bytes. */
const glanceBytes = 16 * 1024;
/** Files looked at before other work of the process gets its turn. */
const filesInTurn = 256;
const room = Buffer.allocUnsafeSlow(glanceBytes);

/**
 * Files by name and path with what is referred to first: who reads the list while it is written then finds what a route refers to,
 * and has nothing to do twice. In each half the order stays. Never throws: a file that cannot be read is left to its reader.
 */
export async function referredFirst(files: Iterable<readonly [string, string]>): Promise<[string, string][]> {
  const referred: [string, string][] = [];
  const referring: [string, string][] = [];
  let looked = 0;
  for (const [name, path] of files) {
    (seemsToReferOnly(glance(path)) ? referring : referred).push([name, path]);
    if (++looked % filesInTurn === 0) await nextTurn();
  }
  return [...referred, ...referring];
}

/** What a file holds, one character for each byte; the empty text where it is longer or cannot be read. */
function glance(path: string): string {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const length = readSync(file, room, 0, glanceBytes, 0);
    return length < glanceBytes ? room.toString('latin1', 0, length) : '';
  } catch {
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
