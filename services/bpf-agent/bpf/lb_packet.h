/* What of a packet decides where it goes. Anything that cannot be read whole is no packet of a Service: it is left as it came. */
#pragma once

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "lb_address.h"
#include "lb_maps.h"

/** Kinds of next headers of IPv6 that stand before the transport header (RFC 8200, section 4.1). */
#define EXTENSION_HOP_BY_HOP 0
#define EXTENSION_ROUTING 43
#define EXTENSION_FRAGMENT 44
#define EXTENSION_DESTINATION 60
#define EXTENSIONS_MAX 5

/** Of the 16 bits beside the identification of IPv4, in host order (RFC 791, section 3.1). */
#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV4_FRAGMENT_OFFSET 0x1fff
/** The same of IPv6's fragment header (RFC 8200, section 4.5). */
#define IPV6_MORE_FRAGMENTS 0x0001
#define IPV6_FRAGMENT_OFFSET 0xfff8

/** Byte 13 of the TCP header (RFC 9293, section 3.1). */
#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

/** Up to where headers are read where they lie: the verifier wants a bound. */
#define DIRECT_OFFSET_MAX 0x3fff

enum fragment_place {
    FRAGMENT_NONE = 0,
    FRAGMENT_FIRST = 1,
    FRAGMENT_LATER = 2, /* has no transport header */
};

struct packet {
    struct flow_key flow; /* without ports where it is a later fragment or neither TCP nor UDP */
    __u32 ip_offset;
    __u32 l4_offset;
    __u32 end_offset; /* behind the IP packet; a frame may be longer */
    __u32 identification;
    __u8 is_ipv6;
    __u8 fragment; /* enum fragment_place */
    __u8 tcp_flags;
    __u8 reserved;
    __u8 lead[4]; /* the bytes before the addresses: time to live, protocol and checksum of IPv4; length, next header and hop limit of IPv6 */
};

/** Of linux/ipv6.h's extension headers the first two bytes are alike; of the fragment header all eight are needed. */
struct extension {
    __u8 next;
    __u8 length; /* in units of 8 bytes, beyond the first 8; reserved in a fragment header */
    __be16 offset_be;
    __be32 identification_be;
};

/** Copies from the packet, of which the kernel keeps at least the headers in one piece as a rule; a helper knows the rest. */
static ALWAYS_INLINE int load(struct __sk_buff *skb, __u32 offset, void *into, __u32 length)
{
    const void *data = (const void *)(long)skb->data;
    const void *end = (const void *)(long)skb->data_end;
    __u64 at = offset;
    KEEP(at);
    if (at <= DIRECT_OFFSET_MAX && data + at + length <= end) {
        __builtin_memcpy(into, data + at, length);
        return 1;
    }
    return bpf_skb_load_bytes(skb, offset, into, length) == 0;
}

/** `is_quoted`: the packet in an ICMP error, of which only the beginning need be there. */
static ALWAYS_INLINE int parse_ipv4(struct __sk_buff *skb, struct packet *packet, int is_quoted)
{
    struct iphdr header;
    if (!load(skb, packet->ip_offset, &header, sizeof(header)) || header.version != 4 || header.ihl < 5)
        return 0;
    __u32 header_bytes = header.ihl * 4u;
    __u32 total_bytes = from_be16(header.tot_len);
    if (total_bytes < header_bytes || (!is_quoted && packet->ip_offset + total_bytes > skb->len))
        return 0;
    set_ipv4(&packet->flow.source, header.saddr);
    set_ipv4(&packet->flow.destination, header.daddr);
    packet->flow.protocol = header.protocol;
    __builtin_memcpy(packet->lead, &header.ttl, sizeof(packet->lead));
    packet->l4_offset = packet->ip_offset + header_bytes;
    packet->end_offset = packet->ip_offset + total_bytes;
    packet->identification = header.id;
    __u16 fragment = from_be16(header.frag_off);
    if (fragment & IPV4_FRAGMENT_OFFSET)
        packet->fragment = FRAGMENT_LATER;
    else if (fragment & IPV4_MORE_FRAGMENTS)
        packet->fragment = FRAGMENT_FIRST;
    return 1;
}

/** Walks the extension headers, of which there may be a few, to the transport header. */
static ALWAYS_INLINE int skip_extensions(struct __sk_buff *skb, struct packet *packet, __u8 next)
{
    for (int depth = 0; depth < EXTENSIONS_MAX; depth++) {
        if (next != EXTENSION_HOP_BY_HOP && next != EXTENSION_ROUTING && next != EXTENSION_DESTINATION &&
            next != EXTENSION_FRAGMENT) {
            packet->flow.protocol = next;
            return 1;
        }
        struct extension extension;
        if (!load(skb, packet->l4_offset, &extension, sizeof(extension)))
            return 0;
        if (next == EXTENSION_FRAGMENT) {
            __u16 offset = from_be16(extension.offset_be);
            packet->identification = extension.identification_be;
            if (offset & IPV6_FRAGMENT_OFFSET)
                packet->fragment = FRAGMENT_LATER;
            else if (offset & IPV6_MORE_FRAGMENTS)
                packet->fragment = FRAGMENT_FIRST;
            packet->l4_offset += sizeof(extension);
        } else {
            packet->l4_offset += (extension.length + 1u) * 8u;
        }
        next = extension.next;
        if (packet->fragment == FRAGMENT_LATER) {
            packet->flow.protocol = next;
            return 1;
        }
    }
    return 0;
}

static ALWAYS_INLINE int parse_ipv6(struct __sk_buff *skb, struct packet *packet, int is_quoted)
{
    struct ipv6hdr header;
    if (!load(skb, packet->ip_offset, &header, sizeof(header)) || header.version != 6)
        return 0;
    packet->end_offset = packet->ip_offset + sizeof(header) + from_be16(header.payload_len);
    if (!is_quoted && packet->end_offset > skb->len)
        return 0;
    __builtin_memcpy(&packet->flow.source, &header.saddr, sizeof(packet->flow.source));
    __builtin_memcpy(&packet->flow.destination, &header.daddr, sizeof(packet->flow.destination));
    __builtin_memcpy(packet->lead, &header.payload_len, sizeof(packet->lead));
    packet->is_ipv6 = 1;
    packet->l4_offset = packet->ip_offset + sizeof(header);
    return skip_extensions(skb, packet, header.nexthdr);
}

/** Reads the ports; the whole transport header must be there, inside of the IP packet, for its checksum is changed with them. */
static ALWAYS_INLINE int parse_ports(struct __sk_buff *skb, struct packet *packet)
{
    if (packet->flow.protocol == IPPROTO_TCP) {
        struct tcphdr header;
        if (packet->l4_offset + sizeof(header) > packet->end_offset ||
            !load(skb, packet->l4_offset, &header, sizeof(header)))
            return 0;
        packet->flow.source_port_be = header.source;
        packet->flow.destination_port_be = header.dest;
        packet->tcp_flags = ((__u8 *)&header)[13];
        return 1;
    }
    struct udphdr header;
    if (packet->l4_offset + sizeof(header) > packet->end_offset ||
        !load(skb, packet->l4_offset, &header, sizeof(header)))
        return 0;
    packet->flow.source_port_be = header.source;
    packet->flow.destination_port_be = header.dest;
    return 1;
}

static ALWAYS_INLINE int has_ports(const struct packet *packet)
{
    return packet->flow.protocol == IPPROTO_TCP || packet->flow.protocol == IPPROTO_UDP;
}

/** Later fragments take the ports of the first one; false where it was not seen. */
static SELDOM int recall_ports(struct packet *packet)
{
    struct fragment_key key = {
        .source = packet->flow.source,
        .destination = packet->flow.destination,
        .identification = packet->identification,
        .protocol = packet->flow.protocol,
        .hook = packet->flow.hook,
    };
    if (packet->fragment == FRAGMENT_FIRST) {
        struct fragment value = {packet->flow.source_port_be, packet->flow.destination_port_be};
        bpf_map_update_elem(&lb_fragments, &key, &value, BPF_ANY);
        return 1;
    }
    struct fragment *first = bpf_map_lookup_elem(&lb_fragments, &key);
    if (!first)
        return 0;
    packet->flow.source_port_be = first->source_port_be;
    packet->flow.destination_port_be = first->destination_port_be;
    return 1;
}

/** Reads a packet as the hook sees it. False: not IP, or not whole. */
static ALWAYS_INLINE int parse(struct __sk_buff *skb, struct packet *packet, enum flow_hook hook)
{
    packet->flow.hook = hook;
    packet->ip_offset = ETH_HLEN;
    if (skb->protocol == to_be16(ETH_P_IP))
        return parse_ipv4(skb, packet, 0);
    if (skb->protocol == to_be16(ETH_P_IPV6))
        return parse_ipv6(skb, packet, 0);
    return 0;
}

/** The packet that answers this one, as a hook sees it. */
static ALWAYS_INLINE void reverse_of(const struct flow_key *key, enum flow_hook hook, struct flow_key *into)
{
    into->source = key->destination;
    into->destination = key->source;
    into->source_port_be = key->destination_port_be;
    into->destination_port_be = key->source_port_be;
    into->protocol = key->protocol;
    into->hook = hook;
    into->reserved = 0;
}
