/* ICMP errors about translated packets (RFC 5508 section 4, RFC 4443): the packet they quote becomes the one that their receiver sent. */
#pragma once

#include "lb_flow.h"
#include "lb_rewrite.h"

/** Both ICMP headers are 8 bytes long, with the checksum at byte 2. */
#define ICMP_HEADER_BYTES 8
#define ICMP_CHECKSUM_OFFSET 2
/** Errors of ICMP that quote a packet (RFC 792): unreachable, time exceeded, parameter problem. */
#define ICMP_UNREACHABLE 3
#define ICMP_TIME_EXCEEDED 11
#define ICMP_PARAMETER_PROBLEM 12
/** Errors of ICMPv6 that quote a packet: unreachable, too big, time exceeded, parameter problem (RFC 4443, section 3). */
#define ICMPV6_ERROR_FIRST 1
#define ICMPV6_ERROR_LAST 4

static ALWAYS_INLINE int is_icmp(const struct packet *packet)
{
    return packet->flow.protocol == (packet->is_ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

static ALWAYS_INLINE int is_error(const struct packet *packet, __u8 type)
{
    if (packet->is_ipv6)
        return type >= ICMPV6_ERROR_FIRST && type <= ICMPV6_ERROR_LAST;
    return type == ICMP_UNREACHABLE || type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETER_PROBLEM;
}

/** Reads the quoted packet: its IP header and ports, of which more than the first 8 bytes need not be there. */
static ALWAYS_INLINE int parse_quoted(struct __sk_buff *skb, const struct packet *error, struct packet *quoted)
{
    __u8 type;
    __be16 ports[2];
    if (error->fragment != FRAGMENT_NONE || !load(skb, error->l4_offset, &type, sizeof(type)) || !is_error(error, type))
        return 0;
    quoted->ip_offset = error->l4_offset + ICMP_HEADER_BYTES;
    int whole = error->is_ipv6 ? parse_ipv6(skb, quoted, 1) : parse_ipv4(skb, quoted, 1);
    if (!whole || !has_ports(quoted) || quoted->fragment == FRAGMENT_LATER)
        return 0;
    if (!load(skb, quoted->l4_offset, ports, sizeof(ports)))
        return 0;
    quoted->flow.source_port_be = ports[0];
    quoted->flow.destination_port_be = ports[1];
    return 1;
}

/**
 * Replaces one end of the quoted packet, and the port of the other where the flow has one. In IPv4 the change of an address and that of its
 * header's checksum cancel out.
 */
static ALWAYS_INLINE int rewrite_quoted(struct __sk_buff *skb, const struct packet *quoted, enum side side,
                                        const struct flow *to, __u32 checksum)
{
    const struct lb_address *from = side == SIDE_SOURCE ? &quoted->flow.source : &quoted->flow.destination;
    if (quoted->is_ipv6) {
        __s64 difference = bpf_csum_diff(words_in(from), sizeof(*from), words_in(&to->address), sizeof(*from), 0);
        if (difference < 0 || bpf_l4_csum_replace(skb, checksum, 0, difference, 0) != 0)
            return 0;
    }
    return write_ip(skb, quoted->ip_offset, side, from, &to->address) &&
           write_port(skb, quoted, side, to->port_be, checksum, 0) &&
           (!to->other_port_be || write_port(skb, quoted, !side, to->other_port_be, checksum, 0));
}

static ALWAYS_INLINE int rewrite_outer(struct __sk_buff *skb, const struct packet *error, enum side side,
                                       const struct lb_address *to, __u32 checksum)
{
    const struct lb_address *from = side == SIDE_SOURCE ? &error->flow.source : &error->flow.destination;
    if (error->is_ipv6 && !fix_pseudo_header(skb, checksum, from, to, 0))
        return 0;
    return write_ip(skb, error->ip_offset, side, from, to);
}

/**
 * Translates an error as the packets of the connection that it quotes are translated the other way at this hook: at ingress its
 * destination and the quoted source, at egress the quoted destination, and its own source where that is who was quoted.
 */
static SELDOM int translate_error(struct __sk_buff *skb, struct packet *error, struct packet *quoted)
{
    __builtin_memset(quoted, 0, sizeof(*quoted));
    if (!parse_quoted(skb, error, quoted))
        return TCX_NEXT;
    struct flow_key key;
    int is_ingress = error->flow.hook == HOOK_INGRESS;
    reverse_of(&quoted->flow, error->flow.hook, &key);
    struct flow *found = bpf_map_lookup_elem(&lb_conntrack, &key);
    if (!found || is_ipv4(&found->address) == error->is_ipv6)
        return TCX_NEXT;
    struct flow to = *found;
    __u32 checksum = error->l4_offset + ICMP_CHECKSUM_OFFSET;
    if (!rewrite_quoted(skb, quoted, is_ingress ? SIDE_SOURCE : SIDE_DESTINATION, &to, checksum))
        return TCX_DROP;
    if (!is_ingress && !same_address(&error->flow.source, &key.source)) {
        count(COUNTER_ICMP_TRANSLATED);
        return TCX_NEXT;
    }
    if (!rewrite_outer(skb, error, is_ingress ? SIDE_DESTINATION : SIDE_SOURCE, &to.address, checksum))
        return TCX_DROP;
    count(COUNTER_ICMP_TRANSLATED);
    return TCX_NEXT;
}
