/* Who serves a Service's connections by itself, as an Envoy does, asks its socket which address the client connected to: by the option
 * SO_ORIGINAL_DST, as of a connection that netfilter redirected (linux/netfilter_ipv4.h). Of a client from outside conntrack knows it; of one
 * on this node it is noted when the client's socket connects, and forgotten when that is closed. */
#pragma once

#include "lb_packet.h"

/** Levels and option of getsockopt(2): IPPROTO_IP and IPPROTO_IPV6, SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST. */
#define LEVEL_IPV4 0
#define LEVEL_IPV6 41
#define OPTION_ORIGINAL_DESTINATION 80
/** The kernel hands programs one page of an option's value; a longer one is to be left as it is (bpf(2), BPF_CGROUP_GETSOCKOPT). */
#define OPTION_BYTES_MAX 4096
/** Verdict of cgroup/getsockopt: what the kernel or this program has answered. */
#define OPTION_PROCEED 1

/** As the kernel writes them for a process: both in network byte order but the family. */
struct sockaddr_ipv4 {
    __u16 family;
    __be16 port_be;
    __be32 address_be;
    __u8 zeros[8];
};
struct sockaddr_ipv6 {
    __u16 family;
    __be16 port_be;
    __be32 flow_info_be;
    struct lb_address address;
    __u32 scope;
};

/** Puts four words into an address. Members of a socket are read one by one, since the verifier allows no other way to them. */
#define COPY_WORDS(into, from)        \
    do {                              \
        __u32 *words = words_of(into); \
        words[0] = (from)[0];         \
        words[1] = (from)[1];         \
        words[2] = (from)[2];         \
        words[3] = (from)[3];         \
    } while (0)

/** The key of a server's own socket: that of the answers it sends. */
static ALWAYS_INLINE void server_key_of(const volatile struct bpf_sock *socket, struct flow_key *key)
{
    __be32 source_be = socket->src_ip4;
    __be32 destination_be = socket->dst_ip4;
    COPY_WORDS(&key->source, socket->src_ip6);
    COPY_WORDS(&key->destination, socket->dst_ip6);
    if (socket->family == ADDRESS_FAMILY_IPV4) {
        set_ipv4(&key->source, source_be);
        set_ipv4(&key->destination, destination_be);
    }
    key->source_port_be = to_be16((__u16)socket->src_port);
    key->destination_port_be = socket->dst_port;
    key->protocol = IPPROTO_TCP;
}

/** Looks for where the client connected to. False: to the socket itself, as far as is known here. */
static ALWAYS_INLINE int find_origin(struct bpf_sock *socket, struct sock_reverse *origin)
{
    struct flow_key key = {.hook = HOOK_SOCKET};
    server_key_of(socket, &key);
    struct sock_reverse *noted = bpf_map_lookup_elem(&lb_origins, &key);
    if (noted) {
        *origin = *noted;
        return 1;
    }
    key.hook = HOOK_EGRESS;
    struct flow *answer = bpf_map_lookup_elem(&lb_conntrack, &key);
    if (!answer)
        return 0;
    origin->address = answer->address;
    origin->port_be = answer->port_be;
    return 1;
}

static ALWAYS_INLINE int tell_origin(struct bpf_sockopt *context)
{
    if (context->optlen > OPTION_BYTES_MAX)
        context->optlen = 0;
    int is_ipv4_asked = context->level == LEVEL_IPV4;
    struct bpf_sock *socket = context->sk;
    if (context->optname != OPTION_ORIGINAL_DESTINATION || (!is_ipv4_asked && context->level != LEVEL_IPV6) ||
        !socket || socket->protocol != IPPROTO_TCP)
        return OPTION_PROCEED;
    struct sock_reverse origin;
    if (!find_origin(socket, &origin) || is_ipv4(&origin.address) != is_ipv4_asked)
        return OPTION_PROCEED;
    void *value = context->optval;
    void *end = context->optval_end;
    if (is_ipv4_asked) {
        struct sockaddr_ipv4 *answer = value;
        if ((void *)(answer + 1) > end)
            return OPTION_PROCEED;
        *answer = (struct sockaddr_ipv4){ADDRESS_FAMILY_IPV4, origin.port_be, ipv4_of(&origin.address), {}};
        context->optlen = sizeof(*answer);
    } else {
        struct sockaddr_ipv6 *answer = value;
        if ((void *)(answer + 1) > end)
            return OPTION_PROCEED;
        *answer = (struct sockaddr_ipv6){ADDRESS_FAMILY_IPV6, origin.port_be, 0, origin.address, 0};
        context->optlen = sizeof(*answer);
    }
    context->retval = 0;
    return OPTION_PROCEED;
}

/** The key of a client's own socket: that of the answers it gets. Ports: the own one in host order, the other in the upper half. */
static ALWAYS_INLINE void client_key_of(const volatile struct bpf_sock_ops *context, struct flow_key *key)
{
    key->hook = HOOK_SOCKET;
    key->protocol = IPPROTO_TCP;
    key->source_port_be = (__be16)(context->remote_port >> 16);
    key->destination_port_be = to_be16((__u16)context->local_port);
    __be32 source_be = context->remote_ip4;
    __be32 destination_be = context->local_ip4;
    COPY_WORDS(&key->source, context->remote_ip6);
    COPY_WORDS(&key->destination, context->local_ip6);
    /* An IPv6 socket towards an IPv4-mapped address has its own one in the IPv4 field when it connects. */
    if (context->family == ADDRESS_FAMILY_IPV4 || is_ipv4(&key->source)) {
        set_ipv4(&key->source, source_be);
        set_ipv4(&key->destination, destination_be);
    }
}

/** A socket is about to send its SYN, and so has its port: notes where it believes to connect to, if a proxy of this node takes it. */
static ALWAYS_INLINE void note_origin(struct bpf_sock_ops *context)
{
    struct flow_key key = {};
    client_key_of(context, &key);
    struct sock_reverse_key client = {
        .cookie = bpf_get_socket_cookie(context),
        .address = key.source,
        .port_be = key.source_port_be,
    };
    struct sock_reverse *reverse = bpf_map_lookup_elem(&lb_sock_reverse, &client);
    if (!reverse || !(reverse->flags & FRONTEND_L7))
        return;
    struct sock_reverse origin = *reverse;
    bpf_map_update_elem(&lb_origins, &key, &origin, BPF_ANY);
    bpf_sock_ops_cb_flags_set(context, BPF_SOCK_OPS_STATE_CB_FLAG);
}

static ALWAYS_INLINE void forget_origin(struct bpf_sock_ops *context)
{
    struct flow_key key = {};
    client_key_of(context, &key);
    bpf_map_delete_elem(&lb_origins, &key);
}

static ALWAYS_INLINE int at_socket(struct bpf_sock_ops *context)
{
    if (context->op == BPF_SOCK_OPS_TCP_CONNECT_CB)
        note_origin(context);
    else if (context->op == BPF_SOCK_OPS_STATE_CB && context->args[1] == BPF_TCP_CLOSE)
        forget_origin(context);
    return 1;
}
