/* loop.c - gsaw_pool_for: indices cut into ranges of like cost, the dearest first.
 * Keeps:   each index is in one range; a range is given out once.
 * Threads: the ranges are made by the caller; the cursor gives them out to one task per worker.
 * Next:    gangsaw/pool.h */
#include <stdlib.h>

#include "base/alloc.h"
#include "task/run.h"

#define SHARES 128u /* ranges that a worker's part is cut into: it ends up to 1/128 late */

typedef struct range {
    size_t first, end;
    uint64_t cost;
} range;

typedef struct loop {
    gsaw_range_function *function;
    void *argument;
    const gsaw_group *outer_group; /* of the task that loops; NULL: called from outside */
    const _Atomic uint32_t *outer_token;
    const range *ranges;
    size_t count;
    char padding[GSAW_SEPARATION];
    _Atomic size_t cursor; /* ranges given out */
} loop;

/* Whether the task that loops is to stop. */
static bool is_outer_cancelled(const gsaw_pool *pool, const loop *self)
{
    /* [T2] relaxed: a flag, nothing hangs on it */
    return (self->outer_token != NULL &&
            (gsaw__load_relaxed(self->outer_token) & GSAW_TASK_CANCEL) != 0) ||
           (self->outer_group != NULL && gsaw__is_dropped(pool, self->outer_group));
}

/* What each of the tasks does: take ranges until there are none. */
static gsaw_status take_ranges(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)value;
    loop *self = argument;
    for (;;) {
        if (is_outer_cancelled(worker->pool, self) || gsaw_worker_is_cancelled(worker))
            return GSAW_CANCELLED;
        size_t at = gsaw__add_relaxed(&self->cursor, 1); /* [L1] a number, nothing hangs on it */
        if (at >= self->count)
            return GSAW_OK;
        const range *taken = &self->ranges[at];
        gsaw_status status = self->function(worker, self->argument, taken->first, taken->end);
        if (status != GSAW_OK) {
            gsaw_group_cancel(worker->group);
            return status;
        }
    }
}

/* ---- ranges ---- */

static uint64_t cost_of(const gsaw_for_options *options, size_t index)
{
    return options->costs == NULL ? 1 : options->costs[index];
}

/* Cut into ranges that cost at most `limit`, or have one index; writes them if there is room for
 * them. Returns how many. */
static size_t cut(const gsaw_for_options *options, uint64_t limit, range *out)
{
    size_t count = 0, grain = options->grain == 0 ? SIZE_MAX : options->grain;
    for (size_t first = 0, end; first < options->count; first = end) {
        uint64_t cost = cost_of(options, first);
        for (end = first + 1; end < options->count && end - first < grain; end++) {
            uint64_t more = cost_of(options, end);
            if (cost + more > limit)
                break;
            cost += more;
        }
        if (out != NULL)
            out[count] = (range){.first = first, .end = end, .cost = cost};
        count++;
    }
    return count;
}

static int by_cost(const void *left, const void *right)
{
    const range *a = left, *b = right;
    if (a->cost != b->cost)
        return a->cost > b->cost ? -1 : 1;
    return a->first < b->first ? -1 : a->first > b->first;
}

gsaw_status gsaw_pool_for(gsaw_pool *self, const gsaw_for_options *options,
                          gsaw_range_function *function, void *argument)
{
    if (options == NULL || options->size != sizeof *options || function == NULL)
        return GSAW_INVALID;
    if (options->count == 0)
        return GSAW_OK;
    uint32_t workers = gsaw_pool_worker_count(self);
    workers += workers == 0;
    uint64_t total = 0;
    for (size_t i = 0; i < options->count && options->costs != NULL; i++)
        total += options->costs[i];
    if (options->costs == NULL)
        total = options->count;
    uint64_t limit = total / ((uint64_t)workers * SHARES);
    size_t count = cut(options, limit, NULL);
    const gsaw_allocator *allocator = self->options.allocator;
    range *ranges = gsaw__alloc(allocator, count * sizeof *ranges);
    gsaw_task *tasks = gsaw__alloc_zero(allocator, workers, sizeof *tasks);
    gsaw_status status = GSAW_NO_MEMORY;
    if (ranges != NULL && tasks != NULL) {
        cut(options, limit, ranges);
        if (options->costs != NULL)
            qsort(ranges, count, sizeof *ranges, by_cost);
        const gsaw_worker *worker = gsaw__pool_worker_here(self);
        loop shared = {.function = function,
                       .argument = argument,
                       .outer_group = worker == NULL ? NULL : worker->group,
                       .outer_token = worker == NULL ? NULL : worker->token,
                       .ranges = ranges,
                       .count = count};
        gsaw_group group = {0};
        for (uint32_t i = 0; i < workers; i++)
            tasks[i] = (gsaw_task){.function = take_ranges, .argument = &shared};
        status = gsaw_pool_submit_all(self, &group, tasks, workers < count ? workers : count);
        if (status == GSAW_OK)
            status = gsaw_pool_wait(self, &group);
    }
    gsaw__free(allocator, ranges, count * sizeof *ranges);
    gsaw__free(allocator, tasks, workers * sizeof *tasks);
    return status;
}
