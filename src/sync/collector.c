/* collector.c - ResultCollector: each worker appends to a shard of its own; they are sorted once,
 * at the end.
 * Keeps:   a shard's results are in the order of their arrival and never move out of it; `sorted`
 *          is built anew for each aggregate.
 * Threads: collect(): one at a time per shard; all else: one at a time, nobody collecting.
 * Next:    gangsaw/sync.h. Source of the sort: least significant digit first radix sort (Knuth, The
 *          Art of Computer Programming 3, 5.2.5): linear, stable, and without a hidden malloc as
 *          qsort
 * has. */
#include <gangsaw/sync.h>

#include <inttypes.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/atomic.h"
#include "base/status.h"
#include "sync/counter.h"

#define DIGIT_BITS 8
#define DIGIT_COUNT (1u << DIGIT_BITS)

struct shard {
    GSAW_ARRAY(gsaw_collected) results;
    char padding[GSAW_SEPARATION];
};

struct gsaw_collector {
    const gsaw_allocator *allocator; /* borrowed */
    struct shard *shards;
    uint32_t shard_count;
    gsaw_collected *sorted; /* view of the last aggregate, sorted_count long */
    size_t sorted_count;
};

gsaw_status gsaw_collector_new(const gsaw_allocator *allocator, uint32_t shards,
                               gsaw_collector **out, gsaw_error *error)
{
    if (shards == 0 || shards > GSAW_SHARDS_MAX)
        return gsaw__fail(error, GSAW_RANGE, "shards: %u is not in 1 to %u", shards,
                          GSAW_SHARDS_MAX);
    gsaw_collector *self = gsaw__alloc(allocator, sizeof *self);
    if (self == NULL)
        return gsaw__fail_memory(error);
    *self = (gsaw_collector){.allocator = allocator, .shard_count = shards};
    self->shards = gsaw__alloc_zero(allocator, shards, sizeof *self->shards);
    if (self->shards == NULL) {
        gsaw__free(allocator, self, sizeof *self);
        return gsaw__fail_memory(error);
    }
    *out = self;
    return GSAW_OK;
}

static void forget_sorted(gsaw_collector *self)
{
    gsaw__free(self->allocator, self->sorted, self->sorted_count * sizeof *self->sorted);
    self->sorted = NULL;
    self->sorted_count = 0;
}

void gsaw_collector_free(gsaw_collector *self)
{
    if (self == NULL)
        return;
    const gsaw_allocator *allocator = self->allocator;
    forget_sorted(self);
    for (uint32_t i = 0; i < self->shard_count; i++)
        gsaw__array_clear(&self->shards[i].results, allocator);
    gsaw__free(allocator, self->shards, self->shard_count * sizeof *self->shards);
    gsaw__free(allocator, self, sizeof *self);
}

gsaw_status gsaw_collector_collect(gsaw_collector *self, uint32_t shard, uint64_t index, void *item)
{
    if (shard >= self->shard_count)
        return GSAW_RANGE;
    gsaw_collected result = {.index = index, .item = item};
    if (!gsaw__array_push(&self->shards[shard].results, self->allocator, result))
        return GSAW_NO_MEMORY;
    return GSAW_OK;
}

size_t gsaw_collector_count(const gsaw_collector *self)
{
    size_t count = 0;
    for (uint32_t i = 0; i < self->shard_count; i++)
        count += self->shards[i].results.count;
    return count;
}

/* One pass of the sort: from -> to by the digit at `shift`, equal digits in the order they had. */
static void sort_pass(const gsaw_collected *from, gsaw_collected *to, size_t count, unsigned shift)
{
    size_t place[DIGIT_COUNT + 1] = {0};
    for (size_t i = 0; i < count; i++)
        place[((from[i].index >> shift) & (DIGIT_COUNT - 1)) + 1]++;
    for (size_t digit = 1; digit < DIGIT_COUNT; digit++)
        place[digit] += place[digit - 1];
    for (size_t i = 0; i < count; i++)
        to[place[(from[i].index >> shift) & (DIGIT_COUNT - 1)]++] = from[i];
}

/* Sort `items`, with `spare` as room for as many; returns the one of the two that has the result.
 */
static gsaw_collected *sort(gsaw_collected *items, gsaw_collected *spare, size_t count)
{
    uint64_t differing = 0;
    for (size_t i = 1; i < count; i++)
        differing |= items[i].index ^ items[0].index;
    for (unsigned shift = 0; shift < 64; shift += DIGIT_BITS) {
        if (((differing >> shift) & (DIGIT_COUNT - 1)) == 0)
            continue;
        sort_pass(items, spare, count, shift);
        gsaw_collected *sorted = spare;
        spare = items;
        items = sorted;
    }
    return items;
}

static gsaw_status check_unique(const gsaw_collector *self, gsaw_error *error)
{
    for (size_t i = 1; i < self->sorted_count; i++)
        if (self->sorted[i].index == self->sorted[i - 1].index)
            return gsaw__fail(error, GSAW_EXISTS, "two results for input %" PRIu64,
                              self->sorted[i].index);
    return GSAW_OK;
}

gsaw_status gsaw_collector_aggregate(gsaw_collector *self, const gsaw_collected **out,
                                     size_t *count, gsaw_error *error)
{
    forget_sorted(self);
    size_t total = gsaw_collector_count(self);
    if (total != 0) {
        size_t size = total * sizeof *self->sorted;
        gsaw_collected *items = gsaw__alloc(self->allocator, size);
        gsaw_collected *spare = gsaw__alloc(self->allocator, size);
        if (items == NULL || spare == NULL) {
            gsaw__free(self->allocator, items, size);
            gsaw__free(self->allocator, spare, size);
            return gsaw__fail_memory(error);
        }
        size_t at = 0;
        for (uint32_t i = 0; i < self->shard_count; i++) {
            const struct shard *shard = &self->shards[i];
            for (size_t j = 0; j < shard->results.count; j++)
                items[at++] = shard->results.items[j];
        }
        self->sorted = sort(items, spare, total);
        self->sorted_count = total;
        gsaw__free(self->allocator, self->sorted == items ? spare : items, size);
    }
    gsaw_status status = check_unique(self, error);
    if (status != GSAW_OK)
        return status;
    *out = self->sorted;
    *count = self->sorted_count;
    return GSAW_OK;
}

gsaw_status gsaw_collector_summarize(gsaw_collector *self, gsaw_collector_function *function,
                                     void *context, gsaw_error *error)
{
    const gsaw_collected *results = NULL;
    size_t count = 0;
    gsaw_status status = gsaw_collector_aggregate(self, &results, &count, error);
    for (size_t i = 0; status == GSAW_OK && i < count; i++)
        status = function(context, &results[i]);
    return status;
}
