/* counter.h - the shards behind AtomicCounter, for those who embed them.
 * Keeps:   the value is the sum of the shards; shards are GSAW_SEPARATION bytes apart.
 * Threads: any.
 * Next:    counter.c, gangsaw/sync.h */
#ifndef GSAW_SYNC_COUNTER_H
#define GSAW_SYNC_COUNTER_H

#include <gangsaw/sync.h>

#include "base/atomic.h"

#define GSAW_SHARDS_MAX 4096u

typedef struct gsaw__counter_shard {
    _Atomic int64_t value;
    char padding[GSAW_SEPARATION - sizeof(int64_t)];
} gsaw__counter_shard;

struct gsaw_counter {
    const gsaw_allocator *allocator; /* borrowed */
    gsaw__counter_shard *shards;
    uint32_t shard_count; /* at least 1 */
};

/* Set up in the caller's storage; GSAW_NO_MEMORY leaves it all zero. shard_count 0 counts as 1. */
gsaw_status gsaw__counter_init(gsaw_counter *self, const gsaw_allocator *allocator,
                               uint32_t shard_count);
void gsaw__counter_clear(gsaw_counter *self);

#endif
