// Structs that libbpf and the kernel are handed, by hand: their size first, so that an older libbpf knows how much is there.

/** Writes fields one after the other, aligned as C does; all of them little-endian, as eBPF's targets here. */
export class StructWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  u32(value: number): this {
    this.#view.setUint32(this.#at, value >>> 0, true);
    this.#at += 4;
    return this;
  }

  u64(value: bigint): this {
    this.#at = (this.#at + 7) & ~7;
    this.#view.setBigUint64(this.#at, value, true);
    this.#at += 8;
    return this;
  }
}

/** A number that is read or written by a call. */
export class NumberCell {
  readonly bytes = new Uint8Array(4);
  readonly #view = new DataView(this.bytes.buffer);

  constructor(value: number) {
    this.value = value;
  }

  get value(): number {
    return this.#view.getUint32(0, true);
  }

  set value(value: number) {
    this.#view.setUint32(0, value, true);
  }
}
