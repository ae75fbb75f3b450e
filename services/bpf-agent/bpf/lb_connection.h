/* New connections from outside: whether they are admitted, to which backend they go, and the entries that carry them. */
#pragma once

#include "lb_flow.h"
#include "lb_select.h"

/** How many source ports are tried, of this node towards a backend on another node and of a client. */
#define PORT_ATTEMPTS 32
/** Odd, with its bits well spread: 2^64 divided by the golden ratio. */
#define HASH_MULTIPLIER 0x9e3779b97f4a7c15ull

/** Memory of what a new connection looks for. */
struct searches {
    struct client_port_search client_port;
    struct port_search port;
};

static ALWAYS_INLINE __u64 mix(__u64 hash, __u32 word)
{
    hash = (hash ^ word) * HASH_MULTIPLIER;
    return hash ^ (hash >> 32);
}

/**
 * Where the connection stands in Maglev tables. The destination's address is left out, so that a client finds the same backend behind
 * each address of a Service, and through whichever node it comes.
 */
static ALWAYS_INLINE __u32 hash_of(const struct flow_key *flow, __u32 seed)
{
    const __u32 *words = words_in(&flow->source);
    __u64 hash = mix(seed, words[0]);
    hash = mix(hash, words[1]);
    hash = mix(hash, words[2]);
    hash = mix(hash, words[3]);
    hash = mix(hash, (__u32)flow->source_port_be << 16 | flow->destination_port_be);
    return (__u32)mix(hash, flow->protocol);
}

static ALWAYS_INLINE int is_admitted(const struct choice *choice, const struct lb_address *client)
{
    if (!(choice->frontend.flags & FRONTEND_SOURCE_RANGES))
        return 1;
    struct source_range_key key = {.prefix_bits = 64 + 128, .client = *client};
    __builtin_memcpy(key.group, &choice->frontend.group, sizeof(key.group));
    return bpf_map_lookup_elem(&lb_source_ranges, &key) != 0;
}

/**
 * Takes a source port of this node and lets the request leave with it. `client_port_be` is the client's, as ingress leaves it. 0, or why not
 * (enum drop_reason).
 */
static ALWAYS_INLINE __u8 add_snat(const struct packet *packet, const struct choice *choice, struct flow *request,
                                   struct port_search *search, __be16 client_port_be)
{
    struct settings *settings = node_settings();
    if (!settings)
        return DROP_NO_NODE_ADDRESS;
    __builtin_memset(search, 0, sizeof(*search));
    search->answer.source = choice->backend.address;
    search->answer.source_port_be = choice->backend.port_be;
    search->answer.destination = packet->is_ipv6 ? settings->node_ipv6 : settings->node_ipv4;
    search->answer.protocol = packet->flow.protocol;
    search->answer.hook = HOOK_INGRESS;
    search->value.address = packet->flow.source;
    search->value.port_be = client_port_be;
    search->value.flags = FLOW_ANSWER;
    search->now_ns = request->used_ns;
    search->port_min = settings->snat_port_min;
    search->port_count = settings->snat_port_max - settings->snat_port_min + 1u;
    if (is_zero(&search->answer.destination))
        return DROP_NO_NODE_ADDRESS;
    bpf_loop(PORT_ATTEMPTS, try_port, &search, 0);
    if (!search->found)
        return DROP_NO_SNAT_PORT;
    request->snat_port_be = search->answer.destination_port_be;
    struct flow_key leaving = packet->flow;
    leaving.source_port_be = client_port_be;
    leaving.destination = choice->backend.address;
    leaving.destination_port_be = choice->backend.port_be;
    leaving.hook = HOOK_EGRESS;
    struct flow source = {.address = search->answer.destination, .port_be = request->snat_port_be};
    return bpf_map_update_elem(&lb_conntrack, &leaving, &source, BPF_ANY) == 0 ? DROP_NONE : DROP_TABLE_FULL;
}

/**
 * Makes the entry of the answers. Where the client speaks to this backend from its port already, by another frontend, the request gets
 * another port, as netfilter does it; then it is `request->other_port_be`. 0, or why not (enum drop_reason).
 */
static ALWAYS_INLINE __u8 add_answer(const struct packet *packet, const struct choice *choice, struct flow *request,
                                     struct client_port_search *search)
{
    __builtin_memset(search, 0, sizeof(*search));
    search->answer.source = choice->backend.address;
    search->answer.source_port_be = choice->backend.port_be;
    search->answer.destination = packet->flow.source;
    search->answer.destination_port_be = packet->flow.source_port_be;
    search->answer.protocol = packet->flow.protocol;
    search->answer.hook = HOOK_EGRESS;
    search->value.address = packet->flow.destination;
    search->value.port_be = packet->flow.destination_port_be;
    search->value.flags = FLOW_ANSWER;
    if (!clashes(&search->answer, &packet->flow, request->used_ns))
        return bpf_map_update_elem(&lb_conntrack, &search->answer, &search->value, BPF_ANY) == 0 ? DROP_NONE : DROP_TABLE_FULL;
    search->request = packet->flow;
    search->now_ns = request->used_ns;
    search->value.other_port_be = packet->flow.source_port_be;
    bpf_loop(PORT_ATTEMPTS, try_client_port, &search, 0);
    request->other_port_be = search->answer.destination_port_be;
    return search->found ? DROP_NONE : DROP_CLASH;
}

/** Makes the entries of a connection whose backend is chosen. 0, or why not (enum drop_reason). */
static ALWAYS_INLINE __u8 add_flows(const struct packet *packet, const struct choice *choice, struct flow *request,
                                    struct searches *searches)
{
    __u8 reason = add_answer(packet, choice, request, &searches->client_port);
    if (reason != DROP_NONE)
        return reason;
    if (!(choice->backend.flags & BACKEND_LOCAL) && !(choice->frontend.flags & FRONTEND_KEEP_CLIENT)) {
        __be16 client_port_be = searches->client_port.answer.destination_port_be;
        reason = add_snat(packet, choice, request, &searches->port, client_port_be);
        if (reason != DROP_NONE)
            return reason;
    }
    return bpf_map_update_elem(&lb_conntrack, &packet->flow, request, BPF_ANY) == 0 ? DROP_NONE : DROP_TABLE_FULL;
}

static ALWAYS_INLINE void tell_connection(const struct packet *packet, const struct choice *choice)
{
    struct event *event = new_event(choice->reason == DROP_NONE ? EVENT_CONNECTION : EVENT_DROP);
    if (!event)
        return;
    event->client = packet->flow.source;
    event->client_port_be = packet->flow.source_port_be;
    event->frontend = packet->flow.destination;
    event->frontend_port_be = packet->flow.destination_port_be;
    event->backend = choice->backend.address;
    event->backend_port_be = choice->backend.port_be;
    event->reason = choice->reason;
    event->protocol = packet->flow.protocol;
    event->hook = HOOK_INGRESS;
    send(event);
}

/** Who the client is to session affinity, and where its connection stands in Maglev tables. */
static ALWAYS_INLINE void describe(const struct packet *packet, struct choice *choice)
{
    struct settings *settings = node_settings();
    choice->by_hash = 1;
    choice->hash = hash_of(&packet->flow, settings ? settings->hash_seed : 0);
    if (choice->frontend.affinity_timeout_s) {
        choice->sticky_ns = choice->frontend.affinity_timeout_s * NS_PER_S;
        choice->sticky.kind = AFFINITY_ADDRESS;
        choice->sticky.client = packet->flow.source;
    }
}

/** Begins a connection to `choice->frontend`: `request` is its entry. `choice->reason` says why not where it fails. */
static ALWAYS_INLINE void begin(const struct packet *packet, struct choice *choice, struct flow *request,
                                struct searches *searches)
{
    if (!is_admitted(choice, &packet->flow.source)) {
        choice->reason = DROP_SOURCE_RANGE;
        return;
    }
    describe(packet, choice);
    choose_backend(choice);
    if (choice->reason != DROP_NONE)
        return;
    if (is_ipv4(&choice->backend.address) == packet->is_ipv6) {
        choice->reason = DROP_OTHER_FAMILY;
        return;
    }
    request->set = choice->frontend.set;
    request->used_ns = bpf_ktime_get_coarse_ns();
    request->address = choice->backend.address;
    request->port_be = choice->backend.port_be;
    choice->reason = add_flows(packet, choice, request, searches);
}
