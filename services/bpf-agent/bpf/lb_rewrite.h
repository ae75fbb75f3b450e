/* Changing addresses and ports of a packet, with every checksum that covers them. */
#pragma once

#include "lb_packet.h"

/** Which end of a packet is replaced. */
enum side {
    SIDE_SOURCE = 0,
    SIDE_DESTINATION = 1,
};

static ALWAYS_INLINE __u32 address_offset(__u32 ip_offset, int is_ipv6, enum side side)
{
    if (is_ipv6)
        return ip_offset + (side == SIDE_SOURCE ? __builtin_offsetof(struct ipv6hdr, saddr)
                                                : __builtin_offsetof(struct ipv6hdr, daddr));
    return ip_offset +
           (side == SIDE_SOURCE ? __builtin_offsetof(struct iphdr, saddr) : __builtin_offsetof(struct iphdr, daddr));
}

/** Adjusts the checksum at `offset` for another address in the pseudo header (RFC 9293 section 3.1, RFC 8200 section 8.1). */
static ALWAYS_INLINE int fix_pseudo_header(struct __sk_buff *skb, __u32 offset, const struct lb_address *from,
                                           const struct lb_address *to, __u64 flags)
{
    if (is_ipv4(to))
        return bpf_l4_csum_replace(skb, offset, ipv4_of(from), ipv4_of(to), flags | BPF_F_PSEUDO_HDR | 4) == 0;
    __s64 difference = bpf_csum_diff(words_in(from), sizeof(*from), words_in(to), sizeof(*to), 0);
    if (difference < 0)
        return 0;
    flags |= BPF_F_PSEUDO_HDR;
    /* Kernels before 6.16 do not know the flag, and need it only where the device summed the whole packet. */
    return bpf_l4_csum_replace(skb, offset, 0, difference, flags | BPF_F_IPV6) == 0 ||
           bpf_l4_csum_replace(skb, offset, 0, difference, flags) == 0;
}

/** Replaces an address in the IP header at `ip_offset` and mends that header's own checksum. */
static ALWAYS_INLINE int write_ip(struct __sk_buff *skb, __u32 ip_offset, enum side side, const struct lb_address *from,
                                  const struct lb_address *to)
{
    if (!is_ipv4(to))
        return bpf_skb_store_bytes(skb, address_offset(ip_offset, 1, side), to, sizeof(*to), 0) == 0;
    __u32 checksum = ip_offset + __builtin_offsetof(struct iphdr, check);
    __be32 address = ipv4_of(to);
    return bpf_l3_csum_replace(skb, checksum, ipv4_of(from), address, 4) == 0 &&
           bpf_skb_store_bytes(skb, address_offset(ip_offset, 0, side), &address, sizeof(address), 0) == 0;
}

static ALWAYS_INLINE __u32 checksum_offset(const struct packet *packet)
{
    return packet->l4_offset + (packet->flow.protocol == IPPROTO_TCP ? __builtin_offsetof(struct tcphdr, check)
                                                                     : __builtin_offsetof(struct udphdr, check));
}

static ALWAYS_INLINE __be16 port_at(const struct packet *packet, enum side side)
{
    return side == SIDE_SOURCE ? packet->flow.source_port_be : packet->flow.destination_port_be;
}

/** Replaces a port of the packet and mends the checksum at `checksum`; `flags` of bpf_l4_csum_replace. */
static ALWAYS_INLINE int write_port(struct __sk_buff *skb, const struct packet *packet, enum side side, __be16 port_be,
                                    __u32 checksum, __u64 flags)
{
    __be16 old_port_be = port_at(packet, side);
    __u32 offset = packet->l4_offset + (side == SIDE_SOURCE ? 0 : sizeof(__be16));
    if (old_port_be == port_be)
        return 1;
    return bpf_l4_csum_replace(skb, checksum, old_port_be, port_be, flags | sizeof(__be16)) == 0 &&
           bpf_skb_store_bytes(skb, offset, &port_be, sizeof(port_be), 0) == 0;
}

/** Replaces ports and mends the transport checksum for them and the address; a UDP checksum of 0 is none, and stays so. */
static ALWAYS_INLINE int write_transport(struct __sk_buff *skb, const struct packet *packet, enum side side,
                                         const struct lb_address *from, const struct flow *to)
{
    __u64 flags = packet->flow.protocol == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;
    __u32 checksum = checksum_offset(packet);
    if (!fix_pseudo_header(skb, checksum, from, &to->address, flags) ||
        !write_port(skb, packet, side, to->port_be, checksum, flags))
        return 0;
    return !to->other_port_be || write_port(skb, packet, !side, to->other_port_be, checksum, flags);
}

/** Replaces source or destination by what the flow says. False: the kernel refused, and the packet may be half changed. */
static ALWAYS_INLINE int rewrite(struct __sk_buff *skb, const struct packet *packet, enum side side, const struct flow *to)
{
    const struct lb_address *from = side == SIDE_SOURCE ? &packet->flow.source : &packet->flow.destination;
    if (is_ipv4(&to->address) == packet->is_ipv6)
        return 0;
    if (packet->fragment != FRAGMENT_LATER && !write_transport(skb, packet, side, from, to))
        return 0;
    return write_ip(skb, packet->ip_offset, side, from, &to->address);
}
