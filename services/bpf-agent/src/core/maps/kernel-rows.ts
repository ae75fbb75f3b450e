// Between rows in words and the bytes of the kernel's maps.
import { formatIp, parseCidr, parseIp } from '@sluice/ir';
import type { LookupTable, MapKeys, MapName, MapRows } from '../kernel-port.ts';
import { mapCodecs } from '../layout/maps.ts';
import { decodeRows, encodeRows, type StructCodec } from '../struct-codec.ts';
import type { desiredMapNames } from './desired-map-names.ts';
import type { MapsDump } from './repair.ts';
import type { BackendRow, FrontendKey, FrontendRow, SourceRange } from './rows.ts';
import { type SlotRow, type Step, tableOf } from './steps.ts';

/** One call to the kernel. */
export type KernelCall =
  | { readonly kind: 'update'; readonly map: MapName; readonly rows: MapRows }
  | { readonly kind: 'remove'; readonly map: MapName; readonly rows: MapKeys }
  | { readonly kind: 'tables'; readonly tables: readonly LookupTable[] };

/** Rows of one call, at most: one that is long keeps the kernel's process from all else. */
const rowsOfCall = 4_096;
/** Tables of one call, at most: of 128 KiB each. */
const tablesOfCall = 64;

/** The calls of a step, in order. */
export function callsOf(step: Step): KernelCall[] {
  switch (step.kind) {
    case 'put-slots':
      return updates('lb_slots', step.rows, (row) => [slotKeyOf(row), backendOf(row.backend)]);
    case 'put-tables':
      return pieces(step.sets, tablesOfCall).map((sets) => ({
        kind: 'tables',
        tables: sets.map((set) => ({ set: idOf(set.id), slots: tableOf(set) })),
      }));
    case 'put-ranges':
      return updates('lb_source_ranges', step.rows, (row) => [rangeKeyOf(row), 1]);
    case 'put-frontends':
      return updates('lb_frontends', step.rows, (row) => [frontendKeyOf(row), frontendOf(row)]);
    case 'remove-frontends':
      return removals('lb_frontends', step.keys, frontendKeyOf);
    case 'remove-ranges':
      return removals('lb_source_ranges', step.keys, rangeKeyOf);
    case 'remove-tables':
      return removals('lb_tables', step.sets, idOf);
    case 'remove-slots':
      return removals('lb_slots', step.keys, slotKeyOf);
  }
}

/** Reads dumps of these maps. */
export function readDump(of: Readonly<Record<(typeof desiredMapNames)[number], MapRows>>): MapsDump {
  const { lb_frontends: frontends, lb_slots: slots } = mapCodecs;
  const backends = decodeRows(slots.value, of.lb_slots.values);
  const values = decodeRows(frontends.value, of.lb_frontends.values);
  return {
    frontends: decodeRows(frontends.key, of.lb_frontends.keys).flatMap((key, i): FrontendRow[] => {
      const value = values[i];
      if (value === undefined) return [];
      const { set, group, ...rest } = value;
      return [{ ...key, address: formatIp(key.address), ...rest, set: hexOf(set), group: hexOf(group) }];
    }),
    slots: decodeRows(slots.key, of.lb_slots.keys).flatMap(({ set, slot }, i): SlotRow[] => {
      const backend = backends[i];
      if (backend === undefined) return [];
      return [{ set: hexOf(set), slot, backend: { ...backend, address: formatIp(backend.address) } }];
    }),
    tables: decodeRows(mapCodecs.lb_tables.key, of.lb_tables.keys).map(hexOf),
    ranges: decodeRows(mapCodecs.lb_source_ranges.key, of.lb_source_ranges.keys).map(
      ({ prefixBits, group, client }): SourceRange => ({
        group: hexOf(new DataView(group.buffer, group.byteOffset, 8).getBigUint64(0, true)),
        range: rangeText(client, prefixBits - groupBits),
      }),
    ),
  };
}

/** The 16 bytes of an address that was checked before it became a row. */
export function addressOf(text: string): Uint8Array {
  const bytes = parseIp(text);
  if (bytes === undefined) throw new RangeError('a row has no IP address');
  return bytes;
}

/** Bits of the group before those of the client. */
const groupBits = 64;

function idOf(hex: string): bigint {
  return BigInt(`0x${hex}`);
}

function hexOf(id: bigint): string {
  return id.toString(16).padStart(16, '0');
}

function slotKeyOf({ set, slot }: { readonly set: string; readonly slot: number }) {
  return { set: idOf(set), slot };
}

function backendOf({ address, port, flags }: BackendRow) {
  return { address: addressOf(address), port, flags };
}

function frontendKeyOf({ address, port, protocol, scope }: FrontendKey) {
  return { address: addressOf(address), port, protocol, scope };
}

function frontendOf({ set, group, count, affinityTimeoutS, tableSize, algorithm, flags }: FrontendRow) {
  const ids = { set: idOf(set), group: idOf(group) };
  return { ...ids, count, affinityTimeoutS, tableSize, algorithm, flags };
}

function rangeKeyOf({ group, range }: SourceRange) {
  const parsed = parseCidr(range);
  if (parsed === undefined) throw new RangeError('a row has no range');
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, idOf(group), true);
  return { prefixBits: groupBits + parsed.length, group: bytes, client: parsed.bytes };
}

function rangeText(client: Uint8Array, length: number): string {
  const address = formatIp(client);
  return `${address}/${address.includes(':') ? length : length - 96}`;
}

function updates<T, M extends keyof typeof mapCodecs & MapName>(
  map: M,
  rows: readonly T[],
  entry: (row: T) => readonly [KeyOf<M>, ValueOf<M>],
): KernelCall[] {
  const { key, value } = codecsOf(map);
  return pieces(rows, rowsOfCall).map((piece) => {
    const entries = piece.map(entry);
    return {
      kind: 'update',
      map,
      rows: {
        keys: encodeRows(
          key,
          entries.map(([k]) => k),
        ),
        values: encodeRows(
          value,
          entries.map(([, v]) => v),
        ),
        count: piece.length,
      },
    };
  });
}

function removals<T, M extends keyof typeof mapCodecs & MapName>(
  map: M,
  rows: readonly T[],
  keyOf: (row: T) => KeyOf<M>,
): KernelCall[] {
  const { key } = codecsOf(map);
  return pieces(rows, rowsOfCall).map((piece) => ({
    kind: 'remove',
    map,
    rows: { keys: encodeRows(key, piece.map(keyOf)), count: piece.length },
  }));
}

type KeyOf<M extends keyof typeof mapCodecs & MapName> = CodecType<(typeof mapCodecs)[M]['key']>;
type ValueOf<M extends keyof typeof mapCodecs & MapName> = CodecType<(typeof mapCodecs)[M]['value']>;
type CodecType<C> = C extends StructCodec<infer T> ? T : never;

function codecsOf<M extends keyof typeof mapCodecs & MapName>(
  map: M,
): { key: StructCodec<KeyOf<M>>; value: StructCodec<ValueOf<M>> } {
  return mapCodecs[map] as unknown as { key: StructCodec<KeyOf<M>>; value: StructCodec<ValueOf<M>> };
}

function pieces<T>(rows: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, i) =>
    rows.slice(i * size, (i + 1) * size),
  );
}
