/* item.h - WorkItem inside: what depends on what, by number, and the ways through it.
 * Keeps:   what was resolved has no cycle.
 * Threads: one at a time.
 * Next:    item.c, distributor.h */
#ifndef GSAW_WORK_ITEM_H
#define GSAW_WORK_ITEM_H

#include <gangsaw/work.h>

#include "base/alloc.h"
#include "base/atomic.h"

/* Who waits for whom in a set: those that depend on item i are dependants[first[i]] to
 * dependants[first[i + 1] - 1]. All-zero: nobody waits for anybody. */
typedef struct gsaw__order {
    size_t count;              /* of the items; 0: as all-zero */
    uint32_t *first;           /* count + 1 */
    uint32_t *dependants;      /* first[count] */
    _Atomic uint32_t *pending; /* of each item: what it waits for (place.c) */
    uint32_t *ranked;          /* all items, each behind what it depends on */
} gsaw__order;

/* Whether an item can be taken: its cost and its kind. Names it if not. */
gsaw_status gsaw__item_check(const gsaw_work_item *items, size_t index, gsaw_error *error);

/* Check a set and find its order. Errors: those of gsaw_work_items_check. */
gsaw_status gsaw__order_init(gsaw__order *self, const gsaw_allocator *allocator,
                             const gsaw_work_item *items, size_t count, gsaw_error *error);
void gsaw__order_clear(gsaw__order *self, const gsaw_allocator *allocator);

/* From the cost of each item that of the longest way from it to an end. */
void gsaw__order_ways(const gsaw__order *self, const double *costs, double *ways);

/* What a message calls an item: its id, or "item 7". Returns room. */
const char *gsaw__item_name(const gsaw_work_item *items, size_t index, char room[64]);

/* Whether a number can be a cost. */
bool gsaw__cost_is_valid(double cost);

#endif
