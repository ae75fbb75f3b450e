// Between objects and bytes of C: what the generated codecs (layout.ts) stand on.

/** The most that fits. */
const max8 = 0xff;
const max16 = 0xffff;
const max32 = 0xffffffff;
const max64 = 0xffffffffffffffffn;

const fits = (value: number, max: number): number => {
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new RangeError(`${value} is no whole number from 0 to ${max}`);
};

/** Memory that is read and written by offsets in bytes. Integers are unsigned, little-endian unless `be`; what does not fit throws RangeError. */
export class StructMemory {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8 = (at: number): number => this.#view.getUint8(at);
  u16 = (at: number): number => this.#view.getUint16(at, true);
  u16be = (at: number): number => this.#view.getUint16(at);
  u32 = (at: number): number => this.#view.getUint32(at, true);
  u32be = (at: number): number => this.#view.getUint32(at);
  u64 = (at: number): bigint => this.#view.getBigUint64(at, true);
  /** A copy. */
  bytes = (at: number, size: number): Uint8Array => this.#bytes.slice(at, at + size);

  setU8 = (at: number, value: number): void => this.#view.setUint8(at, fits(value, max8));
  setU16 = (at: number, value: number): void => this.#view.setUint16(at, fits(value, max16), true);
  setU16be = (at: number, value: number): void => this.#view.setUint16(at, fits(value, max16));
  setU32 = (at: number, value: number): void => this.#view.setUint32(at, fits(value, max32), true);
  setU32be = (at: number, value: number): void => this.#view.setUint32(at, fits(value, max32));
  setU64 = (at: number, value: bigint): void => {
    if (value < 0n || value > max64) throw new RangeError(`${value} is no whole number of 64 bits`);
    this.#view.setBigUint64(at, value, true);
  };
  setBytes = (at: number, size: number, value: Uint8Array): void => {
    if (value.byteLength !== size) throw new RangeError(`${value.byteLength} bytes are not ${size}`);
    this.#bytes.set(value, at);
  };
}

/** One type of C. Bytes that no member has (`reserved`) are zero when written and passed over when read. */
export interface StructCodec<T> {
  /** In bytes. */
  readonly size: number;
  readonly read: (from: StructMemory, at: number) => T;
  readonly write: (to: StructMemory, at: number, value: T) => void;
}

/** Rows of equal size behind each other. @throws RangeError for a value that does not fit */
export function encodeRows<T>(codec: StructCodec<T>, rows: readonly T[]): Uint8Array {
  const bytes = new Uint8Array(codec.size * rows.length);
  const memory = new StructMemory(bytes);
  for (const [index, row] of rows.entries()) codec.write(memory, index * codec.size, row);
  return bytes;
}

/** The inverse of `encodeRows`. @throws RangeError where the bytes are no whole rows */
export function decodeRows<T>(codec: StructCodec<T>, bytes: Uint8Array): T[] {
  const count = bytes.byteLength / codec.size;
  if (!Number.isInteger(count))
    throw new RangeError(`${bytes.byteLength} bytes are no rows of ${codec.size}`);
  const memory = new StructMemory(bytes);
  return Array.from({ length: count }, (_, index) => codec.read(memory, index * codec.size));
}

/** Keys and values that are no structs. */
export const u8: StructCodec<number> = {
  size: 1,
  read: (from, at) => from.u8(at),
  write: (to, at, value) => to.setU8(at, value),
};
export const u32: StructCodec<number> = {
  size: 4,
  read: (from, at) => from.u32(at),
  write: (to, at, value) => to.setU32(at, value),
};
export const u64: StructCodec<bigint> = {
  size: 8,
  read: (from, at) => from.u64(at),
  write: (to, at, value) => to.setU64(at, value),
};
/** 16 bytes: `struct lb_address`. */
export const address: StructCodec<Uint8Array> = {
  size: 16,
  read: (from, at) => from.bytes(at, 16),
  write: (to, at, value) => to.setBytes(at, 16, value),
};
