/* lane.h - what waits for one worker: items by priority, the oldest first among equals; and what is
 * kept of an item until it has ended.
 *
 * Words: work is an item that was distributed; a run is work linked through `child`, each behind
 * what goes before it; a chain is work linked through `next`.
 *
 * Keeps:   a lane is a pairing heap in the work itself: nothing is allocated, so what is released,
 *          moved or put back always finds its place. A run that comes in order is taken out in
 *          order at constant cost.
 * Threads: gsaw__heap: one at a time. gsaw__lane: any; the counts are written under the lock and
 *          read by anyone.
 * Next:    lane.c, distributor.h. Source: Fredman, Sedgewick, Sleator, Tarjan, The Pairing Heap: A
 *          New Form of Self-Adjusting Heap (Algorithmica 1, 1986) */
#ifndef GSAW_WORK_LANE_H
#define GSAW_WORK_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gangsaw/work.h>

#include "base/atomic.h"
#include "base/thread.h"

struct gsaw__set;

/* One item, from distribute until it has ended: a cache line. */
typedef struct gsaw__work {
    const gsaw_work_item *item; /* the caller's; not looked at but to run it */
    struct gsaw__set *set;      /* that it came with */
    double priority;
    double cost;              /* in what costs are estimated in: ns, or units that grow with them */
    uint64_t sequence;        /* of arrival */
    struct gsaw__work *child; /* in the heap: the first of those behind it */
    struct gsaw__work *next;  /* in the heap: its sibling; else in a chain */
    uint32_t lane;            /* GSAW_NONE: not placed yet */
} gsaw__work;

/* All-zero is empty. */
typedef struct gsaw__heap {
    gsaw__work *top;  /* the best */
    gsaw__work *last; /* the end of the run that was put in last; NULL: not known */
    size_t count;
    double load; /* the sum of the costs */
} gsaw__heap;

/* Put one in: cheapest in the order in which they are to come out. */
void gsaw__heap_put(gsaw__heap *self, gsaw__work *work);

/* Take the best out; NULL when there is none. */
gsaw__work *gsaw__heap_take(gsaw__heap *self);

/* Move all of `take_other` into self. */
void gsaw__heap_meld(gsaw__heap *self, gsaw__heap *take_other);

/* Whether a is taken before b. */
static inline bool gsaw__work_is_before(const gsaw__work *a, const gsaw__work *b)
{
    return a->priority != b->priority ? a->priority > b->priority : a->sequence < b->sequence;
}

typedef struct gsaw__lane {
    gsaw__mutex lock; /* rank GSAW_RANK_LANE */
    gsaw__heap heap;
    _Atomic uint64_t count; /* of the heap */
    _Atomic double load;    /* of the heap */
    char padding_lane[GSAW_SEPARATION];
    _Atomic uint32_t active; /* 1: a driver is bound to it (drive.c) */
    _Atomic uint32_t room;   /* how many are taken at once, at most: doubles while that is cheap */
    _Atomic double rate;     /* ns for a unit of cost, as measured here; 0: not yet */
    /* What its driver and helpers did; only ever rise. */
    _Atomic uint64_t taken, done, failed, cancelled, skipped, stolen, moved;
    char padding[GSAW_SEPARATION];
} gsaw__lane;

/* What is taken at once: one, or more for as long as they are within both. */
typedef struct gsaw__portion {
    double cost;
    uint32_t count;
} gsaw__portion;

/* Add all of a heap, which is empty afterwards. */
void gsaw__lane_add(gsaw__lane *self, gsaw__heap *take_heap);

/* Take the best, a chain, NULL when there is none. With `half` at most half of the load (but
 * one). */
gsaw__work *gsaw__lane_take(gsaw__lane *self, gsaw__portion portion, bool half);

/* Moves some of what is in a lane to `out`; allocates and locks nothing. */
typedef void gsaw__lane_chooser(gsaw__heap *from, const void *argument, gsaw__heap *out);

/* Call it under the lock. */
void gsaw__lane_choose(gsaw__lane *self, gsaw__lane_chooser *choose, const void *argument,
                       gsaw__heap *out);

/* How many wait: good for the look of who is about to stop (drive.c). */
static inline uint64_t gsaw__lane_count(const gsaw__lane *self)
{
    /* [D1] the look, pairs with D1 in publish() */
    return gsaw__load_seq_cst(&self->count);
}

/* Walk the invariants; for tests and debug builds. */
bool gsaw__heap_check(const gsaw__heap *self);

#endif
