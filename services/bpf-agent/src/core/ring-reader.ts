// Reads a BPF ring buffer (Linux, Documentation/bpf/ringbuf.rst) in memory that it shares with the kernel. Positions and bytes in,
// records out. There is one reader; the kernel's programs are the writers.

/** `BPF_RINGBUF_BUSY_BIT` and `_DISCARD_BIT` of linux/bpf.h, and the header of a record. */
const busyBit = 0x80000000;
const discardBit = 0x40000000;
const headerBytes = 8;

/** The shared memory. */
export interface RingMemory {
  /** One entry: up to where the reader has read; the reader writes it. */
  readonly consumed: BigUint64Array;
  /** One entry: up to where writers have reserved. */
  readonly produced: BigUint64Array;
  /** The ring twice, one behind the other, so that no record is broken at its end. */
  readonly data: Uint8Array;
}

/** Records behind each other, without headers. */
export interface RingBatch {
  readonly bytes: Uint8Array;
  /** Bytes of each record. */
  readonly sizes: readonly number[];
}

export class RingReader {
  readonly #memory: RingMemory;
  readonly #words: Int32Array;
  readonly #mask: number;

  /** @throws Error unless the ring has a power of two as its size */
  constructor(memory: RingMemory) {
    const size = memory.data.byteLength / 2;
    if (!Number.isInteger(Math.log2(size))) throw new Error(`a ring of ${size} bytes is none`);
    this.#memory = memory;
    this.#words = new Int32Array(memory.data.buffer, memory.data.byteOffset, memory.data.byteLength / 4);
    this.#mask = size - 1;
  }

  /**
   * Takes what is there, copied, up to `limit` records; an empty batch where nothing is. Stops at a record that is still being
   * written. What a program discarded is passed over.
   */
  drain(limit: number): RingBatch {
    const from = Atomics.load(this.#memory.consumed, 0);
    const until = Number(Atomics.load(this.#memory.produced, 0) - from);
    const start = Number(from & BigInt(this.#mask));
    const sizes: number[] = [];
    const places: number[] = [];
    let total = 0;
    let at = 0;
    while (at < until && sizes.length < limit) {
      const place = (start + at) & this.#mask;
      // an acquiring load: the record is whole when its busy bit is gone
      const header = Atomics.load(this.#words, place >>> 2) >>> 0;
      if ((header & busyBit) !== 0) break;
      const size = header & ~(busyBit | discardBit);
      if ((header & discardBit) === 0) {
        sizes.push(size);
        places.push(place + headerBytes);
        total += size;
      }
      at += (size + headerBytes + 7) & ~7;
    }
    const bytes = new Uint8Array(total);
    let to = 0;
    for (const [index, place] of places.entries()) {
      const size = sizes[index] ?? 0;
      bytes.set(this.#memory.data.subarray(place, place + size), to);
      to += size;
    }
    // only now: a writer may use the room at once
    if (at > 0) Atomics.store(this.#memory.consumed, 0, from + BigInt(at));
    return { bytes, sizes };
  }

  /** Bytes that wait to be read. */
  get waiting(): number {
    return Number(Atomics.load(this.#memory.produced, 0) - Atomics.load(this.#memory.consumed, 0));
  }
}

/** The records of a batch, each a view of it. */
export function recordsOf({ bytes, sizes }: RingBatch): Uint8Array[] {
  let at = 0;
  return sizes.map((size) => {
    at += size;
    return bytes.subarray(at - size, at);
  });
}
