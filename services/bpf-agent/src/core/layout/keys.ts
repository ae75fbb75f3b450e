// Written by layout.golden.test.ts from the BTF of bpf/lb_structs.h; UPDATE_GOLDEN=1 writes it anew. Members have their names of C
// in camel case; `_be` ones are plain numbers, addresses 16 bytes, and reserved ones are zeros that are not shown.
import type { StructCodec } from '../struct-codec.ts';

/** `struct frontend_key`, 20 bytes. */
export interface FrontendKey {
  readonly address: Uint8Array;
  readonly port: number;
  readonly protocol: number;
  readonly scope: number;
}
export const frontendKey: StructCodec<FrontendKey> = {
  size: 20,
  read: (from, at) => ({
    address: from.bytes(at, 16),
    port: from.u16be(at + 16),
    protocol: from.u8(at + 18),
    scope: from.u8(at + 19),
  }),
  write: (to, at, value) => {
    to.setBytes(at, 16, value.address);
    to.setU16be(at + 16, value.port);
    to.setU8(at + 18, value.protocol);
    to.setU8(at + 19, value.scope);
  },
};

/** `struct slot_key`, 16 bytes. */
export interface SlotKey {
  readonly set: bigint;
  readonly slot: number;
}
export const slotKey: StructCodec<SlotKey> = {
  size: 16,
  read: (from, at) => ({
    set: from.u64(at),
    slot: from.u32(at + 8),
  }),
  write: (to, at, value) => {
    to.setU64(at, value.set);
    to.setU32(at + 8, value.slot);
  },
};

/** `struct source_range_key`, 28 bytes. */
export interface SourceRangeKey {
  readonly prefixBits: number;
  readonly group: Uint8Array;
  readonly client: Uint8Array;
}
export const sourceRangeKey: StructCodec<SourceRangeKey> = {
  size: 28,
  read: (from, at) => ({
    prefixBits: from.u32(at),
    group: from.bytes(at + 4, 8),
    client: from.bytes(at + 12, 16),
  }),
  write: (to, at, value) => {
    to.setU32(at, value.prefixBits);
    to.setBytes(at + 4, 8, value.group);
    to.setBytes(at + 12, 16, value.client);
  },
};

/** `struct affinity_key`, 32 bytes. */
export interface AffinityKey {
  readonly client: Uint8Array;
  readonly group: bigint;
  readonly kind: number;
}
export const affinityKey: StructCodec<AffinityKey> = {
  size: 32,
  read: (from, at) => ({
    client: from.bytes(at, 16),
    group: from.u64(at + 16),
    kind: from.u32(at + 24),
  }),
  write: (to, at, value) => {
    to.setBytes(at, 16, value.client);
    to.setU64(at + 16, value.group);
    to.setU32(at + 24, value.kind);
  },
};

/** `struct sock_reverse_key`, 32 bytes. */
export interface SockReverseKey {
  readonly cookie: bigint;
  readonly address: Uint8Array;
  readonly port: number;
}
export const sockReverseKey: StructCodec<SockReverseKey> = {
  size: 32,
  read: (from, at) => ({
    cookie: from.u64(at),
    address: from.bytes(at + 8, 16),
    port: from.u16be(at + 24),
  }),
  write: (to, at, value) => {
    to.setU64(at, value.cookie);
    to.setBytes(at + 8, 16, value.address);
    to.setU16be(at + 24, value.port);
  },
};

/** `struct flow_key`, 40 bytes. */
export interface FlowKey {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly protocol: number;
  readonly hook: number;
}
export const flowKey: StructCodec<FlowKey> = {
  size: 40,
  read: (from, at) => ({
    source: from.bytes(at, 16),
    destination: from.bytes(at + 16, 16),
    sourcePort: from.u16be(at + 32),
    destinationPort: from.u16be(at + 34),
    protocol: from.u8(at + 36),
    hook: from.u8(at + 37),
  }),
  write: (to, at, value) => {
    to.setBytes(at, 16, value.source);
    to.setBytes(at + 16, 16, value.destination);
    to.setU16be(at + 32, value.sourcePort);
    to.setU16be(at + 34, value.destinationPort);
    to.setU8(at + 36, value.protocol);
    to.setU8(at + 37, value.hook);
  },
};

/** `struct fragment_key`, 40 bytes. */
export interface FragmentKey {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly identification: number;
  readonly protocol: number;
  readonly hook: number;
}
export const fragmentKey: StructCodec<FragmentKey> = {
  size: 40,
  read: (from, at) => ({
    source: from.bytes(at, 16),
    destination: from.bytes(at + 16, 16),
    identification: from.u32(at + 32),
    protocol: from.u8(at + 36),
    hook: from.u8(at + 37),
  }),
  write: (to, at, value) => {
    to.setBytes(at, 16, value.source);
    to.setBytes(at + 16, 16, value.destination);
    to.setU32(at + 32, value.identification);
    to.setU8(at + 36, value.protocol);
    to.setU8(at + 37, value.hook);
  },
};
