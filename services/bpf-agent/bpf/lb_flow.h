/* Connections through a device. A request is looked up as it comes in (client → frontend) and gets the backend as destination; its
 * answer is looked up as it leaves (backend → client) and gets the frontend as source. Where the backend is on another node, the request
 * leaves (client → backend) with this node as source, and the answer comes in (backend → node) and gets the client as destination. The
 * entry of the request at ingress holds the state; the others lead to it. */
#pragma once

#include "lb_events.h"
#include "lb_packet.h"

/** RFC 5382 REQ-5 (TCP: 2 h 4 min established, 4 min while it is opened or closed) and RFC 4787 REQ-5 (UDP: 5 min). */
#define TCP_ESTABLISHED_NS (7440 * NS_PER_S)
#define TCP_TRANSITORY_NS (240 * NS_PER_S)
#define TCP_CLOSED_NS (120 * NS_PER_S)
#define UDP_NS (300 * NS_PER_S)
/** How often packets of one side renew their connection at most, unless their flags tell something: what is written costs each CPU. */
#define RENEWAL_NS NS_PER_S
/** Ports that stand for a client's where its own is taken: below those that clients choose by themselves (RFC 6335, section 6). */
#define CLIENT_PORT_MIN 1024
#define CLIENT_PORT_COUNT (32768 - CLIENT_PORT_MIN)

static ALWAYS_INLINE int is_expired(const struct flow *request, __u8 protocol, __u64 now_ns)
{
    __u64 limit_ns = UDP_NS;
    if (protocol == IPPROTO_TCP)
        limit_ns = request->state == FLOW_ESTABLISHED ? TCP_ESTABLISHED_NS
                   : request->state >= FLOW_CLOSED    ? TCP_CLOSED_NS
                                                      : TCP_TRANSITORY_NS;
    return elapsed_ns(request->used_ns, now_ns) > limit_ns + RENEWAL_NS;
}

/** Notes that a packet of the connection passed. `said_fin` is the side it came from. */
static ALWAYS_INLINE void renew(struct flow *request, const struct packet *packet, enum flow_flag said_fin, __u64 now_ns)
{
    if (elapsed_ns(request->used_ns, now_ns) >= RENEWAL_NS)
        request->used_ns = now_ns;
    if (request->state == FLOW_RESET)
        return;
    if (said_fin == FLOW_BACKEND_FIN && request->state == FLOW_NEW)
        request->state = FLOW_ESTABLISHED;
    if (packet->tcp_flags & TCP_FIN) {
        request->flags |= said_fin;
        int both = (request->flags & FLOW_CLIENT_FIN) && (request->flags & FLOW_BACKEND_FIN);
        request->state = both ? FLOW_CLOSED : FLOW_CLOSING;
    }
    if (packet->tcp_flags & TCP_RST)
        request->state = FLOW_RESET;
}

/** The client's own port of the connection that an answer (backend → client, at egress) belongs to. */
static ALWAYS_INLINE __be16 client_port_of(const struct flow_key *answer_key, const struct flow *answer)
{
    return answer->other_port_be ? answer->other_port_be : answer_key->destination_port_be;
}

/** The entry with the state of the connection that an answer (backend → client, at egress) belongs to, or NULL. */
static ALWAYS_INLINE struct flow *request_of(const struct flow_key *answer_key, const struct flow *answer)
{
    struct flow_key key = {
        .source = answer_key->destination,
        .destination = answer->address,
        .source_port_be = client_port_of(answer_key, answer),
        .destination_port_be = answer->port_be,
        .protocol = answer_key->protocol,
        .hook = HOOK_INGRESS,
    };
    return bpf_map_lookup_elem(&lb_conntrack, &key);
}

/** Removes what an older connection left under this packet's addresses or those of its answer, at the given hook. */
static ALWAYS_INLINE void forget_stale(const struct packet *packet, enum flow_hook hook)
{
    struct flow_key key = packet->flow;
    key.hook = hook;
    bpf_map_delete_elem(&lb_conntrack, &key);
    reverse_of(&packet->flow, hook, &key);
    bpf_map_delete_elem(&lb_conntrack, &key);
}

/** A packet by which a connection can begin. */
static ALWAYS_INLINE int is_opening(const struct packet *packet)
{
    return packet->flow.protocol == IPPROTO_UDP || (packet->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
}

/** A search for a source port of this node towards a backend. */
struct port_search {
    struct flow_key answer; /* at ingress: backend → this node, its destination port is searched for */
    struct flow value;
    __u64 now_ns;
    __u32 port_min;
    __u32 port_count;
    __u32 found;
};

/** True where the connection that holds the port has ended or gone quiet. */
static ALWAYS_INLINE int is_abandoned(const struct port_search *search)
{
    struct flow *held = bpf_map_lookup_elem(&lb_conntrack, &search->answer);
    if (!held)
        return 0;
    struct flow_key answer_key = {
        .source = search->answer.source,
        .destination = held->address,
        .source_port_be = search->answer.source_port_be,
        .destination_port_be = held->port_be,
        .protocol = search->answer.protocol,
        .hook = HOOK_EGRESS,
    };
    struct flow *answer = bpf_map_lookup_elem(&lb_conntrack, &answer_key);
    if (!answer)
        return 1;
    struct flow *request = request_of(&answer_key, answer);
    if (!request || request->snat_port_be != search->answer.destination_port_be)
        return 1;
    return request->state == FLOW_RESET || is_expired(request, search->answer.protocol, search->now_ns);
}

static long try_port(__u32 attempt, void *context)
{
    struct port_search *search = *(struct port_search **)context;
    (void)attempt;
    if (search->port_count == 0)
        return 1;
    search->answer.destination_port_be = to_be16(search->port_min + bpf_get_prandom_u32() % search->port_count);
    if (bpf_map_update_elem(&lb_conntrack, &search->answer, &search->value, BPF_NOEXIST) != 0) {
        if (!is_abandoned(search))
            return 0;
        if (bpf_map_update_elem(&lb_conntrack, &search->answer, &search->value, BPF_ANY) != 0)
            return 0;
    }
    search->found = 1;
    return 1;
}

/** True where an answer is one to these packets of a client, and not of another of its connections. */
static ALWAYS_INLINE int answers(const struct flow_key *answer_key, const struct flow *answer, const struct flow_key *request)
{
    return answer->port_be == request->destination_port_be && client_port_of(answer_key, answer) == request->source_port_be &&
           same_address(&answer->address, &request->destination);
}

/** True where the answer's entry would be that of another connection of the client, which goes on. */
static ALWAYS_INLINE int clashes(const struct flow_key *answer_key, const struct flow_key *request, __u64 now_ns)
{
    struct flow *answer = bpf_map_lookup_elem(&lb_conntrack, answer_key);
    if (!answer || answers(answer_key, answer, request))
        return 0;
    struct flow *other = request_of(answer_key, answer);
    return other && other->state < FLOW_CLOSED && !is_expired(other, answer_key->protocol, now_ns);
}

/** A search for a port at which a backend can tell a connection from the client's others. */
struct client_port_search {
    struct flow_key answer; /* at egress: backend → client, its destination port is searched for */
    struct flow value;
    struct flow_key request;
    __u64 now_ns;
    __u32 found;
};

static long try_client_port(__u32 attempt, void *context)
{
    struct client_port_search *search = *(struct client_port_search **)context;
    (void)attempt;
    search->answer.destination_port_be = to_be16(CLIENT_PORT_MIN + bpf_get_prandom_u32() % CLIENT_PORT_COUNT);
    if (clashes(&search->answer, &search->request, search->now_ns))
        return 0;
    search->found = bpf_map_update_elem(&lb_conntrack, &search->answer, &search->value, BPF_ANY) == 0;
    return 1;
}
