/* North-south: at the devices towards the outside, packets to a frontend get a backend as destination when they come in, and the
 * backend's answers get the frontend as source when they leave. In between the kernel routes them as it would without us. */
#pragma once

#include "lb_connection.h"
#include "lb_deliver.h"
#include "lb_icmp.h"
#include "lb_refuse.h"
#include "lb_rewrite.h"

/** Memory of one run of a device program, which together are more than the stack has. Softirqs do not interrupt each other. */
struct scratch {
    struct packet packet;
    struct packet quoted;
    struct choice choice;
    struct searches searches;
    struct flow to;
    __u8 route[sizeof(struct bpf_fib_lookup)] __attribute__((aligned(8))); /* that struct has unions, for which the agent has no codec */
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct scratch);
} lb_scratch SEC(".maps");

static ALWAYS_INLINE void name_frontend(const struct packet *packet, struct choice *choice)
{
    __builtin_memset(choice, 0, sizeof(*choice));
    choice->key.address = packet->flow.destination;
    choice->key.port_be = packet->flow.destination_port_be;
    choice->key.protocol = packet->flow.protocol;
    choice->key.scope = SCOPE_OUTSIDE;
}

/** True where the answers to this connection are still translated, and to its own frontend. */
static ALWAYS_INLINE int has_answer(const struct packet *packet, const struct flow *request)
{
    struct flow_key key = {
        .source = request->address,
        .destination = packet->flow.source,
        .source_port_be = request->port_be,
        .destination_port_be = request->other_port_be ? request->other_port_be : packet->flow.source_port_be,
        .protocol = packet->flow.protocol,
        .hook = HOOK_EGRESS,
    };
    struct flow *answer = bpf_map_lookup_elem(&lb_conntrack, &key);
    return answer && answers(&key, answer, &packet->flow);
}

/** True where the connection's backend is still one of its frontend's. */
static ALWAYS_INLINE int is_current(struct choice *choice, struct flow *request)
{
    if (!find_frontend(choice))
        return 0;
    if (choice->frontend.set == request->set)
        return 1;
    struct backend backend = {.address = request->address, .port_be = request->port_be};
    if (!stands_in(choice->frontend.set, choice->frontend.count, &backend))
        return 0;
    request->set = choice->frontend.set;
    return 1;
}

/**
 * True where a packet by which a connection can begin goes on with one that is there. An established TCP connection stays at its backend,
 * whatever becomes of the Service; one that nobody answered, and datagrams, follow the Service to the backends that it has now.
 */
static SELDOM int continues(const struct packet *packet, struct choice *choice, struct flow *request)
{
    name_frontend(packet, choice);
    if (!has_answer(packet, request))
        return 0;
    if (packet->flow.protocol == IPPROTO_TCP && request->state != FLOW_NEW)
        return request->state == FLOW_ESTABLISHED;
    return is_current(choice, request);
}

static SELDOM int drop(const struct packet *packet, struct choice *choice, enum drop_reason reason)
{
    choice->reason = reason;
    count(COUNTER_DROPS);
    tell_connection(packet, choice);
    return TCX_DROP;
}

/** What becomes of a packet that gets no backend: refused, unless the Service is to look dead here to load balancers outside. */
static ALWAYS_INLINE int reject(struct __sk_buff *skb, const struct packet *packet, struct choice *choice)
{
    int verdict = drop(packet, choice, choice->reason);
    if (choice->reason != DROP_NO_BACKEND || (choice->frontend.flags & FRONTEND_KEEP_CLIENT))
        return verdict;
    return refuse_packet(skb, packet);
}

static ALWAYS_INLINE int set_destination(struct __sk_buff *skb, struct scratch *scratch)
{
    const struct packet *packet = &scratch->packet;
    const struct flow *to = &scratch->to;
    struct bpf_fib_lookup *route = (struct bpf_fib_lookup *)scratch->route;
    __u32 interface = 0;
    if (!(to->flags & FLOW_ANSWER) && !to->snat_port_be)
        interface = find_pod(skb, packet, &to->address, route);
    if (!rewrite(skb, packet, SIDE_DESTINATION, to, interface != 0)) {
        struct choice *choice = &scratch->choice;
        name_frontend(packet, choice);
        choice->backend.address = to->address;
        choice->backend.port_be = to->port_be;
        return drop(packet, choice, DROP_REWRITE_FAILED);
    }
    count(COUNTER_PACKETS_IN);
    return interface ? deliver(skb, packet, route, interface) : TCX_NEXT;
}

/** No verdict: the packet's connection was begun, and the packet is yet to be rewritten. */
#define ADMITTED 1000

/** A packet that belongs to no connection: the first of one to a frontend, or none of ours. ADMITTED or the verdict. */
static SELDOM int admit(struct __sk_buff *skb, struct scratch *scratch)
{
    struct packet *packet = &scratch->packet;
    struct choice *choice = &scratch->choice;
    if (packet->fragment == FRAGMENT_LATER)
        return TCX_NEXT;
    name_frontend(packet, choice);
    if (!find_frontend(choice)) {
        if (is_opening(packet))
            forget_stale(packet, HOOK_EGRESS);
        return TCX_NEXT;
    }
    if (packet->tcp_flags & TCP_RST)
        return TCX_NEXT;
    __builtin_memset(&scratch->to, 0, sizeof(scratch->to));
    begin(packet, choice, &scratch->to, &scratch->searches);
    if (choice->reason != DROP_NONE)
        return reject(skb, packet, choice);
    count(COUNTER_CONNECTIONS);
    tell_connection(packet, choice);
    return ADMITTED;
}

/** False where a packet of the client's begins a connection of its own: what is known under its addresses is over, or was another one. */
static ALWAYS_INLINE int goes_on(const struct packet *packet, struct choice *choice, struct flow *request)
{
    __u64 now_ns = bpf_ktime_get_coarse_ns();
    if (is_expired(request, packet->flow.protocol, now_ns))
        return 0;
    if (packet->fragment != FRAGMENT_LATER && is_opening(packet) && !continues(packet, choice, request))
        return 0;
    renew(request, packet, FLOW_CLIENT_FIN, now_ns);
    return 1;
}

static ALWAYS_INLINE int come_in(struct __sk_buff *skb, struct scratch *scratch)
{
    struct packet *packet = &scratch->packet;
    struct flow *known = bpf_map_lookup_elem(&lb_conntrack, &packet->flow);
    if (known && ((known->flags & FLOW_ANSWER) || goes_on(packet, &scratch->choice, known))) {
        scratch->to = *known;
    } else {
        if (known)
            bpf_map_delete_elem(&lb_conntrack, &packet->flow);
        int verdict = admit(skb, scratch);
        if (verdict != ADMITTED)
            return verdict;
    }
    return set_destination(skb, scratch);
}

/** False where the answer's connection is no more, or it is no answer: then its entry goes too. */
static ALWAYS_INLINE int is_answer(const struct packet *packet, struct flow *answer)
{
    __u64 now_ns = bpf_ktime_get_coarse_ns();
    int tells = packet->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST);
    if (!tells && elapsed_ns(answer->used_ns, now_ns) < RENEWAL_NS)
        return 1;
    struct flow *request = request_of(&packet->flow, answer);
    int begins_itself = packet->flow.protocol == IPPROTO_TCP && is_opening(packet);
    if (!request || begins_itself || is_expired(request, packet->flow.protocol, now_ns)) {
        bpf_map_delete_elem(&lb_conntrack, &packet->flow);
        return 0;
    }
    renew(request, packet, FLOW_BACKEND_FIN, now_ns);
    answer->used_ns = now_ns;
    return 1;
}

static ALWAYS_INLINE int go_out(struct __sk_buff *skb, struct scratch *scratch)
{
    struct packet *packet = &scratch->packet;
    struct flow *known = bpf_map_lookup_elem(&lb_conntrack, &packet->flow);
    if (!known) {
        if (packet->fragment != FRAGMENT_LATER && is_opening(packet))
            forget_stale(packet, HOOK_INGRESS);
        return TCX_NEXT;
    }
    scratch->to = *known;
    if ((known->flags & FLOW_ANSWER) && !is_answer(packet, known))
        return TCX_NEXT;
    if (!rewrite(skb, packet, SIDE_SOURCE, &scratch->to, 0)) {
        count(COUNTER_DROPS);
        return TCX_DROP;
    }
    count(COUNTER_PACKETS_OUT);
    return TCX_NEXT;
}

static ALWAYS_INLINE int at_device(struct __sk_buff *skb, enum flow_hook hook)
{
    __u32 zero = 0;
    struct scratch *scratch = bpf_map_lookup_elem(&lb_scratch, &zero);
    if (!scratch)
        return TCX_NEXT;
    struct packet *packet = &scratch->packet;
    __builtin_memset(packet, 0, sizeof(*packet));
    if (!parse(skb, packet, hook))
        return TCX_NEXT;
    if (is_icmp(packet))
        return translate_error(skb, packet, &scratch->quoted);
    if (!has_ports(packet))
        return TCX_NEXT;
    if (packet->fragment != FRAGMENT_LATER && !parse_ports(skb, packet))
        return TCX_NEXT;
    if (packet->fragment != FRAGMENT_NONE && !recall_ports(packet))
        return TCX_NEXT;
    return hook == HOOK_INGRESS ? come_in(skb, scratch) : go_out(skb, scratch);
}
