/* East-west: a socket's address is replaced by a backend's when it connects or sends, so that its packets need nothing done to them;
 * what it is told of its peer is the frontend again. */
#pragma once

#include "lb_events.h"
#include "lb_select.h"

/** Verdicts of cgroup/connect* and sendmsg*, see bpf_prog_run_array_cg(). */
#define SOCKET_REFUSE 0
#define SOCKET_PROCEED 1

/** sk_protocol of a multipath TCP socket (linux/in.h IPPROTO_MPTCP); to a Service it is TCP. */
static ALWAYS_INLINE __u8 service_protocol(__u32 protocol)
{
    return protocol == IPPROTO_MPTCP ? IPPROTO_TCP : protocol;
}

static ALWAYS_INLINE void read_address(struct bpf_sock_addr *context, int family, struct lb_address *into)
{
    if (family == 4) {
        set_ipv4(into, context->user_ip4);
        return;
    }
    __u32 *words = words_of(into);
    words[0] = context->user_ip6[0];
    words[1] = context->user_ip6[1];
    words[2] = context->user_ip6[2];
    words[3] = context->user_ip6[3];
}

static ALWAYS_INLINE void write_address(struct bpf_sock_addr *context, int family, const struct lb_address *from)
{
    const __u32 *words = words_in(from);
    if (family == 4) {
        context->user_ip4 = words[3];
        return;
    }
    context->user_ip6[0] = words[0];
    context->user_ip6[1] = words[1];
    context->user_ip6[2] = words[2];
    context->user_ip6[3] = words[3];
}

/** Port 0 of a connect is no Service's; ports stand in the upper half of a word on big-endian machines only. */
static ALWAYS_INLINE __be16 read_port(struct bpf_sock_addr *context) { return (__be16)context->user_port; }

static ALWAYS_INLINE void tell(struct bpf_sock_addr *context, const struct choice *choice, enum event_kind kind)
{
    struct event *event = new_event(kind);
    if (!event)
        return;
    event->cookie = bpf_get_socket_cookie(context);
    event->frontend = choice->key.address;
    event->frontend_port_be = choice->key.port_be;
    if (choice->reason == DROP_NONE) {
        event->backend = choice->backend.address;
        event->backend_port_be = choice->backend.port_be;
    }
    event->reason = choice->reason;
    event->protocol = choice->key.protocol;
    event->hook = HOOK_SOCKET;
    send(event);
}

static ALWAYS_INLINE int refuse(struct bpf_sock_addr *context, const struct choice *choice)
{
    count(COUNTER_SOCKET_REFUSED);
    tell(context, choice, EVENT_DROP);
    bpf_set_retval(-ECONNREFUSED);
    return SOCKET_REFUSE;
}

static ALWAYS_INLINE void put_cookie(struct lb_address *into, __u64 cookie)
{
    __u32 *words = words_of(into);
    words[0] = (__u32)cookie;
    words[1] = (__u32)(cookie >> 32);
}

/** Who the socket is to session affinity; of datagrams each of which is sent on its own, the socket itself. */
static ALWAYS_INLINE void name_client(struct bpf_sock_addr *context, struct choice *choice, int is_datagram)
{
    if (choice->frontend.affinity_timeout_s) {
        choice->sticky_ns = choice->frontend.affinity_timeout_s * NS_PER_S;
        choice->sticky.kind = AFFINITY_NETNS;
        put_cookie(&choice->sticky.client, bpf_get_netns_cookie(context));
    } else if (is_datagram) {
        choice->sticky_ns = DATAGRAM_AFFINITY_NS;
        choice->sticky.kind = AFFINITY_SOCKET;
        put_cookie(&choice->sticky.client, bpf_get_socket_cookie(context));
    }
}

static ALWAYS_INLINE void keep_reverse(struct bpf_sock_addr *context, const struct choice *choice)
{
    struct sock_reverse_key key = {
        .cookie = bpf_get_socket_cookie(context),
        .address = choice->backend.address,
        .port_be = choice->backend.port_be,
    };
    struct sock_reverse *known = bpf_map_lookup_elem(&lb_sock_reverse, &key);
    if (known && known->port_be == choice->key.port_be && known->flags == choice->frontend.flags &&
        same_address(&known->address, &choice->key.address))
        return;
    struct sock_reverse value = {
        .address = choice->key.address,
        .port_be = choice->key.port_be,
        .flags = choice->frontend.flags,
    };
    bpf_map_update_elem(&lb_sock_reverse, &key, &value, BPF_ANY);
}

/** Sends what goes to a frontend to one of its backends. `is_datagram`: of a socket that is not connected. */
static ALWAYS_INLINE int to_backend(struct bpf_sock_addr *context, int family, int is_datagram)
{
    struct choice choice = {};
    read_address(context, family, &choice.key.address);
    choice.key.port_be = read_port(context);
    choice.key.protocol = service_protocol(context->protocol);
    choice.key.scope = SCOPE_INSIDE;
    if (!find_frontend(&choice))
        return SOCKET_PROCEED;
    name_client(context, &choice, is_datagram);
    choose_backend(&choice);
    if (choice.reason == DROP_NONE && is_ipv4(&choice.key.address) != is_ipv4(&choice.backend.address))
        choice.reason = DROP_OTHER_FAMILY;
    if (choice.reason != DROP_NONE)
        return refuse(context, &choice);
    keep_reverse(context, &choice);
    write_address(context, family, &choice.backend.address);
    context->user_port = choice.backend.port_be;
    count(COUNTER_SOCKET_TRANSLATED);
    tell(context, &choice, EVENT_TRANSLATED);
    return SOCKET_PROCEED;
}

/** Turns a backend's address that the socket is about to be told into the frontend it spoke to. */
static ALWAYS_INLINE int to_frontend(struct bpf_sock_addr *context, int family)
{
    struct sock_reverse_key key = {.cookie = bpf_get_socket_cookie(context), .port_be = read_port(context)};
    read_address(context, family, &key.address);
    struct sock_reverse *reverse = bpf_map_lookup_elem(&lb_sock_reverse, &key);
    if (!reverse)
        return SOCKET_PROCEED;
    write_address(context, family, &reverse->address);
    context->user_port = reverse->port_be;
    return SOCKET_PROCEED;
}
