/* counter.c - AtomicCounter: one number, or one a shard.
 * Keeps:   every change is one read-modify-write of one shard, so none is lost.
 * Threads: any.
 * Next:    counter.h */
#include "sync/counter.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/status.h"

static_assert(sizeof(gsaw__counter_shard) == GSAW_SEPARATION, "one shard per line pair");

gsaw_status gsaw__counter_init(gsaw_counter *self, const gsaw_allocator *allocator,
                               uint32_t shard_count)
{
    *self = (gsaw_counter){.allocator = allocator};
    uint32_t count = shard_count == 0 ? 1 : shard_count;
    self->shards = gsaw__alloc_zero(allocator, count, sizeof *self->shards);
    if (self->shards == NULL)
        return GSAW_NO_MEMORY;
    self->shard_count = count;
    return GSAW_OK;
}

void gsaw__counter_clear(gsaw_counter *self)
{
    gsaw__free(self->allocator, self->shards, self->shard_count * sizeof *self->shards);
    *self = (gsaw_counter){.allocator = self->allocator};
}

gsaw_status gsaw_counter_new(const gsaw_allocator *allocator, uint32_t shards, gsaw_counter **out,
                             gsaw_error *error)
{
    if (shards > GSAW_SHARDS_MAX)
        return gsaw__fail(error, GSAW_RANGE, "shards: %u is not in 0 to %u", shards,
                          GSAW_SHARDS_MAX);
    gsaw_counter *self = gsaw__alloc(allocator, sizeof *self);
    if (self == NULL)
        return gsaw__fail_memory(error);
    if (gsaw__counter_init(self, allocator, shards) != GSAW_OK) {
        gsaw__free(allocator, self, sizeof *self);
        return gsaw__fail_memory(error);
    }
    *out = self;
    return GSAW_OK;
}

void gsaw_counter_free(gsaw_counter *self)
{
    if (self == NULL)
        return;
    const gsaw_allocator *allocator = self->allocator;
    gsaw__counter_clear(self);
    gsaw__free(allocator, self, sizeof *self);
}

int64_t gsaw_counter_increment(gsaw_counter *self, uint32_t shard, int64_t amount)
{
    _Atomic int64_t *value = &self->shards[shard % self->shard_count].value;
    /* [C1] acquire-release, pairs with C1 in itself and in value(): who sees a count sees what its
     * counters did before. The sum is formed unsigned, as atomics wrap and int64_t must not. */
    return (int64_t)((uint64_t)gsaw__add_acq_rel(value, amount) + (uint64_t)amount);
}

int64_t gsaw_counter_decrement(gsaw_counter *self, uint32_t shard, int64_t amount)
{
    return gsaw_counter_increment(self, shard, (int64_t)(0 - (uint64_t)amount));
}

int64_t gsaw_counter_value(const gsaw_counter *self)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < self->shard_count; i++)
        sum += (uint64_t)gsaw__load_acquire(&self->shards[i].value); /* [C1] with increment() */
    return (int64_t)sum;
}
