/* What the programs tell: counters, and records of the ring buffer where the settings ask for their kind. */
#pragma once

#include "lb_maps.h"

static ALWAYS_INLINE void count(__u32 counter)
{
    __u64 *value = bpf_map_lookup_elem(&lb_counters, &counter);
    if (value)
        (*value)++;
}

static ALWAYS_INLINE struct settings *node_settings(void)
{
    __u32 zero = 0;
    return bpf_map_lookup_elem(&lb_settings, &zero);
}

/** A record to fill and give to `send`, or NULL: this kind is not asked for, or the ring is full (then it is counted as lost). */
static ALWAYS_INLINE struct event *new_event(enum event_kind kind)
{
    struct settings *settings = node_settings();
    if (!settings || !(settings->events & (1u << kind)))
        return 0;
    struct event *event = bpf_ringbuf_reserve(&lb_events, sizeof(*event), 0);
    if (!event) {
        __u32 zero = 0;
        __u64 *lost = bpf_map_lookup_elem(&lb_lost, &zero);
        if (lost)
            __sync_fetch_and_add(lost, 1);
        return 0;
    }
    __builtin_memset(event, 0, sizeof(*event));
    event->time_ns = bpf_ktime_get_ns();
    event->kind = kind;
    return event;
}

/** A function of its own, since BTF tells the layout of what functions take: the agent reads records by it. */
static __attribute__((noinline)) void send(struct event *event) { bpf_ringbuf_submit(event, 0); }
