/* Addresses of either family in one form. */
#pragma once

#include <linux/in.h>

#include "lb_kernel.h"
#include "lb_structs.h"

/** The address as four words in network byte order. */
static ALWAYS_INLINE __u32 *words_of(struct lb_address *address) { return (__u32 *)address->bytes; }
static ALWAYS_INLINE const __u32 *words_in(const struct lb_address *address) { return (const __u32 *)address->bytes; }

static ALWAYS_INLINE void set_ipv4(struct lb_address *address, __be32 ipv4_be)
{
    __u32 *words = words_of(address);
    words[0] = 0;
    words[1] = 0;
    words[2] = to_be32(0xffff);
    words[3] = ipv4_be;
}

static ALWAYS_INLINE int is_ipv4(const struct lb_address *address)
{
    const __u32 *words = words_in(address);
    return words[0] == 0 && words[1] == 0 && words[2] == to_be32(0xffff);
}

static ALWAYS_INLINE __be32 ipv4_of(const struct lb_address *address) { return words_in(address)[3]; }

static ALWAYS_INLINE int is_zero(const struct lb_address *address)
{
    const __u32 *words = words_in(address);
    return (words[0] | words[1] | words[2] | words[3]) == 0;
}

static ALWAYS_INLINE int same_address(const struct lb_address *left, const struct lb_address *right)
{
    const __u32 *a = words_in(left);
    const __u32 *b = words_in(right);
    return ((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3])) == 0;
}
