/* For measurements alone, never attached: the way of a packet through the device program, and the same without it, by BPF_PROG_TEST_RUN.
 * A packet is not restored between two runs, so each program first makes it the next one: TCP to one of `mark` Services in turn, at
 * 10.128.0.0 and up, from one of four ports.
 */
#include "lb_device.h"

char lb_license[] SEC("license") = "Dual BSD/GPL";

#define FLOWS_OF_SERVICE 4
#define FIRST_SERVICE 0x0a800000 /* 10.128.0.0 */
#define CLIENT 0xc6336407        /* 198.51.100.7 */
#define ADDRESSES_AT 26          /* in an Ethernet frame with IPv4 without options */

struct ends {
    __be32 source;
    __be32 destination;
    __be16 source_port_be;
    __be16 destination_port_be;
};

static ALWAYS_INLINE void next_packet(struct __sk_buff *skb)
{
    __u32 services = skb->mark;
    __u32 turn = skb->cb[0];
    skb->cb[0] = turn + 1;
    if (!services)
        return;
    struct ends ends = {
        .source = to_be32(CLIENT),
        .destination = to_be32(FIRST_SERVICE + turn % services),
        .source_port_be = to_be16(1024 + turn / services % FLOWS_OF_SERVICE),
        .destination_port_be = to_be16(80),
    };
    bpf_skb_store_bytes(skb, ADDRESSES_AT, &ends, sizeof(ends), 0);
}

SEC("tc") int bench_empty(struct __sk_buff *skb)
{
    next_packet(skb);
    return TCX_NEXT;
}

SEC("tc") int bench_ingress(struct __sk_buff *skb)
{
    next_packet(skb);
    return at_device(skb, HOOK_INGRESS);
}
