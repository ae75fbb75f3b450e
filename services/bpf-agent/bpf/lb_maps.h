/* The maps. Their names are what the agent pins them under. */
#pragma once

#include "lb_consts.h"
#include "lb_kernel.h"
#include "lb_structs.h"

/* ---- Written by the agent, from the log ---- */

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, FRONTENDS_MAX);
    __type(key, struct frontend_key);
    __type(value, struct frontend);
} lb_frontends SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, SLOTS_MAX);
    __type(key, struct slot_key);
    __type(value, struct backend);
} lb_slots SEC(".maps");

/** A Maglev table: which slot of lb_slots a hash falls on. BPF_F_INNER_MAP: each set's table may have a size of its own. */
struct lb_table {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_INNER_MAP);
    __uint(max_entries, TABLE_SLOTS_MAX);
    __type(key, __u32);
    __type(value, __u32);
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, TABLES_MAX);
    __type(key, __u64); /* the set */
    __array(values, struct lb_table);
} lb_tables SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, SOURCE_RANGES_MAX);
    __type(key, struct source_range_key);
    __type(value, __u8);
} lb_source_ranges SEC(".maps");

/** Addresses of this node, at which NodePorts answer. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, NODE_ADDRESSES_MAX);
    __type(key, struct lb_address);
    __type(value, __u8);
} lb_node_addresses SEC(".maps");

/** Interfaces of this node (veth, netkit) whose other end is in a pod: packets from outside to it skip the node's own stack. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, PEERS_MAX);
    __type(key, __u32); /* interface index */
    __type(value, __u8);
} lb_peers SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct settings);
} lb_settings SEC(".maps");

/* ---- Written by the programs ---- */

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, AFFINITY_MAX);
    __type(key, struct affinity_key);
    __type(value, struct affinity);
} lb_affinity SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, SOCK_REVERSE_MAX);
    __type(key, struct sock_reverse_key);
    __type(value, struct sock_reverse);
} lb_sock_reverse SEC(".maps");

/** Where clients on this node connected to that a proxy of the node serves; key: the connection's answers, with HOOK_SOCKET. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, ORIGINS_MAX);
    __type(key, struct flow_key);
    __type(value, struct sock_reverse);
} lb_origins SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, CONNTRACK_MAX);
    __type(key, struct flow_key);
    __type(value, struct flow);
} lb_conntrack SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, FRAGMENTS_MAX);
    __type(key, struct fragment_key);
    __type(value, struct fragment);
} lb_fragments SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, EVENT_BYTES);
} lb_events SEC(".maps");

/** Events that found the ring buffer full; the kernel itself keeps no such count. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} lb_lost SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, COUNTER_LIMIT);
    __type(key, __u32); /* enum lb_counter */
    __type(value, __u64);
} lb_counters SEC(".maps");
