/* batch.c - BatchProcessor: neighbouring indices in batches that are worth a task.
 * Keeps:   batches cover all indices once, in order; a piece of a batch is given to one call.
 * Threads: cut, split: any. process: its caller and the workers of the pool.
 * Next:    gangsaw/work.h. Source of the splitting: Tzannes, Caragea, Barua, Vishkin, Lazy
 *          Binary-Splitting (PPoPP 2010) */
#include <gangsaw/work.h>

#include "base/atomic.h"
#include "base/clock.h"
#include "task/run.h"

#define BATCH_SIZE 100u
#define BATCH_NS 100000u

static double cost_at(const double *costs, size_t index)
{
    return costs == NULL ? 1 : costs[index];
}

static gsaw_batch_options filled(const gsaw_batch_options *given)
{
    gsaw_batch_options out = *given;
    out.batch_size = out.batch_size == 0 ? BATCH_SIZE : out.batch_size;
    out.min_task_size = out.min_task_size == 0 ? 1 : out.min_task_size;
    if (!(out.cost_max > 0))
        out.cost_max = out.costs == NULL ? GSAW_WORK_COST_MAX : BATCH_NS;
    return out;
}

/* The batch that begins at `first`. */
static gsaw_batch cut_one(const gsaw_batch_options *options, size_t first, size_t count)
{
    const double *costs = options->costs;
    gsaw_batch out = {.first = first, .end = first + 1, .cost = cost_at(costs, first)};
    while (out.end < count && out.end - first < options->batch_size &&
           out.cost + cost_at(costs, out.end) <= options->cost_max)
        out.cost += cost_at(costs, out.end++);
    return out;
}

size_t gsaw_batch_cut(const gsaw_batch_options *options, gsaw_batch *out, size_t room)
{
    gsaw_batch_options used = filled(options);
    size_t batches = 0;
    for (size_t first = 0; first < used.count; batches++) {
        gsaw_batch batch = cut_one(&used, first, used.count);
        if (batches < room && out != NULL)
            out[batches] = batch;
        first = batch.end;
    }
    return batches;
}

bool gsaw_batch_split(gsaw_batch *self, const double *costs, gsaw_batch *rest)
{
    if (self->end - self->first < 2)
        return false;
    double half = self->cost / 2, front = cost_at(costs, self->first);
    size_t middle = self->first + 1;
    /* An index goes to the front while that brings it nearer to the half. */
    while (middle + 1 < self->end && front + cost_at(costs, middle) / 2 <= half)
        front += cost_at(costs, middle++);
    *rest = (gsaw_batch){.first = middle, .end = self->end, .cost = self->cost - front};
    *self = (gsaw_batch){.first = self->first, .end = middle, .cost = front};
    return true;
}

/* ---- processing ---- */

typedef struct process {
    gsaw_batch_options options;
    gsaw_range_function *function;
    void *argument;
    const gsaw_group *outer_group; /* of the task that processes; NULL: called from outside */
    const _Atomic uint32_t *outer_token;
} process;

static gsaw_status work_on(gsaw_worker *worker, const process *self, gsaw_batch range);

static bool is_outer_cancelled(const gsaw_pool *pool, const process *self)
{
    /* [T2] relaxed: a flag, nothing hangs on it */
    return (self->outer_token != NULL &&
            (gsaw__load_relaxed(self->outer_token) & GSAW_TASK_CANCEL) != 0) ||
           (self->outer_group != NULL && gsaw__is_dropped(pool, self->outer_group));
}

/* Part of a range that was split off. */
typedef struct part {
    gsaw_task task;
    const process *process;
    gsaw_batch range;
} part;

static gsaw_status run_part(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)value;
    const part *self = argument;
    return work_on(worker, self->process, self->range);
}

/* One piece from the front of the range. */
static gsaw_status run_piece(gsaw_worker *worker, const process *self, gsaw_batch *range,
                             size_t *piece)
{
    gsaw_batch_options limits = self->options;
    if (limits.costs == NULL && *piece < limits.batch_size)
        limits.batch_size = *piece;
    gsaw_batch now = cut_one(&limits, range->first, range->end);
    range->first = now.end;
    range->cost -= now.cost;
    uint64_t start_ns = gsaw__clock_ns();
    gsaw_status status = self->function(worker, self->argument, now.first, now.end);
    if (gsaw__clock_ns() - start_ns < BATCH_NS / 2)
        *piece *= 2;
    else if (*piece > 1)
        *piece /= 2;
    return status;
}

/* Run a range from its front; while another worker is hungry, split off its back. A part forked is
 * at most half of what is left, so 64 are enough. */
static gsaw_status work_on(gsaw_worker *worker, const process *self, gsaw_batch range)
{
    enum { PARTS_MAX = 64 };
    part parts[PARTS_MAX];
    size_t forked = 0, piece = 1;
    gsaw_status status = GSAW_OK;
    while (range.first < range.end && status == GSAW_OK) {
        if (is_outer_cancelled(worker->pool, self) || gsaw_worker_is_cancelled(worker)) {
            status = GSAW_CANCELLED;
            break;
        }
        part *next = &parts[forked];
        if (forked < PARTS_MAX && gsaw_worker_is_wanted(worker) &&
            gsaw_batch_split(&range, self->options.costs, &next->range)) {
            next->process = self;
            next->task = (gsaw_task){.function = run_part, .argument = next};
            gsaw_worker_fork(worker, &next->task);
            forked++;
        } else {
            status = run_piece(worker, self, &range, &piece);
        }
    }
    if (status != GSAW_OK)
        gsaw_group_cancel(worker->group);
    while (forked-- != 0) {
        gsaw_status joined = gsaw_worker_join(worker, &parts[forked].task);
        if (status == GSAW_OK || (status == GSAW_CANCELLED && joined != GSAW_OK))
            status = joined;
    }
    return status;
}

static gsaw_status run_all(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)value;
    const process *self = argument;
    const gsaw_batch_options *options = &self->options;
    if (options->count <= options->min_task_size)
        return self->function(worker, self->argument, 0, options->count);
    gsaw_batch all = {.end = options->count};
    for (size_t i = 0; i < options->count; i++)
        all.cost += cost_at(options->costs, i);
    return work_on(worker, self, all);
}

gsaw_status gsaw_batch_process(gsaw_pool *pool, const gsaw_batch_options *options,
                               gsaw_range_function *function, void *argument)
{
    if (options == NULL || options->size != sizeof *options || function == NULL)
        return GSAW_INVALID;
    if (options->count == 0)
        return GSAW_OK;
    gsaw_worker *worker = gsaw__pool_worker_here(pool);
    process self = {.options = filled(options),
                    .function = function,
                    .argument = argument,
                    .outer_group = worker == NULL ? NULL : worker->group,
                    .outer_token = worker == NULL ? NULL : worker->token};
    if (worker != NULL && options->count <= self.options.min_task_size)
        return function(worker, argument, 0, options->count);
    gsaw_group group = {0};
    gsaw_task task = {.function = run_all, .argument = &self};
    gsaw_status status = gsaw_pool_submit(pool, &group, &task);
    return status == GSAW_OK ? gsaw_pool_wait(pool, &group) : status;
}
