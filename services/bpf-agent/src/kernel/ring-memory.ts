// The memory of a ring buffer, shared with the kernel.
import type { RingMemory } from '../core/ring-reader.ts';
import { failed, type Libbpf, lastErrno, memoryAt, type Pointer } from './libbpf.ts';
import type { OpenMap } from './map-reading.ts';

/** sys/mman.h */
const protection = { read: 1, write: 2 };
const shared = 1;
const mapFailed = 0xffffffffffffffffn;
const pageBytes = 4_096;

/** Maps the ring into this process; it stays until the process ends. @throws KernelError `failed` */
export function mapRing(libbpf: Libbpf, map: OpenMap): RingMemory {
  const at = (length: number, access: number, offset: number): Pointer => {
    const pointer = libbpf.mmap(null, BigInt(length), access, shared, map.fd, BigInt(offset));
    if (pointer === null || pointer === mapFailed)
      throw failed(lastErrno(), `mapping ${map.name} into memory`);
    return pointer;
  };
  const own = memoryAt(at(pageBytes, protection.read | protection.write, 0), pageBytes);
  const theirs = memoryAt(
    at(pageBytes + 2 * map.maxEntries, protection.read, pageBytes),
    pageBytes + 2 * map.maxEntries,
  );
  return {
    consumed: new BigUint64Array(own.buffer, 0, 1),
    produced: new BigUint64Array(theirs.buffer, 0, 1),
    data: new Uint8Array(theirs.buffer, pageBytes),
  };
}
