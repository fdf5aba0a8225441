/* place.c - from distribute to the lanes: sets are made, the strategy places what is ready; and
 * what an item's end releases.
 * Keeps:   a set is placed as a whole or not at all; an item that waits for others is counted down
 *          by each of them once, and who brings it to 0 places or skips it.
 * Threads: any; the strategy is called under `placing`.
 * Next:    distributor.h */
#include <string.h>

#include "base/check.h"
#include "base/map.h"
#include "base/status.h"
#include "work/distributor.h"
#include "work/model.h"

#define DOOMED (UINT32_C(1) << 31) /* in pending: something that it waits for did not end well */

/* ---- sets ---- */

static size_t set_size(size_t count) { return sizeof(gsaw__set) + count * sizeof(gsaw__work); }

static void set_free(gsaw_distributor *self, gsaw__set *set)
{
    gsaw__free(self->allocator, set->ways, set->count * sizeof *set->ways);
    gsaw__order_clear(&set->order, self->allocator);
    gsaw__free(self->allocator, set, set_size(set->count));
}

void gsaw__set_release(gsaw_distributor *self, gsaw__set *set, uint64_t count)
{
    /* [D4] release, and acquire for the last, pairs with itself: all are through with it */
    if (gsaw__sub_acq_rel(&set->left, count) == count)
        set_free(self, set);
}

/* What an item costs: as it says, or as the user's function or the model does, which knows only
 * what was observed. */
static gsaw_status find_cost(const gsaw_distributor *self, gsaw__set *set,
                             const gsaw_work_item *items, size_t index, gsaw_error *error)
{
    const gsaw_work_item *item = &items[index];
    gsaw__work *work = &set->works[index];
    double cost = item->cost;
    if (cost == 0 && self->options.cost != NULL) {
        cost = self->options.cost(self->options.cost_context, item);
        char room[64];
        if (!gsaw__cost_is_valid(cost))
            return gsaw__fail(error, GSAW_RANGE, "%s: the cost function says %g, not 0 to %g",
                              gsaw__item_name(items, index, room), cost, GSAW_WORK_COST_MAX);
    }
    bool is_known = cost > 0 || gsaw__cost_model_is_known(self->model);
    work->cost = cost > 0 ? cost : gsaw_cost_model_estimate(self->model, item->kind, item->size);
    set->known_ns += is_known ? work->cost : GSAW_WORK_COST_MAX;
    return GSAW_OK;
}

/* An empty set, that nobody else has yet; NULL when memory is out. */
static gsaw__set *set_alloc(gsaw_distributor *self, size_t count)
{
    gsaw__set *set = gsaw__alloc_large(self->allocator, set_size(count));
    if (set == NULL)
        return NULL;
    *set = (gsaw__set){.count = count};
    gsaw__store_relaxed(&set->left, count + 1); /* [D4] nobody else has it yet */
    set->ways = gsaw__alloc_large(self->allocator, count * sizeof *set->ways);
    if (set->ways != NULL)
        return set;
    set_free(self, set);
    return NULL;
}

/* A set of these items with their order and costs; the costs in `ways`, too: what a strategy sees.
 * NULL: *status tells why. */
static gsaw__set *set_new(gsaw_distributor *self, const gsaw_work_item *items, size_t count,
                          gsaw_status *status, gsaw_error *error)
{
    gsaw__order order;
    *status = gsaw__order_init(&order, self->allocator, items, count, error);
    if (*status != GSAW_OK)
        return NULL;
    gsaw__set *set = set_alloc(self, count);
    if (set == NULL) {
        gsaw__order_clear(&order, self->allocator);
        *status = gsaw__fail_memory(error);
        return NULL;
    }
    set->order = order;
    uint64_t first = gsaw__add_relaxed(&self->sequence, count); /* relaxed: numbers */
    for (size_t i = 0; i < count && *status == GSAW_OK; i++) {
        gsaw__work *work = &set->works[i];
        *work =
            (gsaw__work){.item = &items[i], .set = set, .sequence = first + i, .lane = GSAW_NONE};
        *status = find_cost(self, set, items, i, error);
        set->ways[i] = work->cost;
    }
    if (*status == GSAW_OK)
        return set;
    set_free(self, set);
    return NULL;
}

/* ---- the strategy ---- */

/* What a strategy is to place: the arrays of a view, and the work behind it. */
typedef struct batch {
    const gsaw_work_item *items;
    const double *costs, *ways;
    gsaw__work *const *works; /* or NULL: */
    gsaw__work *first;
    size_t count;
} batch;

/* Have it placed, under the lock. GSAW_OK: it is in placement.heaps. */
static gsaw_status place(gsaw_distributor *self, const batch *given, gsaw_error *error)
{
    for (uint32_t i = 0; i < self->lane_count; i++)
        self->loads[i] = gsaw__load_relaxed(&self->lanes[i].load); /* [D3] a hint */
    gsaw_strategy_view view = {.items = given->items,
                               .count = given->count,
                               .costs = given->costs,
                               .ways = given->ways,
                               .lane_count = self->lane_count,
                               .loads = self->loads};
    gsaw_lanes *lanes = &self->placement;
    lanes->works = given->works;
    lanes->first = given->first;
    lanes->count = given->count;
    return gsaw__strategy_call(&self->strategy, &view, lanes, error);
}

/* Let the workers see what was placed, under the lock. */
static void publish(gsaw_distributor *self)
{
    gsaw_lanes *lanes = &self->placement;
    for (uint32_t i = 0; i < lanes->touched_count; i++)
        gsaw__lane_add(&self->lanes[lanes->touched[i]], &lanes->heaps[lanes->touched[i]]);
}

/* ---- the end of an item ---- */

static void count_ended(gsaw_distributor *self, gsaw__tally *tally, gsaw__set *set)
{
    if (tally->set != set) {
        if (tally->set != NULL)
            gsaw__set_release(self, tally->set, tally->ended);
        tally->set = set;
        tally->ended = 0;
    }
    tally->ended++;
}

/* Works linked by next, first to come first. */
typedef struct chain {
    gsaw__work *first, *last;
} chain;

static void chain_add(chain *self, gsaw__work *work)
{
    work->next = NULL;
    if (self->first == NULL)
        self->first = work;
    else
        self->last->next = work;
    self->last = work;
}

/* Count down what waits for this one. */
static void release(gsaw__work *work, bool well, chain *ready, chain *doomed)
{
    gsaw__set *set = work->set;
    size_t index = (size_t)(work - set->works);
    for (uint32_t at = set->order.first[index]; at < set->order.first[index + 1]; at++) {
        uint32_t dependant = set->order.dependants[at];
        _Atomic uint32_t *pending = &set->order.pending[dependant];
        if (!well)
            gsaw__or_relaxed(pending, DOOMED); /* [D5] released by the count behind it */
        /* [D5] release what the item wrote, pairs with D5 of whom that brings it to 0 */
        uint32_t before = gsaw__sub_acq_rel(pending, 1);
        if ((before & ~DOOMED) == 1)
            chain_add((before & DOOMED) != 0 ? doomed : ready, &set->works[dependant]);
    }
}

/* Place some of those that are ready; takes them off the chain. What cannot be placed has failed
 * and goes to `lost`. */
static uint64_t place_ready(gsaw_distributor *self, chain *ready, chain *lost)
{
    gsaw_error error = {0};
    gsaw__mutex_lock(&self->placing);
    size_t count = 0;
    while (ready->first != NULL && count < GSAW_RELEASE_MAX) {
        gsaw__work *work = ready->first;
        ready->first = work->next;
        self->released.items[count] = *work->item;
        self->released.costs[count] = work->cost;
        self->released.ways[count] = work->set->ways[work - work->set->works];
        self->released.works[count++] = work;
    }
    batch given = {.items = self->released.items,
                   .costs = self->released.costs,
                   .ways = self->released.ways,
                   .works = self->released.works,
                   .count = count};
    gsaw_status status = place(self, &given, &error);
    if (status == GSAW_OK)
        publish(self);
    for (size_t i = 0; i < count && status != GSAW_OK; i++)
        chain_add(lost, self->released.works[i]);
    gsaw__mutex_unlock(&self->placing);
    if (status == GSAW_OK)
        return count;
    gsaw__distributor_fail(self, status, NULL, &error);
    return 0;
}

/* Of works that never ran: they do not wait any more. */
static void count_taken(gsaw_distributor *self, uint64_t count)
{
    gsaw__sub_relaxed(&self->waiting, count);        /* [D6] a number */
    gsaw__add_release(&self->lanes[0].taken, count); /* [D7] pairs with D7 in count() */
}

void gsaw__settle(gsaw_distributor *self, gsaw__tally *tally, gsaw__work *work, enum gsaw__end end)
{
    chain ready = {0}, doomed = {0}, lost = {0};
    uint64_t placed = 0, never_ran = 0;
    tally->done += end == GSAW_END_DONE;
    tally->failed += end == GSAW_END_FAILED;
    tally->cancelled += end == GSAW_END_CANCELLED;
    if (work->set->order.count == 0) {
        count_ended(self, tally, work->set);
        return;
    }
    release(work, end == GSAW_END_DONE, &ready, &doomed);
    count_ended(self, tally, work->set);
    while (ready.first != NULL || doomed.first != NULL || lost.first != NULL) {
        chain *which = doomed.first != NULL ? &doomed : &lost;
        gsaw__work *next = which->first;
        if (next == NULL) {
            placed += place_ready(self, &ready, &lost);
            continue;
        }
        which->first = next->next;
        tally->skipped += which == &doomed;
        tally->failed += which == &lost;
        never_ran++;
        release(next, false, &ready, &doomed);
        count_ended(self, tally, next->set);
    }
    if (never_ran != 0)
        count_taken(self, never_ran);
    if (placed != 0)
        gsaw__drivers_wake(self, placed);
}

void gsaw__tally_tell(gsaw_distributor *self, gsaw__tally *tally, uint32_t lane)
{
    gsaw__lane *at = &self->lanes[lane];
    uint64_t all = tally->done + tally->failed + tally->cancelled + tally->skipped;
    if (all == 0)
        return;
    gsaw__set_release(self, tally->set, tally->ended);
    /* [D7] release, pairs with D7 in count(): each was counted as taken before */
    gsaw__add_release(&at->done, tally->done);
    if (all != tally->done) {
        gsaw__add_release(&at->failed, tally->failed);       /* [D7] the same */
        gsaw__add_release(&at->cancelled, tally->cancelled); /* [D7] the same */
        gsaw__add_release(&at->skipped, tally->skipped);     /* [D7] the same */
    }
    *tally = (gsaw__tally){0};
    gsaw__pool_end(self->pool, &self->group, all);
}

/* ---- distribute ---- */

/* The works of a set that wait for nothing, in arrays. False when memory is out. */
static bool list_ready(gsaw_distributor *self, gsaw__set *set, const gsaw_work_item *items,
                       batch *out, void **memory)
{
    struct place {
        gsaw_work_item item;
        double cost, way;
        gsaw__work *work;
    };
    size_t size = set->count * sizeof(struct place);
    *memory = gsaw__alloc(self->allocator, size);
    if (*memory == NULL)
        return false;
    gsaw_work_item *ready = *memory;
    double *costs = (double *)(ready + set->count), *ways = costs + set->count;
    gsaw__work **works = (gsaw__work **)(ways + set->count);
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        if (items[i].depends_count != 0)
            continue;
        ready[count] = items[i];
        costs[count] = set->works[i].cost;
        ways[count] = set->ways[i];
        works[count++] = &set->works[i];
    }
    *out = (batch){.items = ready, .costs = costs, .ways = ways, .works = works, .count = count};
    return true;
}

/* Place what is ready and publish it, all or nothing. */
static gsaw_status submit(gsaw_distributor *self, const gsaw__set *set, const batch *given,
                          gsaw_error *error)
{
    gsaw__mutex_lock(&self->placing);
    gsaw_status status = place(self, given, error);
    if (status == GSAW_OK) {
        self->known_ns += set->known_ns;
        gsaw__pool_begin(&self->group, set->count);
        gsaw__add_relaxed(&self->submitted, set->count); /* [D7] published by the lanes' locks */
        gsaw__add_relaxed(&self->waiting, set->count);   /* [D6] a number */
        publish(self);
    }
    gsaw__mutex_unlock(&self->placing);
    return status;
}

gsaw_status gsaw_distributor_distribute(gsaw_distributor *self, const gsaw_work_item *items,
                                        size_t count, gsaw_error *error)
{
    /* [D8] pairs with D8 in finish(); only what items bring is still taken, and those are in it */
    if (gsaw__load_seq_cst(&self->phase) == GSAW_PHASE_FINISHING &&
        gsaw__pool_worker_here(self->pool) == NULL)
        return gsaw__fail(error, GSAW_CLOSED, "the distributor is finishing");
    if (gsaw__pool_is_forked(self->pool))
        return gsaw__fail(error, GSAW_CLOSED, "the pool belongs to the parent process");
    if (count == 0)
        return GSAW_OK;
    if (items == NULL)
        return gsaw__fail(error, GSAW_INVALID, "no items where %zu are said to be", count);
    gsaw_status status;
    gsaw__set *set = set_new(self, items, count, &status, error);
    if (set == NULL)
        return status;
    batch given = {
        .items = items, .costs = set->ways, .ways = set->ways, .first = set->works, .count = count};
    void *memory = NULL;
    if (set->order.count != 0) {
        gsaw__order_ways(&set->order, set->ways, set->ways);
        if (!list_ready(self, set, items, &given, &memory))
            status = gsaw__fail_memory(error);
    }
    if (status == GSAW_OK)
        status = submit(self, set, &given, error);
    gsaw__free(self->allocator, memory,
               count * (sizeof *items + 2 * sizeof(double) + sizeof(gsaw__work *)));
    if (status != GSAW_OK) {
        set_free(self, set);
        return status;
    }
    gsaw__drivers_wake(self, count);
    gsaw__set_release(self, set, 1);
    return GSAW_OK;
}
