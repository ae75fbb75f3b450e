// A small world in the maps, written as the agent would: Services by their addresses and backends.
import { addressBytes } from '../core/address.ts';
import type { Kernel, MapName } from '../core/kernel-port.ts';
import { mapCodecs } from '../core/layout/maps.ts';
import type { Frontend, Settings } from '../core/layout/values.ts';
import { decodeRows, encodeRows, type StructCodec } from '../core/struct-codec.ts';

/** `address:port`, IPv6 in brackets; `*` behind it: on another node. */
export type BackendText = string;

/** A Service port; numbers are those of bpf/lb_consts.h. */
export interface WorldService {
  /** `tcp 203.0.113.1:80`. */
  readonly at: string;
  /** Default 1, from outside. */
  readonly scope?: 0 | 1;
  /** The set's id; 0: no backends. */
  readonly set: bigint;
  readonly backends?: readonly BackendText[];
  readonly frontend?: Partial<Frontend>;
  /** A Maglev table of the set. */
  readonly table?: readonly number[];
}

const place = /^(\S+):(\d+)$/;

/** @throws Error for what is no address and port */
export function placeOf(text: string): { readonly address: Uint8Array; readonly port: number } {
  const [, address, port] = place.exec(text) ?? [];
  if (address === undefined) throw new Error(`${text} is no place`);
  return { address: addressBytes(address.replace(/^\[|\]$/g, '')), port: Number(port) };
}

type Codecs = typeof mapCodecs;
type RowName = Exclude<keyof Codecs, 'lb_tables'> & MapName;
type Row<Name extends RowName> = {
  readonly key: Codecs[Name]['key'] extends StructCodec<infer K> ? K : never;
  readonly value: Codecs[Name]['value'] extends StructCodec<infer V> ? V : never;
};

/** Writes one row. */
export function put<Name extends RowName>(kernel: Kernel, name: Name, row: Row<Name>): Promise<void> {
  const { key, value } = mapCodecs[name] as { key: StructCodec<unknown>; value: StructCodec<unknown> };
  return kernel.update(name, {
    keys: encodeRows(key, [row.key]),
    values: encodeRows(value, [row.value]),
    count: 1,
  });
}

/** All rows of a map. */
export async function rows<Name extends RowName>(kernel: Kernel, name: Name): Promise<Row<Name>[]> {
  const { keys, values } = await kernel.dump(name);
  const codecs = mapCodecs[name] as { key: StructCodec<unknown>; value: StructCodec<unknown> };
  const decoded = decodeRows(codecs.value, values);
  return decodeRows(codecs.key, keys).map((key, index) => ({ key, value: decoded[index] }) as Row<Name>);
}

/** Makes a Service what it is from now on: its set first, then its frontend. */
export async function putService(kernel: Kernel, service: WorldService): Promise<void> {
  const { at, scope = 1, set, backends = [], table } = service;
  const [protocol, text = ''] = at.split(' ');
  const { key: slotKey, value: slotValue } = mapCodecs.lb_slots;
  const values = backends.map((backend) => ({
    ...placeOf(backend.replace('*', '')),
    flags: backend.endsWith('*') ? 0 : 1,
  }));
  const keys = backends.map((_, slot) => ({ set, slot }));
  const slots = {
    keys: encodeRows(slotKey, keys),
    values: encodeRows(slotValue, values),
    count: keys.length,
  };
  if (keys.length > 0) await kernel.update('lb_slots', slots);
  if (table !== undefined) await kernel.updateTables([{ set, slots: Uint32Array.from(table) }]);
  const value: Frontend = {
    ...{ set, group: 7n, count: backends.length, affinityTimeoutS: 0 },
    ...{ tableSize: table?.length ?? 0, algorithm: table === undefined ? 0 : 1, flags: 0 },
    ...service.frontend,
  };
  await put(kernel, 'lb_frontends', {
    key: { ...placeOf(text), protocol: protocol === 'tcp' ? 6 : 17, scope },
    value,
  });
}

/** The node itself; by default 172.31.0.1 and fd31::1 with one port alone towards other nodes, 2000. */
export async function putNode(kernel: Kernel, settings: Partial<Settings> = {}): Promise<void> {
  const addresses = ['172.31.0.1', 'fd31::1'].map(addressBytes);
  const [nodeIpv4 = new Uint8Array(16), nodeIpv6 = new Uint8Array(16)] = addresses;
  for (const key of addresses) await put(kernel, 'lb_node_addresses', { key, value: 1 });
  const value = {
    nodeIpv4,
    nodeIpv6,
    hashSeed: 42,
    snatPortMin: 2000,
    snatPortMax: 2000,
    events: 0,
    hasPeers: 0,
    ...settings,
  };
  await put(kernel, 'lb_settings', { key: 0, value });
}
