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
    struct flow request;
    struct flow to;
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct scratch);
} lb_scratch SEC(".maps");

static ALWAYS_INLINE void name_frontend(const struct packet *packet, struct choice *choice)
{
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
 * True where the packet goes on with a connection that is there. An established TCP connection stays at its backend, whatever becomes of
 * the Service; one that nobody answered, and datagrams, follow the Service to the backends that it has now.
 */
static ALWAYS_INLINE int continues(const struct packet *packet, struct choice *choice, struct flow *request, __u64 now_ns)
{
    if (is_expired(request, packet->flow.protocol, now_ns))
        return 0;
    if (packet->fragment == FRAGMENT_LATER || !is_opening(packet))
        return 1;
    if (!has_answer(packet, request))
        return 0;
    if (packet->flow.protocol == IPPROTO_TCP && request->state != FLOW_NEW)
        return request->state == FLOW_ESTABLISHED;
    return is_current(choice, request);
}

static ALWAYS_INLINE int drop(const struct packet *packet, struct choice *choice, enum drop_reason reason)
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

static ALWAYS_INLINE int set_destination(struct __sk_buff *skb, const struct packet *packet, struct choice *choice,
                                         const struct flow *to)
{
    if (!rewrite(skb, packet, SIDE_DESTINATION, to))
        return drop(packet, choice, DROP_REWRITE_FAILED);
    count(COUNTER_PACKETS_IN);
    if ((to->flags & FLOW_ANSWER) || to->snat_port_be)
        return TCX_NEXT;
    return deliver(skb, packet, &to->address);
}

/** A packet that belongs to no connection: the first of one to a frontend, or none of ours. */
static ALWAYS_INLINE int admit(struct __sk_buff *skb, struct scratch *scratch)
{
    struct packet *packet = &scratch->packet;
    struct choice *choice = &scratch->choice;
    if (packet->fragment == FRAGMENT_LATER)
        return TCX_NEXT;
    if (!find_frontend(choice)) {
        if (is_opening(packet))
            forget_stale(packet, HOOK_EGRESS);
        return TCX_NEXT;
    }
    if (packet->tcp_flags & TCP_RST)
        return TCX_NEXT;
    __builtin_memset(&scratch->request, 0, sizeof(scratch->request));
    begin(packet, choice, &scratch->request, &scratch->searches);
    if (choice->reason != DROP_NONE)
        return reject(skb, packet, choice);
    count(COUNTER_CONNECTIONS);
    tell_connection(packet, choice);
    return set_destination(skb, packet, choice, &scratch->request);
}

static ALWAYS_INLINE int come_in(struct __sk_buff *skb, struct scratch *scratch)
{
    struct packet *packet = &scratch->packet;
    struct choice *choice = &scratch->choice;
    __u64 now_ns = bpf_ktime_get_ns();
    struct flow *known = bpf_map_lookup_elem(&lb_conntrack, &packet->flow);
    __builtin_memset(choice, 0, sizeof(*choice));
    name_frontend(packet, choice);
    if (!known)
        return admit(skb, scratch);
    scratch->to = *known;
    if (known->flags & FLOW_ANSWER)
        return set_destination(skb, packet, choice, &scratch->to);
    if (!continues(packet, choice, known, now_ns)) {
        bpf_map_delete_elem(&lb_conntrack, &packet->flow);
        return admit(skb, scratch);
    }
    renew(known, packet, FLOW_CLIENT_FIN, now_ns);
    return set_destination(skb, packet, choice, &scratch->to);
}

/** False where the answer's connection is no more, or it is no answer: then its entry goes too. */
static ALWAYS_INLINE int is_answer(const struct packet *packet, struct flow *answer)
{
    __u64 now_ns = bpf_ktime_get_ns();
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
    if (!rewrite(skb, packet, SIDE_SOURCE, &scratch->to)) {
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
