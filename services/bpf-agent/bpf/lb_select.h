/* From an address and port to a frontend, and from a frontend to one of its backends. */
#pragma once

#include "lb_address.h"
#include "lb_maps.h"

/** What a choice rests on, and what came of it. */
struct choice {
    struct frontend_key key;
    struct frontend frontend;
    struct affinity_key sticky; /* with `sticky_ns`; its group is filled in here */
    __u64 sticky_ns;            /* how long the client comes back to its backend; 0: it does not */
    __u32 hash;                 /* of the connection, for Maglev, where `by_hash` */
    struct backend backend;
    __u8 by_hash;
    __u8 reason; /* enum drop_reason; DROP_NONE: the backend is chosen */
};

/** Copies the frontend of `choice->key`: of that very address, or of any address of this node. False where there is none. */
static ALWAYS_INLINE int find_frontend(struct choice *choice)
{
    struct frontend *found = bpf_map_lookup_elem(&lb_frontends, &choice->key);
    if (!found && bpf_map_lookup_elem(&lb_node_addresses, &choice->key.address)) {
        struct frontend_key any = choice->key;
        if (is_ipv4(&any.address))
            words_of(&any.address)[3] = 0;
        else
            __builtin_memset(&any.address, 0, sizeof(any.address));
        found = bpf_map_lookup_elem(&lb_frontends, &any);
    }
    if (!found)
        return 0;
    choice->frontend = *found;
    return 1;
}

static ALWAYS_INLINE int copy_slot(__u64 set, __u32 slot, struct backend *into)
{
    struct slot_key key = {.set = set, .slot = slot};
    struct backend *backend = bpf_map_lookup_elem(&lb_slots, &key);
    if (!backend)
        return 0;
    *into = *backend;
    return 1;
}

/** A search of a set for a backend, see `stands_in`. */
struct search {
    __u64 set;
    struct backend wanted;
    __u32 found;
};

static long search_slot(__u32 slot, void *context)
{
    struct search *search = context;
    struct backend backend;
    if (!copy_slot(search->set, slot, &backend))
        return 0;
    if (backend.port_be != search->wanted.port_be || !same_address(&backend.address, &search->wanted.address))
        return 0;
    search->found = 1;
    return 1;
}

/** True where the backend is one of the `count` of the set. Looks at each: to be asked once for each change of a set. */
static ALWAYS_INLINE int stands_in(__u64 set, __u32 count, const struct backend *backend)
{
    struct search search = {.set = set, .wanted = *backend};
    bpf_loop(count, search_slot, &search, 0);
    return search.found;
}

/** Gives the client the backend it had, if it is back in time and the backend is still there. */
static ALWAYS_INLINE int remembered(struct choice *choice, __u64 now_ns)
{
    struct affinity *affinity = bpf_map_lookup_elem(&lb_affinity, &choice->sticky);
    if (!affinity || elapsed_ns(affinity->used_ns, now_ns) >= choice->sticky_ns)
        return 0;
    struct backend backend = affinity->backend;
    if (affinity->set != choice->frontend.set) {
        if (!stands_in(choice->frontend.set, choice->frontend.count, &backend))
            return 0;
        affinity->set = choice->frontend.set;
    }
    affinity->used_ns = now_ns;
    choice->backend = backend;
    return 1;
}

/** The slot that the hash falls on in the set's Maglev table; without a table, and where none is asked for, any slot. */
static ALWAYS_INLINE __u32 pick_slot(const struct choice *choice)
{
    __u32 any = bpf_get_prandom_u32() % choice->frontend.count;
    if (!choice->by_hash || choice->frontend.algorithm != ALGORITHM_MAGLEV || choice->frontend.table_size == 0)
        return any;
    void *table = bpf_map_lookup_elem(&lb_tables, &choice->frontend.set);
    if (!table)
        return any;
    __u32 index = choice->hash % choice->frontend.table_size;
    __u32 *slot = bpf_map_lookup_elem(table, &index);
    return slot ? *slot : any;
}

/** A backend of the frontend's set. A set that was just replaced is looked up anew, once. */
static ALWAYS_INLINE __u8 pick(struct choice *choice)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        if (choice->frontend.set == 0 || choice->frontend.count == 0)
            return DROP_NO_BACKEND;
        if (copy_slot(choice->frontend.set, pick_slot(choice), &choice->backend))
            return DROP_NONE;
        if (!find_frontend(choice))
            return DROP_MISSING_SLOT;
    }
    return DROP_MISSING_SLOT;
}

static ALWAYS_INLINE void remember(struct choice *choice, __u64 now_ns)
{
    struct affinity affinity = {.set = choice->frontend.set, .used_ns = now_ns, .backend = choice->backend};
    bpf_map_update_elem(&lb_affinity, &choice->sticky, &affinity, BPF_ANY);
}

/** Chooses a backend of `choice->frontend`. */
static ALWAYS_INLINE void choose_backend(struct choice *choice)
{
    __u64 now_ns = bpf_ktime_get_coarse_ns();
    choice->sticky.group = choice->frontend.group;
    choice->reason = DROP_NONE;
    if (choice->sticky_ns && choice->frontend.set && remembered(choice, now_ns))
        return;
    choice->reason = pick(choice);
    if (choice->reason == DROP_NONE && choice->sticky_ns)
        remember(choice, now_ns);
}
