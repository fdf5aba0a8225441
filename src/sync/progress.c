/* progress.c - ProgressTracker: two sharded counters and a callback that is rarely due.
 * Keeps:   `calling` is held around every callback, so they come one at a time; whoever finds it
 *          held goes on with its work. next_ns is written only by the holder of `calling`.
 * Threads: any; finish() alone wants the updates to be over.
 * Next:    counter.c, gangsaw/sync.h */
#include <gangsaw/sync.h>

#include "base/alloc.h"
#include "base/atomic.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/status.h"
#include "sync/counter.h"
#include "sync/progress.h"

#define INTERVAL_DEFAULT_NS 50000000u
#define NS_PER_S 1000000000u

struct gsaw_progress {
    gsaw_progress_options options;
    gsaw_counter completed, total;
    uint64_t start_ns;
    _Atomic bool total_is_final;
    char padding[GSAW_SEPARATION]; /* what every update reads, apart from the counters' writes */
    _Atomic uint64_t next_ns;      /* when the callback is due */
    _Atomic bool calling;          /* some thread is in the callback */
};

static gsaw_status check_options(const gsaw_progress_options *options, gsaw_error *error)
{
    if (options->size != sizeof *options)
        return gsaw__fail(error, GSAW_INVALID, "gsaw_progress_options: size is %zu, not %zu",
                          options->size, sizeof *options);
    if (options->shards > GSAW_SHARDS_MAX)
        return gsaw__fail(error, GSAW_RANGE, "shards: %u is not in 0 to %u", options->shards,
                          GSAW_SHARDS_MAX);
    return GSAW_OK;
}

gsaw_status gsaw_progress_new(const gsaw_progress_options *options, gsaw_progress **out,
                              gsaw_error *error)
{
    static const gsaw_progress_options defaults = {.size = sizeof(gsaw_progress_options)};
    if (options == NULL)
        options = &defaults;
    gsaw_status status = check_options(options, error);
    if (status != GSAW_OK)
        return status;
    gsaw_progress *self = gsaw__alloc_zero(options->allocator, 1, sizeof *self);
    if (self == NULL)
        return gsaw__fail_memory(error);
    self->options = *options;
    if (self->options.interval_ns == 0)
        self->options.interval_ns = INTERVAL_DEFAULT_NS;
    if (gsaw__counter_init(&self->completed, options->allocator, options->shards) != GSAW_OK ||
        gsaw__counter_init(&self->total, options->allocator, options->shards) != GSAW_OK) {
        gsaw_progress_free(self);
        return gsaw__fail_memory(error);
    }
    self->start_ns = gsaw__clock_ns();
    /* [T1] not shared yet */
    gsaw__store_relaxed(&self->next_ns, self->start_ns + self->options.interval_ns);
    *out = self;
    return GSAW_OK;
}

void gsaw_progress_free(gsaw_progress *self)
{
    if (self == NULL)
        return;
    const gsaw_allocator *allocator = self->options.allocator;
    gsaw__counter_clear(&self->completed);
    gsaw__counter_clear(&self->total);
    gsaw__free(allocator, self, sizeof *self);
}

void gsaw_progress_add_total(gsaw_progress *self, uint32_t shard, uint64_t amount)
{
    gsaw_counter_increment(&self->total, shard, (int64_t)amount);
}

void gsaw_progress_set_final(gsaw_progress *self)
{
    /* [T2] release, pairs with T2 in read(): who sees that it is final sees all of the total */
    gsaw__store_release(&self->total_is_final, true);
}

/* part * whole / unit without overflow; the pieces are what a long run can give. */
static uint64_t scale(uint64_t part, uint64_t whole, uint64_t unit)
{
    double result = (double)part * ((double)whole / (double)unit);
    return result >= 1.8e19 ? UINT64_MAX - 1 : (uint64_t)result;
}

void gsaw_progress_read(const gsaw_progress *self, gsaw_progress_state *out)
{
    gsaw_progress_state state = {0};
    /* In this order: what is read as completed was announced before, and so is in the total. */
    state.completed = (uint64_t)gsaw_counter_value(&self->completed);
    state.total_is_final = gsaw__load_acquire(&self->total_is_final); /* [T2] with set_final() */
    state.total = (uint64_t)gsaw_counter_value(&self->total);
    state.elapsed_ns = gsaw__clock_ns() - self->start_ns;
    if (state.elapsed_ns != 0)
        state.rate_per_s = scale(state.completed, NS_PER_S, state.elapsed_ns);
    state.remaining_ns = UINT64_MAX;
    if (state.total_is_final && state.completed >= state.total)
        state.remaining_ns = 0;
    else if (state.total_is_final && state.completed != 0)
        state.remaining_ns =
            scale(state.total - state.completed, state.elapsed_ns, state.completed);
    *out = state;
}

static void call(gsaw_progress *self)
{
    gsaw_progress_state state;
    gsaw_progress_read(self, &state);
    self->options.callback(self->options.context, &state);
    /* [T1] relaxed: a thread that misses it finds `calling` held, or looks again under it */
    gsaw__store_relaxed(&self->next_ns, gsaw__clock_ns() + self->options.interval_ns);
}

static bool is_due(const gsaw_progress *self)
{
    return gsaw__clock_ns() >= gsaw__load_relaxed(&self->next_ns); /* [T1] a hint, asked twice */
}

void gsaw__progress_count(gsaw_progress *self, uint32_t shard, uint64_t amount)
{
    gsaw_counter_increment(&self->completed, shard, (int64_t)amount);
}

void gsaw_progress_update(gsaw_progress *self, uint32_t shard, uint64_t amount)
{
    gsaw__progress_count(self, shard, amount);
    if (self->options.callback == NULL || !is_due(self))
        return;
    /* [T3] acquire-release, pairs with T3 below: one callback sees what the one before it did, and
     * the next_ns that it set, so the second is_due() is no hint */
    if (gsaw__exchange_acq_rel(&self->calling, true))
        return;
    if (is_due(self))
        call(self);
    gsaw__store_release(&self->calling, false); /* [T3] release, pairs with the exchange above */
}

void gsaw_progress_finish(gsaw_progress *self)
{
    if (self->options.callback == NULL)
        return;
    bool held = gsaw__exchange_acq_rel(&self->calling, true); /* [T3] as in update() */
    gsaw_assert(!held);
    (void)held;
    call(self);
    gsaw__store_release(&self->calling, false); /* [T3] as in update() */
}
