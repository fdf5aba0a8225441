/* slab.h - storage of the tasks that the pool keeps itself (gsaw_pool_spawn).
 * Keeps:   a magazine, one for each worker, holds at most two bundles of spare tasks; what is more
 *          goes to the depot of the pool a bundle at a time, so that workers that only make tasks
 *          and workers that only run them feed each other.
 * Threads: a magazine: its worker. The depot: any.
 * Next:    slab.c. Source: Bonwick and Adams, Magazines and Vmem (USENIX 2001) */
#ifndef GSAW_TASK_SLAB_H
#define GSAW_TASK_SLAB_H

#include <gangsaw/pool.h>

#include "base/thread.h"

#define GSAW_BUNDLE 64u /* tasks that move at once */

/* All-zero is empty. */
typedef struct gsaw__magazine {
    gsaw_task *first; /* linked by next */
    uint32_t count;
    gsaw_task *full; /* another GSAW_BUNDLE of them, or NULL */
} gsaw__magazine;

typedef struct gsaw__depot {
    gsaw__mutex lock; /* rank GSAW_RANK_LEAF */
    const gsaw_allocator *allocator;
    gsaw_task *bundles;         /* first tasks of full bundles, linked by argument */
    struct gsaw__chunk *chunks; /* all memory there is */
    gsaw__magazine outside;     /* of those who are no worker; under the lock */
} gsaw__depot;

/* Empty. Errors: those of the lock. Clear frees all tasks, in use or not. */
gsaw_status gsaw__depot_init(gsaw__depot *self, const gsaw_allocator *allocator);
void gsaw__depot_clear(gsaw__depot *self);

/* Free the memory and leave the lock as it is: in a forked child, where a lost thread may hold it.
 */
void gsaw__depot_abandon(gsaw__depot *self);

/* A task with undefined content; NULL when memory is out. magazine NULL: not a worker. */
gsaw_task *gsaw__depot_take(gsaw__depot *self, gsaw__magazine *magazine);

/* Give a task back, whoever took it. */
void gsaw__depot_give(gsaw__depot *self, gsaw__magazine *magazine, gsaw_task *task);

#endif
