// Written by layout.golden.test.ts from the BTF of bpf/lb_structs.h; UPDATE_GOLDEN=1 writes it anew. Members have their names of C
// in camel case; `_be` ones are plain numbers, addresses 16 bytes, and reserved ones are zeros that are not shown.
import type { StructCodec } from '../struct-codec.ts';
import {
  type AffinityKey,
  affinityKey,
  type FlowKey,
  type FrontendKey,
  flowKey,
  frontendKey,
} from './keys.ts';

/** `struct frontend`, 32 bytes. */
export interface Frontend {
  readonly set: bigint;
  readonly group: bigint;
  readonly count: number;
  readonly affinityTimeoutS: number;
  readonly tableSize: number;
  readonly algorithm: number;
  readonly flags: number;
}
export const frontend: StructCodec<Frontend> = {
  size: 32,
  read: (from, at) => ({
    set: from.u64(at),
    group: from.u64(at + 8),
    count: from.u32(at + 16),
    affinityTimeoutS: from.u32(at + 20),
    tableSize: from.u32(at + 24),
    algorithm: from.u8(at + 28),
    flags: from.u8(at + 29),
  }),
  write: (to, at, value) => {
    to.setU64(at, value.set);
    to.setU64(at + 8, value.group);
    to.setU32(at + 16, value.count);
    to.setU32(at + 20, value.affinityTimeoutS);
    to.setU32(at + 24, value.tableSize);
    to.setU8(at + 28, value.algorithm);
    to.setU8(at + 29, value.flags);
  },
};

/** `struct backend`, 20 bytes. */
export interface Backend {
  readonly address: Uint8Array;
  readonly port: number;
  readonly flags: number;
}
export const backend: StructCodec<Backend> = {
  size: 20,
  read: (from, at) => ({
    address: from.bytes(at, 16),
    port: from.u16be(at + 16),
    flags: from.u8(at + 18),
  }),
  write: (to, at, value) => {
    to.setBytes(at, 16, value.address);
    to.setU16be(at + 16, value.port);
    to.setU8(at + 18, value.flags);
  },
};

/** `struct settings`, 48 bytes. */
export interface Settings {
  readonly nodeIpv4: Uint8Array;
  readonly nodeIpv6: Uint8Array;
  readonly hashSeed: number;
  readonly snatPortMin: number;
  readonly snatPortMax: number;
  readonly events: number;
  readonly hasPeers: number;
}
export const settings: StructCodec<Settings> = {
  size: 48,
  read: (from, at) => ({
    nodeIpv4: from.bytes(at, 16),
    nodeIpv6: from.bytes(at + 16, 16),
    hashSeed: from.u32(at + 32),
    snatPortMin: from.u16(at + 36),
    snatPortMax: from.u16(at + 38),
    events: from.u32(at + 40),
    hasPeers: from.u32(at + 44),
  }),
  write: (to, at, value) => {
    to.setBytes(at, 16, value.nodeIpv4);
    to.setBytes(at + 16, 16, value.nodeIpv6);
    to.setU32(at + 32, value.hashSeed);
    to.setU16(at + 36, value.snatPortMin);
    to.setU16(at + 38, value.snatPortMax);
    to.setU32(at + 40, value.events);
    to.setU32(at + 44, value.hasPeers);
  },
};

/** `struct affinity`, 40 bytes. */
export interface Affinity {
  readonly set: bigint;
  readonly usedNs: bigint;
  readonly backend: Backend;
}
export const affinity: StructCodec<Affinity> = {
  size: 40,
  read: (from, at) => ({
    set: from.u64(at),
    usedNs: from.u64(at + 8),
    backend: backend.read(from, at + 16),
  }),
  write: (to, at, value) => {
    to.setU64(at, value.set);
    to.setU64(at + 8, value.usedNs);
    backend.write(to, at + 16, value.backend);
  },
};

/** `struct sock_reverse`, 20 bytes. */
export interface SockReverse {
  readonly address: Uint8Array;
  readonly port: number;
  readonly flags: number;
}
export const sockReverse: StructCodec<SockReverse> = {
  size: 20,
  read: (from, at) => ({
    address: from.bytes(at, 16),
    port: from.u16be(at + 16),
    flags: from.u8(at + 18),
  }),
  write: (to, at, value) => {
    to.setBytes(at, 16, value.address);
    to.setU16be(at + 16, value.port);
    to.setU8(at + 18, value.flags);
  },
};

/** `struct flow`, 40 bytes. */
export interface Flow {
  readonly set: bigint;
  readonly usedNs: bigint;
  readonly address: Uint8Array;
  readonly port: number;
  readonly snatPort: number;
  readonly state: number;
  readonly flags: number;
  readonly otherPort: number;
}
export const flow: StructCodec<Flow> = {
  size: 40,
  read: (from, at) => ({
    set: from.u64(at),
    usedNs: from.u64(at + 8),
    address: from.bytes(at + 16, 16),
    port: from.u16be(at + 32),
    snatPort: from.u16be(at + 34),
    state: from.u8(at + 36),
    flags: from.u8(at + 37),
    otherPort: from.u16be(at + 38),
  }),
  write: (to, at, value) => {
    to.setU64(at, value.set);
    to.setU64(at + 8, value.usedNs);
    to.setBytes(at + 16, 16, value.address);
    to.setU16be(at + 32, value.port);
    to.setU16be(at + 34, value.snatPort);
    to.setU8(at + 36, value.state);
    to.setU8(at + 37, value.flags);
    to.setU16be(at + 38, value.otherPort);
  },
};

/** `struct fragment`, 4 bytes. */
export interface Fragment {
  readonly sourcePort: number;
  readonly destinationPort: number;
}
export const fragment: StructCodec<Fragment> = {
  size: 4,
  read: (from, at) => ({
    sourcePort: from.u16be(at),
    destinationPort: from.u16be(at + 2),
  }),
  write: (to, at, value) => {
    to.setU16be(at, value.sourcePort);
    to.setU16be(at + 2, value.destinationPort);
  },
};

/** `struct packet`, 64 bytes. */
export interface Packet {
  readonly flow: FlowKey;
  readonly ipOffset: number;
  readonly l4Offset: number;
  readonly endOffset: number;
  readonly identification: number;
  readonly isIpv6: number;
  readonly fragment: number;
  readonly tcpFlags: number;
  readonly lead: Uint8Array;
}
export const packet: StructCodec<Packet> = {
  size: 64,
  read: (from, at) => ({
    flow: flowKey.read(from, at),
    ipOffset: from.u32(at + 40),
    l4Offset: from.u32(at + 44),
    endOffset: from.u32(at + 48),
    identification: from.u32(at + 52),
    isIpv6: from.u8(at + 56),
    fragment: from.u8(at + 57),
    tcpFlags: from.u8(at + 58),
    lead: from.bytes(at + 60, 4),
  }),
  write: (to, at, value) => {
    flowKey.write(to, at, value.flow);
    to.setU32(at + 40, value.ipOffset);
    to.setU32(at + 44, value.l4Offset);
    to.setU32(at + 48, value.endOffset);
    to.setU32(at + 52, value.identification);
    to.setU8(at + 56, value.isIpv6);
    to.setU8(at + 57, value.fragment);
    to.setU8(at + 58, value.tcpFlags);
    to.setBytes(at + 60, 4, value.lead);
  },
};

/** `struct choice`, 128 bytes. */
export interface Choice {
  readonly key: FrontendKey;
  readonly frontend: Frontend;
  readonly sticky: AffinityKey;
  readonly stickyNs: bigint;
  readonly hash: number;
  readonly backend: Backend;
  readonly byHash: number;
  readonly reason: number;
}
export const choice: StructCodec<Choice> = {
  size: 128,
  read: (from, at) => ({
    key: frontendKey.read(from, at),
    frontend: frontend.read(from, at + 24),
    sticky: affinityKey.read(from, at + 56),
    stickyNs: from.u64(at + 88),
    hash: from.u32(at + 96),
    backend: backend.read(from, at + 100),
    byHash: from.u8(at + 120),
    reason: from.u8(at + 121),
  }),
  write: (to, at, value) => {
    frontendKey.write(to, at, value.key);
    frontend.write(to, at + 24, value.frontend);
    affinityKey.write(to, at + 56, value.sticky);
    to.setU64(at + 88, value.stickyNs);
    to.setU32(at + 96, value.hash);
    backend.write(to, at + 100, value.backend);
    to.setU8(at + 120, value.byHash);
    to.setU8(at + 121, value.reason);
  },
};

/** `struct client_port_search`, 136 bytes. */
export interface ClientPortSearch {
  readonly answer: FlowKey;
  readonly value: Flow;
  readonly request: FlowKey;
  readonly nowNs: bigint;
  readonly found: number;
}
export const clientPortSearch: StructCodec<ClientPortSearch> = {
  size: 136,
  read: (from, at) => ({
    answer: flowKey.read(from, at),
    value: flow.read(from, at + 40),
    request: flowKey.read(from, at + 80),
    nowNs: from.u64(at + 120),
    found: from.u32(at + 128),
  }),
  write: (to, at, value) => {
    flowKey.write(to, at, value.answer);
    flow.write(to, at + 40, value.value);
    flowKey.write(to, at + 80, value.request);
    to.setU64(at + 120, value.nowNs);
    to.setU32(at + 128, value.found);
  },
};

/** `struct port_search`, 104 bytes. */
export interface PortSearch {
  readonly answer: FlowKey;
  readonly value: Flow;
  readonly nowNs: bigint;
  readonly portMin: number;
  readonly portCount: number;
  readonly found: number;
}
export const portSearch: StructCodec<PortSearch> = {
  size: 104,
  read: (from, at) => ({
    answer: flowKey.read(from, at),
    value: flow.read(from, at + 40),
    nowNs: from.u64(at + 80),
    portMin: from.u32(at + 88),
    portCount: from.u32(at + 92),
    found: from.u32(at + 96),
  }),
  write: (to, at, value) => {
    flowKey.write(to, at, value.answer);
    flow.write(to, at + 40, value.value);
    to.setU64(at + 80, value.nowNs);
    to.setU32(at + 88, value.portMin);
    to.setU32(at + 92, value.portCount);
    to.setU32(at + 96, value.found);
  },
};

/** `struct searches`, 240 bytes. */
export interface Searches {
  readonly clientPort: ClientPortSearch;
  readonly port: PortSearch;
}
export const searches: StructCodec<Searches> = {
  size: 240,
  read: (from, at) => ({
    clientPort: clientPortSearch.read(from, at),
    port: portSearch.read(from, at + 136),
  }),
  write: (to, at, value) => {
    clientPortSearch.write(to, at, value.clientPort);
    portSearch.write(to, at + 136, value.port);
  },
};

/** `struct scratch`, 600 bytes. */
export interface Scratch {
  readonly packet: Packet;
  readonly quoted: Packet;
  readonly choice: Choice;
  readonly searches: Searches;
  readonly to: Flow;
  readonly route: Uint8Array;
}
export const scratch: StructCodec<Scratch> = {
  size: 600,
  read: (from, at) => ({
    packet: packet.read(from, at),
    quoted: packet.read(from, at + 64),
    choice: choice.read(from, at + 128),
    searches: searches.read(from, at + 256),
    to: flow.read(from, at + 496),
    route: from.bytes(at + 536, 64),
  }),
  write: (to, at, value) => {
    packet.write(to, at, value.packet);
    packet.write(to, at + 64, value.quoted);
    choice.write(to, at + 128, value.choice);
    searches.write(to, at + 256, value.searches);
    flow.write(to, at + 496, value.to);
    to.setBytes(at + 536, 64, value.route);
  },
};

/** `struct event`, 80 bytes. */
export interface Event {
  readonly timeNs: bigint;
  readonly cookie: bigint;
  readonly client: Uint8Array;
  readonly frontend: Uint8Array;
  readonly backend: Uint8Array;
  readonly clientPort: number;
  readonly frontendPort: number;
  readonly backendPort: number;
  readonly kind: number;
  readonly reason: number;
  readonly protocol: number;
  readonly hook: number;
}
export const event: StructCodec<Event> = {
  size: 80,
  read: (from, at) => ({
    timeNs: from.u64(at),
    cookie: from.u64(at + 8),
    client: from.bytes(at + 16, 16),
    frontend: from.bytes(at + 32, 16),
    backend: from.bytes(at + 48, 16),
    clientPort: from.u16be(at + 64),
    frontendPort: from.u16be(at + 66),
    backendPort: from.u16be(at + 68),
    kind: from.u8(at + 70),
    reason: from.u8(at + 71),
    protocol: from.u8(at + 72),
    hook: from.u8(at + 73),
  }),
  write: (to, at, value) => {
    to.setU64(at, value.timeNs);
    to.setU64(at + 8, value.cookie);
    to.setBytes(at + 16, 16, value.client);
    to.setBytes(at + 32, 16, value.frontend);
    to.setBytes(at + 48, 16, value.backend);
    to.setU16be(at + 64, value.clientPort);
    to.setU16be(at + 66, value.frontendPort);
    to.setU16be(at + 68, value.backendPort);
    to.setU8(at + 70, value.kind);
    to.setU8(at + 71, value.reason);
    to.setU8(at + 72, value.protocol);
    to.setU8(at + 73, value.hook);
  },
};
