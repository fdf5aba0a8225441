/* strategy.h - DistStrategy inside: what is collected while a strategy places items, and what the
 * built-in ones keep.
 * Keeps:   what a strategy did wrong is kept, the first of it; nothing leaves here until all is
 *          well.
 * Threads: one at a time: the distributor's lock.
 * Next:    strategy.c, place.c */
#ifndef GSAW_WORK_STRATEGY_H
#define GSAW_WORK_STRATEGY_H

#include <gangsaw/work.h>

#include "work/lane.h"

/* What a built-in strategy keeps between its calls: the context of one that is bound. */
typedef struct gsaw__strategy_state {
    const gsaw_allocator *allocator;
    uint32_t lane_count;
    uint32_t turn;      /* round_robin: the next lane */
    uint32_t *lightest; /* cost_based: scratch, a heap of lanes */
    double *loads;      /* scratch: of each lane */
} gsaw__strategy_state;

/* False when memory is out. Clear accepts all-zero. */
bool gsaw__strategy_state_init(gsaw__strategy_state *self, const gsaw_allocator *allocator,
                               uint32_t lane_count);
void gsaw__strategy_state_clear(gsaw__strategy_state *self);

/* The priority that "work_stealing" gives to an item of this cost. */
int gsaw__strategy_class(double cost);

/* Give a built-in strategy that has no context this one; others stay as they are. */
void gsaw__strategy_bind(gsaw_strategy *strategy, gsaw__strategy_state *state);

/* The names of the built-in ones, for messages: "round_robin, work_stealing, cost_based". */
extern const char gsaw__strategy_names[];

/* What is collected in one call of a strategy: a heap for each lane. */
struct gsaw_lanes {
    uint32_t lane_count; /* constant */
    gsaw__heap *heaps;   /* constant: of each lane, empty between the calls */
    uint32_t *touched;   /* constant: room for each lane; those that got something */
    uint32_t touched_count;
    gsaw__work *const *works; /* of the call: what is placed, or NULL: */
    gsaw__work *first;        /* these, one behind the other */
    size_t count, placed;
    bool is_wrong; /* one was put where it could not be: the first such */
    size_t wrong_index;
    const char *wrong; /* what is wrong with it */
};

/* Call the strategy. GSAW_OK: every item is in one of the heaps. Errors: what it returned, or
 * GSAW_INVALID with a message; the heaps are empty then. */
gsaw_status gsaw__strategy_call(const gsaw_strategy *strategy, const gsaw_strategy_view *view,
                                gsaw_lanes *lanes, gsaw_error *error);

#endif
