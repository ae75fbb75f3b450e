// Written by layout.golden.test.ts from the BTF of bpf/lb_structs.h; UPDATE_GOLDEN=1 writes it anew. Members have their names of C
// in camel case; `_be` ones are plain numbers, addresses 16 bytes, and reserved ones are zeros that are not shown.
import { address, u8, u32, u64 } from '../struct-codec.ts';
import {
  affinityKey,
  flowKey,
  fragmentKey,
  frontendKey,
  slotKey,
  sockReverseKey,
  sourceRangeKey,
} from './keys.ts';
import { affinity, backend, flow, fragment, frontend, scratch, settings, sockReverse } from './values.ts';

/** Codecs of keys and values, by map; a ring buffer has none. Of a per-CPU map: the value of one CPU. */
export const mapCodecs = {
  lb_frontends: { key: frontendKey, value: frontend },
  lb_slots: { key: slotKey, value: backend },
  lb_tables: { key: u64, value: u32 },
  lb_source_ranges: { key: sourceRangeKey, value: u8 },
  lb_node_addresses: { key: address, value: u8 },
  lb_peers: { key: u32, value: u8 },
  lb_settings: { key: u32, value: settings },
  lb_affinity: { key: affinityKey, value: affinity },
  lb_sock_reverse: { key: sockReverseKey, value: sockReverse },
  lb_origins: { key: flowKey, value: sockReverse },
  lb_conntrack: { key: flowKey, value: flow },
  lb_fragments: { key: fragmentKey, value: fragment },
  lb_lost: { key: u32, value: u64 },
  lb_counters: { key: u32, value: u64 },
  lb_scratch: { key: u32, value: scratch },
} as const;
