/* Saying no at once to who asks for a Service without backends: TCP gets a reset, UDP an ICMP port unreachable. */
#pragma once

#include "lb_icmp.h"
#include "lb_rewrite.h"

/** TCP header words that a reset changes, as offsets: both ports, sequence number, acknowledgement, flags (RFC 9293, section 3.1). */
#define TCP_PORTS_OFFSET 0
#define TCP_SEQUENCE_OFFSET 4
#define TCP_ACKNOWLEDGEMENT_OFFSET 8
#define TCP_OFFSET_FLAGS_OFFSET 12
#define TCP_CHECKSUM_OFFSET 16

static ALWAYS_INLINE int swap_ends(struct __sk_buff *skb)
{
    struct ethhdr header;
    struct ethhdr turned;
    if (!load(skb, 0, &header, sizeof(header)))
        return 0;
    turned.h_proto = header.h_proto;
    __builtin_memcpy(turned.h_dest, header.h_source, ETH_ALEN);
    __builtin_memcpy(turned.h_source, header.h_dest, ETH_ALEN);
    return bpf_skb_store_bytes(skb, 0, &turned, sizeof(turned), 0) == 0;
}

/** Lets the packet return to who sent it: hardware and IP addresses change places, which no checksum notices. */
static ALWAYS_INLINE int turn_round(struct __sk_buff *skb, const struct packet *packet)
{
    if (!swap_ends(skb))
        return 0;
    if (packet->is_ipv6) {
        struct lb_address pair[2] = {packet->flow.destination, packet->flow.source};
        return bpf_skb_store_bytes(skb, address_offset(packet->ip_offset, 1, SIDE_SOURCE), pair, sizeof(pair), 0) == 0;
    }
    __be32 pair[2] = {ipv4_of(&packet->flow.destination), ipv4_of(&packet->flow.source)};
    return bpf_skb_store_bytes(skb, address_offset(packet->ip_offset, 0, SIDE_SOURCE), pair, sizeof(pair), 0) == 0;
}

static ALWAYS_INLINE int store_word(struct __sk_buff *skb, __u32 l4_offset, __u32 at, __be32 old, __be32 new)
{
    return bpf_l4_csum_replace(skb, l4_offset + TCP_CHECKSUM_OFFSET, old, new, sizeof(new)) == 0 &&
           bpf_skb_store_bytes(skb, l4_offset + at, &new, sizeof(new), 0) == 0;
}

/**
 * Turns the segment into the reset that answers it (RFC 9293, section 3.10.7.1). Options and data stay where they are, which a reset may
 * have, so that the checksum of a segment whose device is to compute it stays right too.
 */
static ALWAYS_INLINE int reset(struct __sk_buff *skb, const struct packet *packet)
{
    __be32 words[4];
    if (!load(skb, packet->l4_offset, words, sizeof(words)))
        return 0;
    __u32 header_bytes = (from_be32(words[3]) >> 28) * 4;
    __u32 end = packet->end_offset - packet->l4_offset;
    if (end < header_bytes)
        return 0;
    __u32 occupied = end - header_bytes + !!(packet->tcp_flags & TCP_SYN) + !!(packet->tcp_flags & TCP_FIN);
    int has_ack = packet->tcp_flags & TCP_ACK;
    __be32 sequence = has_ack ? words[2] : 0;
    __be32 acknowledgement = has_ack ? 0 : to_be32(from_be32(words[1]) + occupied);
    __u32 flags = TCP_RST | (has_ack ? 0 : TCP_ACK);
    __be32 offset_flags = to_be32((from_be32(words[3]) & 0xf0000000) | flags << 16);
    __be32 ports = words[0] << 16 | words[0] >> 16;
    return turn_round(skb, packet) && store_word(skb, packet->l4_offset, TCP_PORTS_OFFSET, words[0], ports) &&
           store_word(skb, packet->l4_offset, TCP_SEQUENCE_OFFSET, words[1], sequence) &&
           store_word(skb, packet->l4_offset, TCP_ACKNOWLEDGEMENT_OFFSET, words[2], acknowledgement) &&
           store_word(skb, packet->l4_offset, TCP_OFFSET_FLAGS_OFFSET, words[3], offset_flags);
}

/** What a port unreachable quotes of a datagram: its IP header without options, and 8 bytes, which RFC 792 and RFC 4443 allow. */
#define QUOTED_UDP_BYTES 8
#define ICMP_PORT_UNREACHABLE 3
#define ICMPV6_UNREACHABLE 1
#define ICMPV6_PORT_UNREACHABLE 4
#define REFUSAL_TTL 64

struct icmp_header {
    __u8 type;
    __u8 code;
    __be16 checksum;
    __be32 unused;
};

static ALWAYS_INLINE __u16 fold(__u64 sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return ~sum;
}

/** An unreachable in front of the datagram's IP header and first 8 bytes, which is all that is left of it. */
static ALWAYS_INLINE int unreachable_ipv4(struct __sk_buff *skb, const struct packet *packet)
{
    struct {
        struct iphdr ip;
        struct icmp_header icmp;
        __u8 quoted[sizeof(struct iphdr) + QUOTED_UDP_BYTES];
    } answer = {};
    __u32 start = packet->ip_offset;
    if (!load(skb, start, answer.quoted, sizeof(answer.quoted)) ||
        bpf_skb_change_tail(skb, start + sizeof(answer.quoted), 0) != 0 ||
        bpf_skb_adjust_room(skb, sizeof(answer.ip) + sizeof(answer.icmp), BPF_ADJ_ROOM_MAC, 0) != 0)
        return 0;
    answer.ip.version = 4;
    answer.ip.ihl = sizeof(answer.ip) / 4;
    answer.ip.tot_len = to_be16(sizeof(answer));
    answer.ip.ttl = REFUSAL_TTL;
    answer.ip.protocol = IPPROTO_ICMP;
    answer.ip.saddr = ipv4_of(&packet->flow.destination);
    answer.ip.daddr = ipv4_of(&packet->flow.source);
    answer.ip.check = fold(bpf_csum_diff(0, 0, (__u32 *)&answer.ip, sizeof(answer.ip), 0));
    answer.icmp.type = ICMP_UNREACHABLE;
    answer.icmp.code = ICMP_PORT_UNREACHABLE;
    answer.icmp.checksum =
        fold(bpf_csum_diff(0, 0, (__u32 *)&answer.icmp, sizeof(answer.icmp) + sizeof(answer.quoted), 0));
    return bpf_skb_store_bytes(skb, start, &answer, sizeof(answer), 0) == 0 && swap_ends(skb);
}

static ALWAYS_INLINE int unreachable_ipv6(struct __sk_buff *skb, const struct packet *packet)
{
    struct {
        struct ipv6hdr ip;
        struct icmp_header icmp;
        __u8 quoted[sizeof(struct ipv6hdr) + QUOTED_UDP_BYTES];
    } answer = {};
    __be32 pseudo[2] = {to_be32(sizeof(answer) - sizeof(answer.ip)), to_be32(IPPROTO_ICMPV6)};
    __u32 start = packet->ip_offset;
    if (!load(skb, start, answer.quoted, sizeof(answer.quoted)) ||
        bpf_skb_change_tail(skb, start + sizeof(answer.quoted), 0) != 0 ||
        bpf_skb_adjust_room(skb, sizeof(answer.ip) + sizeof(answer.icmp), BPF_ADJ_ROOM_MAC, 0) != 0)
        return 0;
    answer.ip.version = 6;
    answer.ip.payload_len = to_be16(sizeof(answer) - sizeof(answer.ip));
    answer.ip.nexthdr = IPPROTO_ICMPV6;
    answer.ip.hop_limit = REFUSAL_TTL;
    __builtin_memcpy(&answer.ip.saddr, &packet->flow.destination, sizeof(answer.ip.saddr));
    __builtin_memcpy(&answer.ip.daddr, &packet->flow.source, sizeof(answer.ip.daddr));
    answer.icmp.type = ICMPV6_UNREACHABLE;
    answer.icmp.code = ICMPV6_PORT_UNREACHABLE;
    __u32 addresses = bpf_csum_diff(0, 0, (__u32 *)&answer.ip.saddr, 2 * sizeof(answer.ip.saddr), 0);
    __u32 header = bpf_csum_diff(0, 0, pseudo, sizeof(pseudo), addresses);
    answer.icmp.checksum =
        fold(bpf_csum_diff(0, 0, (__u32 *)&answer.icmp, sizeof(answer.icmp) + sizeof(answer.quoted), header));
    return bpf_skb_store_bytes(skb, start, &answer, sizeof(answer), 0) == 0 && swap_ends(skb);
}

/** Answers a datagram that has no options or extension headers and is no fragment. */
static ALWAYS_INLINE int unreachable(struct __sk_buff *skb, const struct packet *packet)
{
    __u32 header_bytes = packet->is_ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
    if (packet->l4_offset - packet->ip_offset != header_bytes)
        return 0;
    return packet->is_ipv6 ? unreachable_ipv6(skb, packet) : unreachable_ipv4(skb, packet);
}

/** Sends the refusal back through the device that the packet came by. TCX_DROP where there is none to send. */
static ALWAYS_INLINE int refuse_packet(struct __sk_buff *skb, const struct packet *packet)
{
    if (packet->fragment != FRAGMENT_NONE)
        return TCX_DROP;
    int answered = packet->flow.protocol == IPPROTO_TCP ? reset(skb, packet) : unreachable(skb, packet);
    return answered ? bpf_redirect(skb->ifindex, 0) : TCX_DROP;
}
