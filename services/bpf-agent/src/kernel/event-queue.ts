import type { RingBatch } from '../core/ring-reader.ts';

/**
 * Batches on their way from the child to one reader: one, and one more of each child that took a dead one's place. A child sends the next
 * one when this one was taken, so a slow reader lets the ring buffer fill, and what does not fit there is counted by the programs.
 */
export class EventQueue implements AsyncIterable<RingBatch> {
  readonly #onTaken: () => void;
  readonly #batches: RingBatch[] = [];
  #wake: (() => void) | undefined;
  #ended = false;

  /** @param onTaken called when the reader asks for more than the batch it had */
  constructor(onTaken: () => void) {
    this.#onTaken = onTaken;
  }

  put(batch: RingBatch): void {
    this.#batches.push(batch);
    this.#wake?.();
  }

  /** Ends the iteration. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RingBatch> {
    while (!this.#ended) {
      const batch = this.#batches.shift();
      if (batch === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      yield batch;
      this.#onTaken();
    }
  }
}
