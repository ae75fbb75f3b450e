import { freeMemory } from './free-memory.ts';

/** How often it is looked whether the process is at rest, milliseconds. */
const lookEveryMs = 1_000;
/** So many looks in a row without work are rest. */
const restingLooks = 8;
/** Less growth than this since the last time is not worth the tens of milliseconds in which the process stands still. */
const worthwhileBytes = 8 * 2 ** 20;
/** Nor is less than this part of what remained then: the time follows it. */
const worthwhilePart = 1 / 16;

/** Decides when a process has come to rest after work. */
export class RestWatch {
  #looks = 0;
  #remainedBytes = 0;

  /** Says that there was work. */
  worked(): void {
    this.#looks = 0;
  }

  /** @param heldBytes tells what the process holds, garbage or not; asked only at rest. @returns whether tidying up is due */
  look(heldBytes: () => number): boolean {
    this.#looks++;
    if (this.#looks < restingLooks) return false;
    const growth = heldBytes() - this.#remainedBytes;
    return growth >= Math.max(worthwhileBytes, worthwhilePart * this.#remainedBytes);
  }

  /** Says that it has been tidied up, and what remained. */
  tidied(bytes: number): void {
    this.#remainedBytes = bytes;
  }
}

/**
 * Collects garbage 8 s after the last work, where there was any worth it, for as long as the process lives. V8 does so only when more
 * is allocated: after a large load it would hold up to twice of what it needs, for ever. What the C library holds of freed memory is
 * given back with it. Does nothing in a process without `--expose-gc`.
 * @returns what to call with each piece of work: a collection holds the process up, which only rest allows
 */
export function collectAtRest(): () => void {
  const { gc } = globalThis;
  if (gc === undefined) return () => {};
  const watch = new RestWatch();
  const timer = setInterval(() => {
    if (!watch.look(heldBytes)) return;
    // Begins on an empty stack, where nothing is taken for a reference by mistake.
    void Promise.resolve(gc({ type: 'major', execution: 'async', flavor: 'last-resort' }))
      .then(freeMemory)
      .then(() => watch.tidied(heldBytes()));
  }, lookEveryMs);
  timer.unref();
  return () => watch.worked();
}

/**
 * Memory of the system's that the process holds. What V8 says of its heap is too little: after many small changes most of what can
 * be given back is room for young objects and freed pieces of the C library.
 */
function heldBytes(): number {
  return process.memoryUsage.rss();
}
