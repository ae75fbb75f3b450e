/* The kernel's side of the programs: helpers by their numbers of linux/bpf.h, map declarations as libbpf reads them from BTF. */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>

#define SEC(name) __attribute__((section(name), used))
#define ALWAYS_INLINE inline __attribute__((always_inline))
/** What few packets need stands in a function of its own, so that the way of the many is short: instructions are a cache's content too. */
#define SELDOM __attribute__((noinline))

/* Members of a map's declaration: a number is the length of an array, a type a pointer's target. */
#define __uint(name, number) int(*name)[number]
#define __type(name, of) __typeof__(of) *name
#define __array(name, of) __typeof__(of) *name[]

/** Keeps a value in a register as the verifier knows it: without it clang drops a bound check that it can prove itself, as after `%`. */
#define KEEP(value) __asm__ volatile("" : "+r"(value))

static void *(*const bpf_map_lookup_elem)(void *map, const void *key) = (void *)BPF_FUNC_map_lookup_elem;
static long (*const bpf_map_update_elem)(void *map, const void *key, const void *value,
                                         __u64 flags) = (void *)BPF_FUNC_map_update_elem;
static long (*const bpf_map_delete_elem)(void *map, const void *key) = (void *)BPF_FUNC_map_delete_elem;
static __u64 (*const bpf_ktime_get_ns)(void) = (void *)BPF_FUNC_ktime_get_ns;
static __u64 (*const bpf_ktime_get_coarse_ns)(void) = (void *)BPF_FUNC_ktime_get_coarse_ns;
static __u32 (*const bpf_get_prandom_u32)(void) = (void *)BPF_FUNC_get_prandom_u32;
static __u64 (*const bpf_get_socket_cookie)(void *context) = (void *)BPF_FUNC_get_socket_cookie;
static __u64 (*const bpf_get_netns_cookie)(void *context) = (void *)BPF_FUNC_get_netns_cookie;
static long (*const bpf_loop)(__u32 count, void *callback, void *context, __u64 flags) = (void *)BPF_FUNC_loop;
static long (*const bpf_skb_load_bytes)(const void *skb, __u32 offset, void *into, __u32 length) = (void *)BPF_FUNC_skb_load_bytes;
static long (*const bpf_skb_store_bytes)(struct __sk_buff *skb, __u32 offset, const void *from, __u32 length, __u64 flags) = (void *)BPF_FUNC_skb_store_bytes;
static long (*const bpf_l3_csum_replace)(struct __sk_buff *skb, __u32 offset, __u64 from, __u64 to, __u64 size) = (void *)BPF_FUNC_l3_csum_replace;
static long (*const bpf_l4_csum_replace)(struct __sk_buff *skb, __u32 offset, __u64 from, __u64 to, __u64 flags) = (void *)BPF_FUNC_l4_csum_replace;
static __s64 (*const bpf_csum_diff)(const __u32 *from, __u32 from_size, const __u32 *to, __u32 to_size, __u32 seed) = (void *)BPF_FUNC_csum_diff;
static long (*const bpf_skb_change_tail)(struct __sk_buff *skb, __u32 length, __u64 flags) = (void *)BPF_FUNC_skb_change_tail;
static long (*const bpf_skb_adjust_room)(struct __sk_buff *skb, __s32 by, __u32 mode, __u64 flags) = (void *)BPF_FUNC_skb_adjust_room;
static long (*const bpf_redirect)(__u32 ifindex, __u64 flags) = (void *)BPF_FUNC_redirect;
static long (*const bpf_redirect_peer)(__u32 ifindex, __u64 flags) = (void *)BPF_FUNC_redirect_peer;
static long (*const bpf_fib_lookup)(void *context, struct bpf_fib_lookup *route, int size, __u32 flags) = (void *)BPF_FUNC_fib_lookup;
static long (*const bpf_sock_ops_cb_flags_set)(struct bpf_sock_ops *context, int flags) = (void *)BPF_FUNC_sock_ops_cb_flags_set;
static int (*const bpf_set_retval)(int value) = (void *)BPF_FUNC_set_retval;
static void *(*const bpf_ringbuf_reserve)(void *ring, __u64 size, __u64 flags) = (void *)BPF_FUNC_ringbuf_reserve;
static void (*const bpf_ringbuf_submit)(void *record, __u64 flags) = (void *)BPF_FUNC_ringbuf_submit;

/** Byte orders: the object is built for little-endian kernels (target bpfel). */
static ALWAYS_INLINE __be16 to_be16(__u16 host) { return __builtin_bswap16(host); }
static ALWAYS_INLINE __u16 from_be16(__be16 network) { return __builtin_bswap16(network); }
static ALWAYS_INLINE __be32 to_be32(__u32 host) { return __builtin_bswap32(host); }
static ALWAYS_INLINE __u32 from_be32(__be32 network) { return __builtin_bswap32(network); }

/** How long ago `since_ns` was. Another CPU may have written it after this one has looked at the clock: then it is now. */
static ALWAYS_INLINE __u64 elapsed_ns(__u64 since_ns, __u64 now_ns) { return now_ns > since_ns ? now_ns - since_ns : 0; }
