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

/** The source's port and the destination's, as they stand in the packet. */
union ports {
    struct {
        __be16 source_be;
        __be16 destination_be;
    };
    __u32 both;
};

/** The ports of the packet as they will be. */
static ALWAYS_INLINE union ports ports_after(const struct packet *packet, enum side side, const struct flow *to)
{
    __be16 other_be = to->other_port_be ? to->other_port_be : port_at(packet, !side);
    if (side == SIDE_SOURCE)
        return (union ports){{to->port_be, other_be}};
    return (union ports){{other_be, to->port_be}};
}

/** Mends the transport checksum for another address and ports; a UDP checksum of 0 is none, and stays so. */
static ALWAYS_INLINE int fix_transport(struct __sk_buff *skb, const struct packet *packet, enum side side, const struct flow *to)
{
    const struct lb_address *from = side == SIDE_SOURCE ? &packet->flow.source : &packet->flow.destination;
    __u64 flags = packet->flow.protocol == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;
    __u32 checksum = checksum_offset(packet);
    union ports before = {{packet->flow.source_port_be, packet->flow.destination_port_be}};
    union ports after = ports_after(packet, side, to);
    if (!fix_pseudo_header(skb, checksum, from, &to->address, flags))
        return 0;
    return before.both == after.both ||
           bpf_l4_csum_replace(skb, checksum, before.both, after.both, flags | sizeof(after)) == 0;
}

/** From time to live or payload length on; ports follow where there are neither options nor extension headers. */
struct ends_ipv4 {
    __u8 lead[4];
    __be32 source;
    __be32 destination;
    union ports ports;
};
struct ends_ipv6 {
    __u8 lead[4];
    struct lb_address source;
    struct lb_address destination;
    union ports ports;
};

/** An IPv4 header's checksum after a word of it has changed (RFC 1624, equation 3). */
static ALWAYS_INLINE __u16 changed_checksum(__u16 checksum, __u32 from, __u32 to)
{
    __u64 sum = (__u64)(__u16)~checksum + (__u32)~from + to;
    sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (__u16)~sum;
}

/** Where the ports stand right behind the addresses, they are written with them: a call of the kernel less. */
static ALWAYS_INLINE int has_ports_at(const struct packet *packet, __u32 header_bytes)
{
    return packet->l4_offset == packet->ip_offset + header_bytes && packet->fragment != FRAGMENT_LATER;
}

static ALWAYS_INLINE int write_ipv4(struct __sk_buff *skb, const struct packet *packet, enum side side, const struct flow *to,
                                    int hops)
{
    struct ends_ipv4 ends = {
        .source = ipv4_of(&packet->flow.source),
        .destination = ipv4_of(&packet->flow.destination),
        .ports = ports_after(packet, side, to),
    };
    __u16 lead[2];
    __builtin_memcpy(lead, packet->lead, sizeof(lead));
    __be32 address = ipv4_of(&to->address);
    lead[1] = changed_checksum(lead[1], side == SIDE_SOURCE ? ends.source : ends.destination, address);
    /* Time to live is the low half of a little-endian pair of bytes. */
    if (hops) {
        lead[1] = changed_checksum(lead[1], lead[0], lead[0] - 1u);
        lead[0]--;
    }
    __builtin_memcpy(ends.lead, lead, sizeof(lead));
    if (side == SIDE_SOURCE)
        ends.source = address;
    else
        ends.destination = address;
    __u32 offset = packet->ip_offset + __builtin_offsetof(struct iphdr, ttl);
    __u32 bytes = has_ports_at(packet, sizeof(struct iphdr)) ? sizeof(ends) : sizeof(ends) - sizeof(ends.ports);
    return bpf_skb_store_bytes(skb, offset, &ends, bytes, 0) == 0;
}

static ALWAYS_INLINE int write_ipv6(struct __sk_buff *skb, const struct packet *packet, enum side side, const struct flow *to,
                                    int hops)
{
    struct ends_ipv6 ends = {
        .source = packet->flow.source,
        .destination = packet->flow.destination,
        .ports = ports_after(packet, side, to),
    };
    __builtin_memcpy(ends.lead, packet->lead, sizeof(ends.lead));
    if (hops)
        ends.lead[3]--;
    if (side == SIDE_SOURCE)
        ends.source = to->address;
    else
        ends.destination = to->address;
    __u32 offset = packet->ip_offset + __builtin_offsetof(struct ipv6hdr, payload_len);
    __u32 bytes = has_ports_at(packet, sizeof(struct ipv6hdr)) ? sizeof(ends) : sizeof(ends) - sizeof(ends.ports);
    return bpf_skb_store_bytes(skb, offset, &ends, bytes, 0) == 0;
}

/** Writes the ports of a packet whose transport header does not follow the addresses. */
static ALWAYS_INLINE int write_ports(struct __sk_buff *skb, const struct packet *packet, enum side side, const struct flow *to)
{
    if (packet->fragment == FRAGMENT_LATER ||
        has_ports_at(packet, packet->is_ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)))
        return 1;
    union ports ports = ports_after(packet, side, to);
    return bpf_skb_store_bytes(skb, packet->l4_offset, &ports, sizeof(ports), 0) == 0;
}

/**
 * Replaces source or destination, and ports, by what the flow says, and takes `hops` (0 or 1) from the packet's life, of which there must
 * be more. False: the kernel refused, and the packet may be half changed. The fewer calls of the kernel, the less a packet costs: addresses
 * and ports are written together, with the IPv4 checksum counted here; the transport's is the kernel's, which alone knows who completes it.
 */
static ALWAYS_INLINE int rewrite(struct __sk_buff *skb, const struct packet *packet, enum side side, const struct flow *to, int hops)
{
    if (is_ipv4(&to->address) == packet->is_ipv6)
        return 0;
    if (packet->fragment != FRAGMENT_LATER && !fix_transport(skb, packet, side, to))
        return 0;
    int written = packet->is_ipv6 ? write_ipv6(skb, packet, side, to, hops) : write_ipv4(skb, packet, side, to, hops);
    return written && write_ports(skb, packet, side, to);
}
