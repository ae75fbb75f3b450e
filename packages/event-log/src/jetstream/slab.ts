const slabBytes = 32 * 1024;

/**
 * Copies small pieces of data side by side into larger pieces of memory: one of its own for each of thousands of messages
 * costs more than the copying. A piece is freed with the last of its data, so it is for what comes and goes together.
 */
export class Slab {
  #bytes = new Uint8Array(0);
  #used = 0;

  /** A copy of `data` that nothing else is written over. */
  copy(data: Uint8Array): Uint8Array {
    if (data.length > slabBytes / 4) return data.slice();
    if (this.#used + data.length > this.#bytes.length) {
      this.#bytes = new Uint8Array(slabBytes);
      this.#used = 0;
    }
    const copy = this.#bytes.subarray(this.#used, this.#used + data.length);
    copy.set(data);
    this.#used += data.length;
    return copy;
  }
}
