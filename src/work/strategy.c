/* strategy.c - DistStrategy: the three that are always there, and what they share with a user's.
 * Keeps:   a call of at most SMALL items allocates nothing, so what is released always finds a
 *          place.
 * Threads: one call at a time.
 * Next:    strategy.h. Sources: gangsaw/work.h */
#include "work/strategy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/status.h"
#include "work/item.h"

const char gsaw__strategy_names[] = "round_robin, work_stealing, cost_based";

bool gsaw__strategy_state_init(gsaw__strategy_state *self, const gsaw_allocator *allocator,
                               uint32_t lane_count)
{
    *self = (gsaw__strategy_state){.allocator = allocator, .lane_count = lane_count};
    self->lightest = gsaw__alloc(allocator, lane_count * sizeof *self->lightest);
    self->loads = gsaw__alloc(allocator, lane_count * sizeof *self->loads);
    return self->lightest != NULL && self->loads != NULL;
}

void gsaw__strategy_state_clear(gsaw__strategy_state *self)
{
    gsaw__free(self->allocator, self->lightest, self->lane_count * sizeof *self->lightest);
    gsaw__free(self->allocator, self->loads, self->lane_count * sizeof *self->loads);
    *self = (gsaw__strategy_state){0};
}

/* ---- turn by turn ---- */

static gsaw_status place_in_turn(void *context, const gsaw_strategy_view *view, gsaw_lanes *lanes)
{
    gsaw__strategy_state *state = context;
    uint32_t turn = state == NULL ? 0 : state->turn % view->lane_count;
    for (size_t i = 0; i < view->count; i++) {
        gsaw_lanes_put(lanes, turn, i, 0);
        turn = turn + 1 == view->lane_count ? 0 : turn + 1;
    }
    if (state != NULL)
        state->turn = turn;
    return GSAW_OK;
}

/* ---- runs of neighbours ---- */

static uint32_t lightest_lane(const gsaw_strategy_view *view)
{
    uint32_t least = 0;
    for (uint32_t i = 1; i < view->lane_count; i++)
        if (view->loads[i] < view->loads[least])
            least = i;
    return least;
}

/* Of items within a factor of 8 the first comes first: neighbours stay together. */
#define CLASS_BITS 3

int gsaw__strategy_class(double cost)
{
    int bits;
    (void)frexp(cost, &bits);
    return bits < 0 ? 0 : bits / CLASS_BITS;
}

/* An item goes where its middle lies when the lanes share the cost; the first run to the lane with
 * the least load. Much dearer ones come first all the same: who steals at the end takes little. */
static gsaw_status place_runs(void *context, const gsaw_strategy_view *view, gsaw_lanes *lanes)
{
    (void)context;
    double total = 0, before = 0;
    for (size_t i = 0; i < view->count; i++)
        total += view->costs[i];
    uint32_t lightest = lightest_lane(view), first = 0;
    for (size_t i = 0; i < view->count; i++) {
        double middle = (before + view->costs[i] / 2) / total * view->lane_count;
        uint32_t run = middle < view->lane_count ? (uint32_t)middle : view->lane_count - 1;
        first = i == 0 ? run : first;
        gsaw_lanes_put(lanes, (lightest + run - first) % view->lane_count, i,
                       gsaw__strategy_class(view->costs[i]));
        before += view->costs[i];
    }
    return GSAW_OK;
}

/* ---- the longest way first, to the lane with the least load ---- */

typedef struct ranked {
    double way;
    uint32_t index;
} ranked;

static int by_way(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    if (a->way != b->way)
        return a->way > b->way ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static void sort(ranked *items, size_t count)
{
    size_t i = 1;
    while (i < count && by_way(&items[i - 1], &items[i]) < 0)
        i++;
    if (i < count) /* often they are in order: all alike */
        qsort(items, count, sizeof *items, by_way);
}

static bool is_lighter(const double *loads, uint32_t a, uint32_t b)
{
    return loads[a] != loads[b] ? loads[a] < loads[b] : a < b;
}

/* Let the lane at this place of the heap sink to where it belongs. */
static void sink(uint32_t *heap, const double *loads, uint32_t count, uint32_t at)
{
    uint32_t lane = heap[at];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= count)
            break;
        if (child + 1 < count && is_lighter(loads, heap[child + 1], heap[child]))
            child++;
        if (!is_lighter(loads, heap[child], lane))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = lane;
}

static void place_ranked(gsaw__strategy_state *state, const gsaw_strategy_view *view,
                         const ranked *items, gsaw_lanes *lanes)
{
    uint32_t count = view->lane_count;
    memcpy(state->loads, view->loads, count * sizeof *state->loads);
    for (uint32_t i = 0; i < count; i++)
        state->lightest[i] = i;
    for (uint32_t i = count / 2; i-- > 0;)
        sink(state->lightest, state->loads, count, i);
    for (size_t i = 0; i < view->count; i++) {
        uint32_t lane = state->lightest[0];
        gsaw_lanes_put(lanes, lane, items[i].index, items[i].way);
        state->loads[lane] += view->costs[items[i].index];
        sink(state->lightest, state->loads, count, 0);
    }
}

static gsaw_status place_with(gsaw__strategy_state *state, const gsaw_strategy_view *view,
                              gsaw_lanes *lanes)
{
    enum { SMALL = 64 };
    ranked room[SMALL];
    ranked *items = room;
    if (view->count > SMALL)
        items = gsaw__alloc_large(state->allocator, view->count * sizeof *items);
    if (items == NULL)
        return GSAW_NO_MEMORY;
    for (size_t i = 0; i < view->count; i++)
        items[i] = (ranked){.way = view->ways[i], .index = (uint32_t)i};
    sort(items, view->count);
    place_ranked(state, view, items, lanes);
    if (items != room)
        gsaw__free(state->allocator, items, view->count * sizeof *items);
    return GSAW_OK;
}

static gsaw_status place_by_cost(void *context, const gsaw_strategy_view *view, gsaw_lanes *lanes)
{
    if (context != NULL)
        return place_with(context, view, lanes);
    gsaw__strategy_state state; /* called by a user's strategy */
    gsaw_status status = GSAW_NO_MEMORY;
    if (gsaw__strategy_state_init(&state, NULL, view->lane_count))
        status = place_with(&state, view, lanes);
    gsaw__strategy_state_clear(&state);
    return status;
}

/* ---- the table ---- */

static const gsaw_strategy strategies[] = {
    {.size = sizeof(gsaw_strategy), .name = "round_robin", .distribute = place_in_turn},
    {.size = sizeof(gsaw_strategy),
     .name = "work_stealing",
     .steals = true,
     .distribute = place_runs},
    {.size = sizeof(gsaw_strategy),
     .name = "cost_based",
     .steals = true,
     .distribute = place_by_cost},
};

enum { STRATEGIES = sizeof strategies / sizeof strategies[0] };

const gsaw_strategy *gsaw_strategy_find(const char *name)
{
    for (size_t i = 0; i < STRATEGIES && name != NULL; i++)
        if (strcmp(strategies[i].name, name) == 0)
            return &strategies[i];
    return NULL;
}

void gsaw__strategy_bind(gsaw_strategy *strategy, gsaw__strategy_state *state)
{
    for (size_t i = 0; i < STRATEGIES && strategy->context == NULL; i++)
        if (strategies[i].distribute == strategy->distribute)
            strategy->context = state;
}

/* ---- calling one ---- */

static void refuse(gsaw_lanes *self, size_t index, const char *what)
{
    if (self->is_wrong)
        return;
    self->is_wrong = true;
    self->wrong_index = index;
    self->wrong = what;
}

static gsaw__work *work_at(const gsaw_lanes *self, size_t index)
{
    return self->works == NULL ? &self->first[index] : self->works[index];
}

void gsaw_lanes_put(gsaw_lanes *self, uint32_t lane, size_t index, double priority)
{
    if (index >= self->count) {
        refuse(self, index, "which there is not");
        return;
    }
    gsaw__work *work = work_at(self, index);
    if (lane >= self->lane_count) {
        refuse(self, index, "in a lane that there is not");
    } else if (!isfinite(priority)) {
        refuse(self, index, "with a priority that is no number");
    } else if (work->lane != GSAW_NONE) {
        refuse(self, index, "twice");
    } else {
        gsaw__heap *heap = &self->heaps[lane];
        if (heap->top == NULL)
            self->touched[self->touched_count++] = lane;
        work->lane = lane;
        work->priority = priority;
        gsaw__heap_put(heap, work);
        self->placed++;
    }
}

/* Nothing was placed after all. */
static void forget(gsaw_lanes *self)
{
    for (uint32_t i = 0; i < self->touched_count; i++)
        self->heaps[self->touched[i]] = (gsaw__heap){0};
    self->touched_count = 0;
    for (size_t i = 0; i < self->count; i++)
        work_at(self, i)->lane = GSAW_NONE;
}

static size_t first_lost(const gsaw_lanes *self)
{
    size_t index = 0;
    while (work_at(self, index)->lane != GSAW_NONE)
        index++;
    return index;
}

gsaw_status gsaw__strategy_call(const gsaw_strategy *strategy, const gsaw_strategy_view *view,
                                gsaw_lanes *lanes, gsaw_error *error)
{
    lanes->is_wrong = false;
    lanes->touched_count = 0;
    lanes->placed = 0;
    gsaw_status status = strategy->distribute(strategy->context, view, lanes);
    if (status != GSAW_OK) {
        status =
            gsaw__fail(error, status, "strategy %s: %s", strategy->name, gsaw_status_text(status));
    } else if (lanes->is_wrong || lanes->placed != lanes->count) {
        if (!lanes->is_wrong)
            refuse(lanes, first_lost(lanes), "nowhere");
        char room[64] = "an item";
        if (lanes->wrong_index < view->count)
            gsaw__item_name(view->items, lanes->wrong_index, room);
        status = gsaw__fail(error, GSAW_INVALID, "strategy %s put %s %s", strategy->name, room,
                            lanes->wrong);
    }
    if (status != GSAW_OK)
        forget(lanes);
    return status;
}
