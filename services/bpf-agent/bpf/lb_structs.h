/* Keys and values of the datapath's maps: the one description of their layout, from whose BTF the agent's codecs come.
 *
 * Rules: no padding the compiler adds (each gap is a named `reserved` member that is zero), `_be` in a name means network byte
 * order, everything else is in the host's. A name or an offset that changes changes the object's hash, so the agent replaces maps.
 */
#pragma once

#include <linux/types.h>

/** An address of either family; IPv4 as ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2). */
struct lb_address {
    __u8 bytes[16];
} __attribute__((aligned(4)));

/* ---- Functions of the log: what the agent writes ---- */

/** Where a Service can be reached. A NodePort is at 0.0.0.0 or ::, each for the addresses of this node that are of its family. */
struct frontend_key {
    struct lb_address address;
    __be16 port_be;
    __u8 protocol; /* IPPROTO_TCP, _UDP or _SCTP */
    __u8 scope;    /* enum lb_scope */
};

/** What is behind a frontend: it names a whole set of backends, so it changes from one set to another in one write. */
struct frontend {
    __u64 set;   /* content hash of the backends; 0: there are none, so connections are refused */
    __u64 group; /* content hash of the Service port; key of affinity and source ranges, equal for all frontends of the port */
    __u32 count; /* backends in the set: slots 0 … count-1 */
    __u32 affinity_timeout_s; /* 0: no session affinity */
    __u32 table_size;         /* slots of the set's Maglev table; read where algorithm is Maglev */
    __u8 algorithm;           /* enum lb_algorithm */
    __u8 flags;               /* enum frontend_flag */
    __u16 reserved;
};

struct slot_key {
    __u64 set;
    __u32 slot;
    __u32 reserved;
};

struct backend {
    struct lb_address address;
    __be16 port_be;
    __u8 flags; /* enum backend_flag */
    __u8 reserved;
};

/** A client range that a Service port admits; looked at where the frontend has FRONTEND_SOURCE_RANGES. */
struct source_range_key {
    __u32 prefix_bits; /* 64 bits of the group and then those of the address: 64 + 96 + n for an IPv4 prefix of n bits */
    __u8 group[8];     /* frontend.group as its bytes lie in memory */
    struct lb_address client;
};

/** What the programs take from the node; one entry, at index 0. */
struct settings {
    struct lb_address node_ipv4; /* source towards backends on other nodes; zeros: such backends are unreachable from outside */
    struct lb_address node_ipv6;
    __u32 hash_seed;     /* of the Maglev slot; the same on each node */
    __u16 snat_port_min; /* source ports towards other nodes, both ends included; outside of ip_local_port_range */
    __u16 snat_port_max;
    __u32 events;    /* bit n: events of kind n are sent (enum event_kind) */
    __u32 has_peers; /* 1: lb_peers is looked at */
};

/* ---- Not functions of the log: what the programs write ---- */

/** Who comes back to the backend it was given. */
struct affinity_key {
    struct lb_address client; /* its address, or in the first 8 bytes the cookie of its network namespace or socket */
    __u64 group;
    __u32 kind; /* enum affinity_kind */
    __u32 reserved;
};

struct affinity {
    __u64 set;     /* in which the backend was last seen */
    __u64 used_ns; /* CLOCK_MONOTONIC */
    struct backend backend;
    __u32 reserved;
};

/** A socket and the backend it speaks to. */
struct sock_reverse_key {
    __u64 cookie;
    struct lb_address address;
    __be16 port_be;
    __u16 reserved;
    __u32 reserved_end;
};

/** The frontend that the socket believes to speak to. */
struct sock_reverse {
    struct lb_address address;
    __be16 port_be;
    __u8 flags; /* of the frontend (enum frontend_flag) */
    __u8 reserved;
};

/** A packet's addresses as one hook of this node sees them. */
struct flow_key {
    struct lb_address source;
    struct lb_address destination;
    __be16 source_port_be;
    __be16 destination_port_be;
    __u8 protocol;
    __u8 hook; /* enum flow_hook */
    __u16 reserved;
};

/**
 * What is done to the packets of one direction at one hook: at ingress the destination is replaced, at egress the source; of the other
 * end the port alone, of a client that speaks to the backend from its own one already. A connection has two entries, four where its backend is on another node; its state is in the one of the request at ingress.
 */
struct flow {
    __u64 set;     /* frontend.set by which the backend was chosen; request at ingress only */
    __u64 used_ns; /* CLOCK_MONOTONIC; request at ingress: of either direction; answer at egress: when it last renewed that */
    struct lb_address address; /* the new destination or source */
    __be16 port_be;
    __be16 snat_port_be; /* the request's source port towards the backend, or 0; request at ingress only */
    __u8 state;          /* enum flow_state; request at ingress only */
    __u8 flags;          /* enum flow_flag */
    __be16 other_port_be; /* the new port of the other end, or 0: it stays. Request at ingress: the client's as its backend sees it */
};

/** A fragmented datagram (RFC 791 section 3.2, RFC 8200 section 4.5) whose first fragment was seen at a hook. */
struct fragment_key {
    struct lb_address source;
    struct lb_address destination;
    __u32 identification;
    __u8 protocol;
    __u8 hook;
    __u16 reserved;
};

struct fragment {
    __be16 source_port_be;
    __be16 destination_port_be;
};

/** One record of the ring buffer. */
struct event {
    __u64 time_ns; /* CLOCK_MONOTONIC */
    __u64 cookie;  /* of the socket; 0 at the device hooks */
    struct lb_address client;
    struct lb_address frontend;
    struct lb_address backend; /* zeros where none was chosen */
    __be16 client_port_be;     /* 0 at connect: the kernel has chosen none yet */
    __be16 frontend_port_be;
    __be16 backend_port_be;
    __u8 kind;   /* enum event_kind */
    __u8 reason; /* enum drop_reason */
    __u8 protocol;
    __u8 hook; /* enum flow_hook */
    __u16 reserved;
    __u32 reserved_end;
};
