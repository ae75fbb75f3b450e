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

/** How often the packet may still be forwarded; 1: not any more (RFC 1812, section 5.3.1). */
static ALWAYS_INLINE __u8 hops_of(const struct packet *packet) { return packet->lead[packet->is_ipv6 ? 3 : 0]; }

/** The interface by which a packet with this destination goes straight into a pod, or 0. */
static ALWAYS_INLINE __u32 find_pod(struct __sk_buff *skb, const struct packet *packet, const struct lb_address *destination,
                                    struct bpf_fib_lookup *route)
{
    struct settings *settings = node_settings();
    if (!settings || !settings->has_peers || hops_of(packet) <= 1)
        return 0;
    __builtin_memset(route, 0, sizeof(*route));
    if (!find_route(skb, packet, destination, route))
        return 0;
    __u32 interface = route->ifindex;
    return bpf_map_lookup_elem(&lb_peers, &interface) ? interface : 0;
}

/** The verdict for a packet whose destination is a pod's by now. */
static ALWAYS_INLINE int deliver(struct __sk_buff *skb, const struct packet *packet, const struct bpf_fib_lookup *route,
                                 __u32 interface)
{
    struct ethhdr header = {.h_proto = packet->is_ipv6 ? to_be16(ETH_P_IPV6) : to_be16(ETH_P_IP)};
    __builtin_memcpy(header.h_dest, route->dmac, ETH_ALEN);
    __builtin_memcpy(header.h_source, route->smac, ETH_ALEN);
    if (bpf_skb_store_bytes(skb, 0, &header, sizeof(header), 0) != 0)
        return TCX_DROP;
    count(COUNTER_DELIVERED);
    return bpf_redirect_peer(interface, 0);
}
