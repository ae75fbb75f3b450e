// Reading maps in batches. A batch is done in pieces, so that the process looks at its events and messages in between.
import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MapName, MapPage, MapRows } from '../core/kernel-port.ts';
import { errno } from './errno.ts';
import { failed, type Libbpf } from './libbpf.ts';
import { NumberCell } from './options.ts';

/** Entries of one call: some 2 ms. */
const pieceEntries = 4_096;
/** linux/bpf.h */
const perCpuTypes: ReadonlySet<number> = new Set([5, 6, 10, 21]);
/** Hash maps, LRU hash maps, tries and hash maps of maps, also those of each CPU. */
const keyedTypes: ReadonlySet<number> = new Set([1, 5, 9, 10, 11, 13]);

/** A map in the kernel. */
export interface OpenMap {
  readonly name: MapName;
  readonly fd: number;
  readonly type: number;
  readonly keySize: number;
  /** Of one CPU. */
  readonly valueSize: number;
  readonly maxEntries: number;
}

/** Whether its entries come and go. */
export const hasKeys = ({ type }: OpenMap): boolean => keyedTypes.has(type);

const sizeOfValue = (libbpf: Libbpf, map: OpenMap): number =>
  perCpuTypes.has(map.type) ? ((map.valueSize + 7) & ~7) * libbpf.libbpf_num_possible_cpus() : map.valueSize;

/** The rows after `from`; null: from the beginning. */
function read(libbpf: Libbpf, map: OpenMap, from: Uint8Array | null): MapPage {
  const valueSize = sizeOfValue(libbpf, map);
  for (let entries = Math.min(pieceEntries, map.maxEntries); ; entries *= 2) {
    const keys = new Uint8Array(entries * map.keySize);
    const values = new Uint8Array(entries * valueSize);
    const count = new NumberCell(entries);
    const next = new Uint8Array(Math.max(8, map.keySize));
    const result = libbpf.bpf_map_lookup_batch(map.fd, from, next, keys, values, count.bytes, null);
    // one bucket of a hash map holds more than there was room for
    if (-result === errno.ENOSPC && entries < 2 * map.maxEntries) continue;
    if (result < 0 && -result !== errno.ENOENT) throw failed(-result, `reading ${map.name}`);
    return {
      keys: keys.subarray(0, count.value * map.keySize),
      values: values.subarray(0, count.value * valueSize),
      count: count.value,
      next: result < 0 ? null : next,
    };
  }
}

/** Some rows. */
export async function readPage(libbpf: Libbpf, map: OpenMap, from: Uint8Array | null): Promise<MapPage> {
  const page = read(libbpf, map, from);
  await nextTurn();
  return page;
}

async function* pages(libbpf: Libbpf, map: OpenMap): AsyncGenerator<MapPage> {
  for (let from: Uint8Array | null = null; ; ) {
    const page: MapPage = await readPage(libbpf, map, from);
    yield page;
    if (page.next === null) return;
    from = page.next;
  }
}

/** All rows. */
export async function dumpMap(libbpf: Libbpf, map: OpenMap): Promise<MapRows> {
  const found: MapPage[] = [];
  for await (const page of pages(libbpf, map)) found.push(page);
  return {
    keys: Buffer.concat(found.map(({ keys }) => keys)),
    values: Buffer.concat(found.map(({ values }) => values)),
    count: found.reduce((sum, { count }) => sum + count, 0),
  };
}

/** How many rows there are: the kernel keeps no number that it would tell. */
export async function countEntries(libbpf: Libbpf, map: OpenMap): Promise<number> {
  let entries = 0;
  for await (const { count } of pages(libbpf, map)) entries += count;
  return entries;
}

/** Bytes of a map in the kernel (`memlock` of proc_pid_fdinfo(5)); 0 where the kernel does not say. */
export function memoryOf(fd: number): number {
  const text = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
  return Number(/^memlock:\s*(\d+)/m.exec(text)?.[1] ?? 0);
}
