import { describe, expect, test } from 'vitest';
import { type RingMemory, RingReader, recordsOf } from './ring-reader.ts';

const busyBit = 0x80000000;
const discardBit = 0x40000000;

/** A ring as the kernel writes it: what is written beyond the end is seen at the begin, too. */
class Ring implements RingMemory {
  readonly consumed = new BigUint64Array(1);
  readonly produced = new BigUint64Array(1);
  readonly data: Uint8Array;
  readonly #size: number;

  constructor(size: number, position = 0n) {
    this.#size = size;
    this.data = new Uint8Array(2 * size);
    this.consumed[0] = position;
    this.produced[0] = position;
  }

  write(record: Uint8Array, flags = 0): number {
    const at = Number((this.produced[0] ?? 0n) % BigInt(this.#size));
    this.header(at, (record.byteLength | flags) >>> 0);
    for (const [index, byte] of record.entries()) this.#put(at + 8 + index, byte);
    this.produced[0] = (this.produced[0] ?? 0n) + BigInt((record.byteLength + 15) & ~7);
    return at;
  }

  header(at: number, word: number): void {
    for (let index = 0; index < 4; index += 1) this.#put(at + index, (word >>> (8 * index)) & 0xff);
  }

  #put(at: number, byte: number): void {
    this.data[at % this.#size] = byte;
    this.data[(at % this.#size) + this.#size] = byte;
  }
}

const record = (size: number, fill: number) => new Uint8Array(size).fill(fill);

describe('a ring buffer', () => {
  test('gives records in order, of any size, and nothing twice', () => {
    const ring = new Ring(256);
    const reader = new RingReader(ring);
    for (const [size, fill] of [
      [5, 1],
      [8, 2],
      [0, 0],
      [13, 3],
    ] as const)
      ring.write(record(size, fill));
    expect(recordsOf(reader.drain(10))).toEqual([record(5, 1), record(8, 2), record(0, 0), record(13, 3)]);
    expect(reader.drain(10).sizes).toEqual([]);
    expect(reader.waiting).toBe(0);
  });

  test('a limit leaves the rest for the next time', () => {
    const ring = new Ring(256);
    const reader = new RingReader(ring);
    for (let fill = 1; fill <= 5; fill += 1) ring.write(record(8, fill));
    expect(recordsOf(reader.drain(2)).map((one) => one[0])).toEqual([1, 2]);
    expect(recordsOf(reader.drain(9)).map((one) => one[0])).toEqual([3, 4, 5]);
  });

  test('waits at a record that is being written, passes over one that was discarded', () => {
    const ring = new Ring(256);
    const reader = new RingReader(ring);
    ring.write(record(8, 1));
    ring.write(record(8, 2), discardBit);
    const place = ring.write(record(8, 3), busyBit);
    ring.write(record(8, 4));
    expect(recordsOf(reader.drain(9)).map((one) => one[0])).toEqual([1]);
    ring.header(place, 8);
    expect(recordsOf(reader.drain(9)).map((one) => one[0])).toEqual([3, 4]);
  });

  test('a record over the end is whole, and positions beyond 2^32 are as good as others', () => {
    const ring = new Ring(64, 2n ** 40n + 48n);
    const reader = new RingReader(ring);
    ring.write(record(24, 7));
    expect(recordsOf(reader.drain(9))).toEqual([record(24, 7)]);
    expect(ring.consumed[0]).toBe(2n ** 40n + 48n + 32n);
  });

  test('records that were given are copies', () => {
    const ring = new Ring(64);
    const reader = new RingReader(ring);
    ring.write(record(8, 1));
    const [first] = recordsOf(reader.drain(9));
    ring.data.fill(9);
    expect(first).toEqual(record(8, 1));
  });
});
