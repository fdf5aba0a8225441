/* queue.h - the queue that all workers share: what comes from outside, and what a waiting worker
 * hands over.
 * Keeps:   a list for each group, oldest job first, and a ring of the groups that have any; so the
 *          next job of one group, and the next of any, are one step away however many others wait.
 *          Groups
 * take turns, a batch each.
 * Threads: any; `lock` guards everything, the list fields of the groups too, but the two counts,
 *          which are written under it and read by anyone.
 * Next:    queue.c */
#ifndef GSAW_TASK_QUEUE_H
#define GSAW_TASK_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/thread.h"
#include "task/job.h"

struct gsaw__queue_slot;

typedef struct gsaw__queue {
    gsaw__mutex lock; /* rank GSAW_RANK_QUEUE */
    const gsaw_allocator *allocator;
    struct gsaw__queue_slot *slots; /* linked by number, so that growing may move them */
    uint32_t used, capacity;        /* slots ever handed out */
    uint32_t spare;                 /* first of the slots given back, from 1; 0: none */
    gsaw_group *groups;             /* the next to be served, in a ring; NULL: none */
    bool closed;                    /* push() refuses */
    char padding[GSAW_SEPARATION];
    _Atomic uint64_t count; /* jobs held */
} gsaw__queue;

/* All-zero but for the lock. Errors: those of the lock. */
gsaw_status gsaw__queue_init(gsaw__queue *self, const gsaw_allocator *allocator);
void gsaw__queue_clear(gsaw__queue *self); /* free; must be empty */

/* Free the memory and leave the lock as it is: in a forked child, where a lost thread may hold it.
 */
void gsaw__queue_abandon(gsaw__queue *self);

/* Append a job to its group's list. Errors: GSAW_NO_MEMORY; GSAW_CLOSED if closed, unless `always`.
 * The job may have run, and its group be gone, before this returns. */
gsaw_status gsaw__queue_push(gsaw__queue *self, const gsaw__job *job, bool always);

/* Take up to `room` jobs of the group whose turn it is, oldest first, but at most 1/share of all,
 * rounded up. Returns how many. */
size_t gsaw__queue_take(gsaw__queue *self, gsaw__job *out, size_t room, uint32_t share);

/* Take the oldest job of this group. False when there is none. */
bool gsaw__queue_take_of(gsaw__queue *self, gsaw_group *group, gsaw__job *out);

/* From here on push() refuses with GSAW_CLOSED; a push that came before is complete. */
void gsaw__queue_close(gsaw__queue *self);

/* How many jobs there are. Any thread. */
size_t gsaw__queue_count(const gsaw__queue *self);

/* Walk the invariants; for tests. */
bool gsaw__queue_check(gsaw__queue *self);

#endif
