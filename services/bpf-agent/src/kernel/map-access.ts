// Writing maps in batches. A batch is done in pieces, so that the process looks at its events and messages in between.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { KernelError, type LookupTable, type MapKeys, type MapRows } from '../core/kernel-port.ts';
import { errno, errnoName } from './errno.ts';
import { check, failed, type Libbpf } from './libbpf.ts';
import type { OpenMap } from './map-reading.ts';
import { NumberCell, StructWriter } from './options.ts';

/** Entries of one call: some 2 ms. */
const pieceEntries = 4_096;
/** linux/bpf.h */
const arrayType = 2;
const innerMapFlag = 1 << 12;
const fullErrors: readonly number[] = [errno.E2BIG, errno.ENOMEM, errno.ENOSPC];

const piece = (bytes: Uint8Array, size: number, from: number, to: number): Uint8Array =>
  bytes.subarray(from * size, to * size);

function checkSizes(map: OpenMap, { keys, values, count }: MapKeys & { values?: Uint8Array }): void {
  const want = (what: string, bytes: Uint8Array, size: number) => {
    if (bytes.byteLength !== size * count)
      throw failed(
        errno.EINVAL,
        `${map.name}: ${count} ${what} of ${size} bytes each are not ${bytes.byteLength} bytes`,
      );
  };
  want('keys', keys, map.keySize);
  if (values !== undefined) want('values', values, map.valueSize);
}

/** Writes rows in order. @throws KernelError `map-full`; the rows before the one that did not fit are written */
export async function updateMap(libbpf: Libbpf, map: OpenMap, rows: MapRows): Promise<void> {
  checkSizes(map, rows);
  for (let from = 0; from < rows.count; from += pieceEntries) {
    const to = Math.min(rows.count, from + pieceEntries);
    const keys = piece(rows.keys, map.keySize, from, to);
    const values = piece(rows.values, map.valueSize, from, to);
    const count = new NumberCell(to - from);
    const result = libbpf.bpf_map_update_batch(map.fd, keys, values, count.bytes, null);
    if (result < 0) throw updateFault(map, -result, from + count.value);
    if (to < rows.count) await nextTurn();
  }
}

function updateFault(map: OpenMap, number: number, written: number): KernelError {
  if (!fullErrors.includes(number)) return failed(number, `writing ${map.name} after ${written} rows`);
  const message = `${map.name} is full: it holds ${map.maxEntries} entries at most (${errnoName(number)})`;
  return new KernelError({ kind: 'map-full', map: map.name, message });
}

/** Removes rows; keys that are not there are passed over. */
export async function removeFromMap(libbpf: Libbpf, map: OpenMap, rows: MapKeys): Promise<void> {
  checkSizes(map, rows);
  let from = 0;
  while (from < rows.count) {
    const to = Math.min(rows.count, from + pieceEntries);
    const count = new NumberCell(to - from);
    const result = libbpf.bpf_map_delete_batch(
      map.fd,
      piece(rows.keys, map.keySize, from, to),
      count.bytes,
      null,
    );
    if (result >= 0) from = to;
    else if (-result === errno.ENOENT) from += count.value + 1;
    else throw failed(-result, `removing from ${map.name}`);
    if (from < rows.count) await nextTurn();
  }
}

/** Tables of one batch: so many inner maps are open at a time. */
const pieceTables = 256;

/** Writes Maglev tables: an inner map for each, then all of a piece into the outer map at once (one by one costs 20 ms each). */
export async function updateTables(
  libbpf: Libbpf,
  map: OpenMap,
  tables: readonly LookupTable[],
): Promise<void> {
  for (let from = 0; from < tables.length; from += pieceTables) {
    const part = tables.slice(from, from + pieceTables);
    const opened: number[] = [];
    try {
      for (const { slots } of part) opened.push(createTable(libbpf, slots));
      const keys = new Uint8Array(BigUint64Array.from(part, ({ set }) => set).buffer);
      const values = new Uint8Array(Uint32Array.from(opened).buffer);
      await updateMap(libbpf, map, { keys, values, count: part.length });
    } finally {
      for (const fd of opened) libbpf.close(fd);
    }
    await nextTurn();
  }
}

/** An inner map that holds `slots`. Its descriptor is the caller's. */
function createTable(libbpf: Libbpf, slots: Uint32Array): number {
  const options = new StructWriter(48).u64(48n).u32(0).u32(0).u32(0).u32(0).u32(0).u32(innerMapFlag).bytes;
  const fd = check(
    libbpf.bpf_map_create(arrayType, 'lb_table', 4, 4, slots.length, options),
    'making a Maglev table',
  );
  const keys = new Uint8Array(Uint32Array.from(slots, (_, index) => index).buffer);
  const values = new Uint8Array(slots.buffer, slots.byteOffset, slots.byteLength);
  const result = libbpf.bpf_map_update_batch(fd, keys, values, new NumberCell(slots.length).bytes, null);
  if (result >= 0) return fd;
  libbpf.close(fd);
  throw failed(-result, 'filling a Maglev table');
}
