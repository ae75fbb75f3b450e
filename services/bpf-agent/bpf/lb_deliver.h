/* The short way to a pod of this node: from the device straight into the pod's network namespace, past the node's own stack. It is taken
 * where the routes lead to an interface whose other end is known to be in a pod; all else goes the usual way. */
#pragma once

#include "lb_events.h"
#include "lb_rewrite.h"

/** Asks the kernel's routes and neighbours; false where they do not know, or the packet is too large for the way. */
static ALWAYS_INLINE int find_route(struct __sk_buff *skb, const struct packet *packet, const struct lb_address *destination,
                                    struct bpf_fib_lookup *route)
{
    route->ifindex = skb->ifindex;
    route->family = packet->is_ipv6 ? ADDRESS_FAMILY_IPV6 : ADDRESS_FAMILY_IPV4;
    route->l4_protocol = packet->flow.protocol;
    if (packet->is_ipv6) {
        __builtin_memcpy(route->ipv6_src, &packet->flow.source, sizeof(route->ipv6_src));
        __builtin_memcpy(route->ipv6_dst, destination, sizeof(route->ipv6_dst));
    } else {
        route->ipv4_src = ipv4_of(&packet->flow.source);
        route->ipv4_dst = ipv4_of(destination);
    }
    return bpf_fib_lookup(skb, route, sizeof(*route), 0) == BPF_FIB_LKUP_RET_SUCCESS;
}

/** Takes one hop from the packet's life, as a router has to (RFC 1812, section 5.3.1). False where it has none left. */
static ALWAYS_INLINE int take_hop(struct __sk_buff *skb, const struct packet *packet)
{
    if (packet->is_ipv6) {
        __u8 hops;
        __u32 offset = packet->ip_offset + __builtin_offsetof(struct ipv6hdr, hop_limit);
        if (!load(skb, offset, &hops, sizeof(hops)) || hops <= 1)
            return 0;
        hops--;
        return bpf_skb_store_bytes(skb, offset, &hops, sizeof(hops), 0) == 0;
    }
    /* The checksum covers pairs of bytes: time to live and protocol are one. */
    __be16 pair;
    __u32 offset = packet->ip_offset + __builtin_offsetof(struct iphdr, ttl);
    if (!load(skb, offset, &pair, sizeof(pair)) || from_be16(pair) >> 8 <= 1)
        return 0;
    __be16 less = to_be16(from_be16(pair) - 0x100);
    __u32 checksum = packet->ip_offset + __builtin_offsetof(struct iphdr, check);
    return bpf_l3_csum_replace(skb, checksum, pair, less, sizeof(less)) == 0 &&
           bpf_skb_store_bytes(skb, offset, &less, sizeof(less), 0) == 0;
}

/** The verdict for a packet whose destination was replaced by a backend of this node. */
static ALWAYS_INLINE int deliver(struct __sk_buff *skb, const struct packet *packet, const struct lb_address *destination)
{
    struct settings *settings = node_settings();
    if (!settings || !settings->has_peers)
        return TCX_NEXT;
    struct bpf_fib_lookup route = {};
    if (!find_route(skb, packet, destination, &route))
        return TCX_NEXT;
    __u32 interface = route.ifindex;
    if (!bpf_map_lookup_elem(&lb_peers, &interface) || !take_hop(skb, packet))
        return TCX_NEXT;
    struct ethhdr header = {.h_proto = packet->is_ipv6 ? to_be16(ETH_P_IPV6) : to_be16(ETH_P_IP)};
    __builtin_memcpy(header.h_dest, route.dmac, ETH_ALEN);
    __builtin_memcpy(header.h_source, route.smac, ETH_ALEN);
    if (bpf_skb_store_bytes(skb, 0, &header, sizeof(header), 0) != 0)
        return TCX_DROP;
    count(COUNTER_DELIVERED);
    return bpf_redirect_peer(interface, 0);
}
