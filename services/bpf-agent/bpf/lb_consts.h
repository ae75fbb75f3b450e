/* The closed sets of numbers in keys, values and events, and the sizes and times of the datapath. */
#pragma once

/** errno of asm-generic/errno.h. */
#define ECONNREFUSED 111

/** Who asks. */
enum lb_scope {
    SCOPE_INSIDE = 0,  /* sockets of this node; internalTrafficPolicy */
    SCOPE_OUTSIDE = 1, /* packets at a device; externalTrafficPolicy */
};

enum lb_algorithm {
    ALGORITHM_RANDOM = 0,
    ALGORITHM_MAGLEV = 1,
};

enum frontend_flag {
    FRONTEND_SOURCE_RANGES = 1 << 0, /* only clients of lb_source_ranges */
    FRONTEND_L7 = 1 << 1,            /* the backends are Envoys, which may ask where the client connected to */
    FRONTEND_KEEP_CLIENT = 1 << 2,   /* externalTrafficPolicy Local: no SNAT; without a backend packets are dropped, not refused */
};

enum backend_flag {
    BACKEND_LOCAL = 1 << 0, /* on this node */
};

enum affinity_kind {
    AFFINITY_ADDRESS = 0, /* sessionAffinity ClientIP, at a device */
    AFFINITY_NETNS = 1,   /* the same at a socket: a pod is a network namespace */
    AFFINITY_SOCKET = 2,  /* datagrams of a socket that is not connected */
};

enum flow_hook {
    HOOK_INGRESS = 0,
    HOOK_EGRESS = 1,
    HOOK_SOCKET = 2, /* in events and lb_origins only */
};

enum flow_state {
    FLOW_NEW = 0,         /* no answer seen */
    FLOW_ESTABLISHED = 1, /* an answer was seen */
    FLOW_CLOSING = 2,     /* one side has said FIN */
    FLOW_CLOSED = 3,      /* both have */
    FLOW_RESET = 4,       /* one has said RST: nothing more can come */
};

enum flow_flag {
    FLOW_ANSWER = 1 << 0,      /* of the backend's packets, not the client's */
    FLOW_CLIENT_FIN = 1 << 1,  /* request at ingress only */
    FLOW_BACKEND_FIN = 1 << 2, /* request at ingress only */
};

enum event_kind {
    EVENT_TRANSLATED = 1, /* a socket's address was replaced by a backend's */
    EVENT_CONNECTION = 2, /* a new connection at a device */
    EVENT_DROP = 3,       /* refused or dropped, see the reason */
};

enum drop_reason {
    DROP_NONE = 0,
    DROP_NO_BACKEND = 1,       /* the set is empty */
    DROP_MISSING_SLOT = 2,     /* the set was not there, twice */
    DROP_OTHER_FAMILY = 3,     /* the backend is of the other IP family */
    DROP_SOURCE_RANGE = 4,     /* loadBalancerSourceRanges does not admit the client */
    DROP_NO_SNAT_PORT = 5,     /* each port tried towards this backend is taken */
    DROP_NO_NODE_ADDRESS = 6,  /* SNAT is needed and settings name no address of the family */
    DROP_TABLE_FULL = 7,       /* conntrack took no entry */
    DROP_REWRITE_FAILED = 8,   /* the kernel refused to change the packet */
    DROP_CLASH = 9,            /* the client speaks to this backend by another frontend from this port, and from each other one tried */
};

/** Indexes of lb_counters; each counts events since the map was made. */
enum lb_counter {
    COUNTER_SOCKET_TRANSLATED = 0,
    COUNTER_SOCKET_REFUSED = 1,
    COUNTER_CONNECTIONS = 2,
    COUNTER_PACKETS_IN = 3,
    COUNTER_PACKETS_OUT = 4,
    COUNTER_DROPS = 5,
    COUNTER_ICMP_TRANSLATED = 6,
    COUNTER_DELIVERED = 7, /* of PACKETS_IN, those straight into a pod */
    COUNTER_LIMIT = 16, /* entries of the map */
};

/** bits/socket.h of Linux. */
#define ADDRESS_FAMILY_IPV4 2
#define ADDRESS_FAMILY_IPV6 10

/* Default sizes; the loader may set others before it makes the maps. */
#define FRONTENDS_MAX 65536
#define SLOTS_MAX 262144
#define TABLES_MAX 16384
#define TABLE_SLOTS_MAX 131071
#define SOURCE_RANGES_MAX 65536
#define NODE_ADDRESSES_MAX 1024
#define PEERS_MAX 4096
#define AFFINITY_MAX 32768
#define SOCK_REVERSE_MAX 65536
#define ORIGINS_MAX 8192
#define CONNTRACK_MAX 131072
#define FRAGMENTS_MAX 8192
/** How long the datagrams of a socket that is not connected stay at one backend without any (RFC 4787, REQ-5). */
#define DATAGRAM_AFFINITY_NS (300ull * NS_PER_S)
#define NS_PER_S 1000000000ull

#define EVENT_BYTES (4 * 1024 * 1024)
