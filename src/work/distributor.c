/* distributor.c - WorkDistributor: made, started, finished, cancelled, counted.
 * Keeps:   distributor.h
 * Threads: any; start, finish and run by one at a time, not from inside a task of the pool.
 * Next:    distributor.h, place.c, drive.c */
#include "work/distributor.h"

#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/status.h"
#include "work/balancer.h"
#include "work/model.h"

#define ITEMS_MAX 1000u
#define BATCH_NS 100000.0
#define BATCH_MAX 64u
#define ALONE_NS 200000u /* what is done by then is not worth starting threads for */

/* ---- making ---- */

static char *dup_text(const gsaw_allocator *allocator, const char *text)
{
    char *copy = gsaw__alloc(allocator, strlen(text) + 1);
    return copy == NULL ? NULL : memcpy(copy, text, strlen(text) + 1);
}

static void free_text(const gsaw_allocator *allocator, char *text)
{
    gsaw__free(allocator, text, text == NULL ? 0 : strlen(text) + 1);
}

/* The options with their defaults, as far as they can be judged by themselves. */
static gsaw_status fill(const gsaw_distributor_options *given, gsaw_distributor_options *out,
                        gsaw_error *error)
{
    static const gsaw_distributor_options defaults = {.size = sizeof defaults};
    *out = given == NULL ? defaults : *given;
    if (out->size != sizeof *out)
        return gsaw__fail(error, GSAW_INVALID, "gsaw_distributor_options: size is %zu, not %zu",
                          out->size, sizeof *out);
    if (!(out->batch_ns >= 0 && out->batch_ns <= GSAW_WORK_COST_MAX))
        return gsaw__fail(error, GSAW_RANGE, "batch_ns: %g is not in 0 to %g", out->batch_ns,
                          GSAW_WORK_COST_MAX);
    if (out->workers > GSAW_WORKERS_MAX)
        return gsaw__fail(error, GSAW_RANGE, "workers: %u is not in 0 to %d", out->workers,
                          GSAW_WORKERS_MAX);
    out->items_max = out->items_max == 0 ? ITEMS_MAX : out->items_max;
    if (out->batch_ns == 0)
        out->batch_ns = BATCH_NS;
    out->batch_max = out->batch_max == 0 ? BATCH_MAX : out->batch_max;
    return gsaw__balancer_fill(&out->balancer, error);
}

static gsaw_status choose_strategy(gsaw_distributor *self, gsaw_error *error)
{
    const char *name = self->options.strategy == NULL ? "cost_based" : self->options.strategy;
    const gsaw_strategy *found = self->options.own;
    if (found == NULL)
        found = gsaw_strategy_find(name);
    if (found == NULL)
        return gsaw__fail(error, GSAW_NOT_FOUND, "no strategy %.60s: there are %s", name,
                          gsaw__strategy_names);
    if (found->size != sizeof *found || found->name == NULL || found->distribute == NULL)
        return gsaw__fail(error, GSAW_INVALID, "a strategy without %s",
                          found->size != sizeof *found ? "its size"
                          : found->name == NULL        ? "a name"
                                                       : "a function");
    char *copy = dup_text(self->allocator, found->name);
    if (copy == NULL)
        return gsaw__fail_memory(error);
    self->strategy = *found;
    self->strategy.name = copy;
    gsaw__strategy_bind(&self->strategy, &self->state);
    return GSAW_OK;
}

static gsaw_status open_pool(gsaw_distributor *self, gsaw_error *error)
{
    self->pool = self->options.pool;
    if (self->pool != NULL) {
        self->lane_count = gsaw__pool_room(self->pool);
        return GSAW_OK;
    }
    gsaw_pool_options options = {
        .size = sizeof options, .allocator = self->allocator, .workers = self->options.workers};
    gsaw_status status = gsaw__pool_new_seat(&options, &self->pool, error);
    if (status != GSAW_OK)
        return status;
    self->is_own_pool = true;
    self->lane_count = self->options.workers != 0 ? self->options.workers : self->pool->usable_cpus;
    return GSAW_OK;
}

static gsaw_status open_model(gsaw_distributor *self, gsaw_error *error)
{
    self->model = self->options.model;
    if (self->model != NULL)
        return GSAW_OK;
    gsaw_status status =
        gsaw_cost_model_new(self->allocator, self->lane_count, &self->model, error);
    if (status != GSAW_OK)
        return status;
    self->is_own_model = true;
    if (self->options.model_path == NULL)
        return GSAW_OK;
    self->model_path = dup_text(self->allocator, self->options.model_path);
    if (self->model_path == NULL)
        return gsaw__fail_memory(error);
    gsaw_error missing = {0};
    status = gsaw_cost_model_load(self->model, self->model_path, &missing);
    if (status == GSAW_OK || status == GSAW_NOT_FOUND)
        return GSAW_OK;
    if (error != NULL)
        *error = missing;
    return status;
}

static gsaw_status open_lanes(gsaw_distributor *self, gsaw_error *error)
{
    const gsaw_allocator *allocator = self->allocator;
    uint32_t count = self->lane_count;
    self->driver_count = 2 * count + 1;
    self->lanes = gsaw__alloc_zero(allocator, count, sizeof *self->lanes);
    self->drivers = gsaw__alloc_zero(allocator, self->driver_count, sizeof *self->drivers);
    self->loads = gsaw__alloc_zero(allocator, count, sizeof *self->loads);
    self->placement.heaps = gsaw__alloc_zero(allocator, count, sizeof *self->placement.heaps);
    self->placement.touched = gsaw__alloc_zero(allocator, count, sizeof *self->placement.touched);
    self->placement.lane_count = count;
    if (!gsaw__strategy_state_init(&self->state, allocator, count) || self->lanes == NULL ||
        self->drivers == NULL || self->loads == NULL || self->placement.heaps == NULL ||
        self->placement.touched == NULL)
        return gsaw__fail_memory(error);
    for (uint32_t i = 0; i < self->driver_count; i++)
        self->drivers[i].distributor = self;
    gsaw_status status = gsaw__mutex_init(&self->placing, "distributor", GSAW_RANK_WORK);
    for (uint32_t i = 0; i < count && status == GSAW_OK; i++) {
        self->ready++;
        /* relaxed: nobody else has it yet */
        gsaw__store_relaxed(&self->lanes[i].room, 1);
        status = gsaw__mutex_init(&self->lanes[i].lock, "lane", GSAW_RANK_LANE);
    }
    self->ready += status == GSAW_OK;
    return status == GSAW_OK ? GSAW_OK : gsaw__fail(error, status, "cannot make a lock");
}

/* Free what there is. */
static void destroy(gsaw_distributor *self)
{
    const gsaw_allocator *allocator = self->allocator;
    uint32_t count = self->lane_count;
    if (self->ready != 0)
        gsaw__mutex_clear(&self->placing);
    for (uint32_t i = 0; i + 1 < self->ready; i++)
        gsaw__mutex_clear(&self->lanes[i].lock);
    if (self->is_own_pool)
        gsaw_pool_free(self->pool);
    if (self->is_own_model)
        gsaw_cost_model_free(self->model);
    gsaw__strategy_state_clear(&self->state);
    gsaw__free(allocator, self->placement.heaps, count * sizeof *self->placement.heaps);
    gsaw__free(allocator, self->placement.touched, count * sizeof *self->placement.touched);
    gsaw__free(allocator, self->loads, count * sizeof *self->loads);
    gsaw__free(allocator, self->drivers, self->driver_count * sizeof *self->drivers);
    gsaw__free(allocator, self->lanes, count * sizeof *self->lanes);
    free_text(allocator, self->model_path);
    free_text(allocator, (char *)(uintptr_t)self->strategy.name);
    gsaw__free(allocator, self, sizeof *self);
}

gsaw_status gsaw_distributor_new(const gsaw_distributor_options *options, gsaw_distributor **out,
                                 gsaw_error *error)
{
    gsaw_distributor_options filled;
    gsaw_status status = fill(options, &filled, error);
    if (status != GSAW_OK)
        return status;
    gsaw_distributor *self = gsaw__alloc_zero(filled.allocator, 1, sizeof *self);
    if (self == NULL)
        return gsaw__fail_memory(error);
    self->options = filled;
    self->allocator = filled.allocator;
    status = choose_strategy(self, error);
    if (status == GSAW_OK)
        status = open_pool(self, error);
    if (status == GSAW_OK)
        status = open_lanes(self, error);
    if (status == GSAW_OK)
        status = open_model(self, error);
    if (status != GSAW_OK) {
        destroy(self);
        return status;
    }
    *out = self;
    return GSAW_OK;
}

void gsaw_distributor_free(gsaw_distributor *self)
{
    if (self == NULL)
        return;
    if (gsaw__pool_is_forked(self->pool))
        self->ready = 0; /* locks may be held by threads that this process does not have */
    else
        gsaw__distributor_drain(self);
    destroy(self);
}

/* ---- start and finish ---- */

static gsaw_status start(gsaw_distributor *self, gsaw_work_function *function, void *context,
                         uint64_t alone_until_ns, gsaw_error *error)
{
    if (function == NULL)
        return gsaw__fail(error, GSAW_INVALID, "no function");
    /* [D8] one thread at a time starts and finishes */
    if (gsaw__load_seq_cst(&self->phase) != GSAW_PHASE_IDLE)
        return gsaw__fail(error, GSAW_INVALID, "the distributor was started already");
    if (gsaw__pool_is_forked(self->pool))
        return gsaw__fail(error, GSAW_CLOSED, "the pool belongs to the parent process");
    if (self->is_own_pool && alone_until_ns == 0) {
        gsaw_status status = gsaw_pool_resize(self->pool, self->lane_count);
        if (status != GSAW_OK && status != GSAW_LIMIT) /* with fewer threads it goes as well */
            return gsaw__fail(error, status, "cannot start the workers: %s",
                              gsaw_status_text(status));
    }
    self->function = function;
    self->context = context;
    self->alone_until_ns = alone_until_ns;
    /* [D8] before the look at what waits, and publishes the function */
    gsaw__store_seq_cst(&self->phase, (uint32_t)GSAW_PHASE_STARTED);
    gsaw__drivers_wake(self, gsaw__load_relaxed(&self->waiting)); /* [D6] a number */
    return GSAW_OK;
}

gsaw_status gsaw_distributor_start(gsaw_distributor *self, gsaw_work_function *function,
                                   void *context, gsaw_error *error)
{
    return start(self, function, context, 0, error);
}

/* Nothing is left; ready for the next start. */
static gsaw_status end(gsaw_distributor *self, gsaw_error *error)
{
#if defined(GSAW_DEBUG)
    gsaw_distributor_counts counts = gsaw_distributor_count(self);
    gsaw_assert(counts.waiting == 0 && counts.running == 0);
#endif
    gsaw_status status = (gsaw_status)gsaw__load_relaxed(&self->status); /* [D9] all has ended */
    if (status != GSAW_OK && error != NULL)
        *error = self->failure;
    else if (status == GSAW_OK && gsaw__is_cancelled(self))
        status = gsaw__fail(error, GSAW_CANCELLED, "cancelled");
    gsaw_group_reset(&self->group);
    self->known_ns = 0;                                    /* nobody distributes now */
    gsaw__store_relaxed(&self->status, (uint32_t)GSAW_OK); /* [D9] the same */
    gsaw__store_relaxed(&self->is_cancelled, 0u); /* [D2] nothing waits that could miss it */
    gsaw__store_seq_cst(&self->phase, (uint32_t)GSAW_PHASE_IDLE); /* [D8] one thread at a time */
    return status;
}

gsaw_status gsaw_distributor_finish(gsaw_distributor *self, gsaw_error *error)
{
    /* [D8] one thread at a time starts and finishes */
    if (gsaw__load_seq_cst(&self->phase) != GSAW_PHASE_STARTED)
        return gsaw__fail(error, GSAW_INVALID, "the distributor was not started");
    if (gsaw__pool_worker_here(self->pool) != NULL)
        return gsaw__fail(error, GSAW_INVALID, "finish inside a task of the pool");
    if (gsaw__pool_is_forked(self->pool))
        return gsaw__fail(error, GSAW_CLOSED, "the pool belongs to the parent process");
    /* [D8] before the look at the lanes, pairs with D8 in drivers_wake() */
    gsaw__store_seq_cst(&self->phase, (uint32_t)GSAW_PHASE_FINISHING);
    gsaw__drivers_wake(self, gsaw__load_relaxed(&self->waiting)); /* [D6] a number */
    if (self->alone_until_ns != 0) {
        gsaw_status waited = gsaw_pool_wait_until(self->pool, &self->group, self->alone_until_ns);
        self->alone_until_ns = 0;
        if (waited == GSAW_TIMEOUT) /* fewer threads than asked for are no failure */
            gsaw_pool_resize(self->pool, self->lane_count);
    }
    gsaw_pool_wait(self->pool, &self->group);
    return end(self, error);
}

/* Whether what waits is known to be done before threads would be started for it. */
static bool is_small(gsaw_distributor *self)
{
    if (!self->is_own_pool || gsaw_pool_worker_count(self->pool) != 0)
        return false;
    gsaw__mutex_lock(&self->placing);
    bool is = self->known_ns < ALONE_NS;
    gsaw__mutex_unlock(&self->placing);
    return is;
}

gsaw_status gsaw_distributor_run(gsaw_distributor *self, gsaw_work_function *function,
                                 void *context, gsaw_error *error)
{
    uint64_t alone_until_ns = is_small(self) ? gsaw__clock_ns() + ALONE_NS : 0;
    gsaw_status status = start(self, function, context, alone_until_ns, error);
    return status == GSAW_OK ? gsaw_distributor_finish(self, error) : status;
}

/* ---- looking in ---- */

bool gsaw_distributor_is_full(const gsaw_distributor *self)
{
    return gsaw__load_relaxed(&self->waiting) >= self->options.items_max; /* [D6] a hint */
}

uint32_t gsaw_distributor_lane_count(const gsaw_distributor *self) { return self->lane_count; }

size_t gsaw_distributor_lane(gsaw_distributor *self, uint32_t lane, double *load,
                             const gsaw_work_item **out, size_t room)
{
    if (lane >= self->lane_count || gsaw__pool_is_forked(self->pool)) {
        if (load != NULL)
            *load = 0;
        return 0;
    }
    gsaw__lane *at = &self->lanes[lane];
    gsaw__heap seen = {0};
    gsaw__mutex_lock(&at->lock);
    size_t count = at->heap.count;
    if (load != NULL)
        *load = at->heap.load;
    for (size_t i = 0; i < room && at->heap.top != NULL; i++) {
        gsaw__work *work = gsaw__heap_take(&at->heap);
        out[i] = work->item;
        gsaw__heap_put(&seen, work);
    }
    gsaw__heap_meld(&at->heap, &seen);
    gsaw__mutex_unlock(&at->lock);
    return count;
}

gsaw_distributor_counts gsaw_distributor_count(gsaw_distributor *self)
{
    gsaw_distributor_counts out = {0};
    uint64_t taken = 0;
    /* What has ended, then what was taken, then what was submitted: each is at least the one before
     * it. */
    for (uint32_t i = 0; i < self->lane_count; i++) {
        const gsaw__lane *lane = &self->lanes[i];
        out.done += gsaw__load_acquire(&lane->done);           /* [D7] pairs with D7 in tell() */
        out.failed += gsaw__load_acquire(&lane->failed);       /* [D7] the same */
        out.cancelled += gsaw__load_acquire(&lane->cancelled); /* [D7] the same */
        out.skipped += gsaw__load_acquire(&lane->skipped);     /* [D7] the same */
        out.stolen += gsaw__load_relaxed(&lane->stolen);       /* [D7] a number */
        out.moved += gsaw__load_relaxed(&lane->moved);         /* [D7] a number */
    }
    for (uint32_t i = 0; i < self->lane_count; i++)
        taken += gsaw__load_acquire(&self->lanes[i].taken); /* [D7] pairs with D7 in take() */
    out.submitted = gsaw__load_relaxed(&self->submitted);   /* [D7] acquired with taken */
    out.running = taken - out.done - out.failed - out.cancelled - out.skipped;
    out.waiting = out.submitted - taken;
    return out;
}

gsaw_cost_model *gsaw_distributor_model(gsaw_distributor *self) { return self->model; }

gsaw_status gsaw_distributor_optimize(gsaw_distributor *self, gsaw_error *error)
{
    gsaw_cost_model_fit(self->model);
    return self->model_path == NULL ? GSAW_OK
                                    : gsaw_cost_model_save(self->model, self->model_path, error);
}
