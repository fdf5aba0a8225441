/* inbox.h - what all workers share: tasks that come from outside, and what a waiting worker hands
 * over.
 * Keeps:   new tasks lie in a stack without a lock; whoever takes moves them, under the lock, into
 *          a list for each group, oldest first, and a ring of the groups that have any. So the next
 *          task of one group, and the next of any, are one step away however many others wait.
 *          Groups take turns, a batch each. Links are in the tasks: nothing is allocated.
 * Threads: any; `lock` guards the lists, the list fields of the groups too, but the two counts,
 *          which are written under it and read by anyone.
 * Next:    inbox.c. Source of the stack: Treiber, Systems Programming: Coping with Parallelism
 *          (IBM RJ 5118, 1986); nothing is taken out of its middle or top, so it has no ABA. */
#ifndef GSAW_TASK_INBOX_H
#define GSAW_TASK_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/thread.h"
#include "task/job.h"

typedef struct gsaw__inbox {
    _Atomic(gsaw_task *) newest; /* top of the stack; &closed: refuses */
    char padding_newest[GSAW_SEPARATION];
    gsaw__mutex lock;   /* rank GSAW_RANK_QUEUE */
    gsaw_group *groups; /* the next to be served, in a ring; NULL: none */
    uint32_t takes;     /* calls of take(), so far */
    gsaw_task closed;   /* its address alone matters */
    char padding_lists[GSAW_SEPARATION];
    _Atomic uint64_t sorted; /* tasks in the lists; the top bit: some are being moved there */
} gsaw__inbox;

/* Empty. Errors: those of the lock. Clear: must be empty. */
gsaw_status gsaw__inbox_init(gsaw__inbox *self);
void gsaw__inbox_clear(gsaw__inbox *self);

/* Add a chain of tasks with their groups set, linked by next from `newest` to `oldest`. False when
 * closed. They may have run, and their groups be gone, before this returns. */
bool gsaw__inbox_push(gsaw__inbox *self, gsaw_task *newest, gsaw_task *oldest);

/* Add one task behind the others of its group, closed or not. */
void gsaw__inbox_push_always(gsaw__inbox *self, gsaw_task *task);

/* Take up to `room` tasks of the group whose turn it is, oldest first, but at most 1/share of all,
 * rounded up. Returns how many. */
size_t gsaw__inbox_take(gsaw__inbox *self, gsaw_task **out, size_t room, uint32_t share);

/* Take the oldest task of this group, NULL when there is none. */
gsaw_task *gsaw__inbox_take_of(gsaw__inbox *self, gsaw_group *group);

/* Take all tasks of this group, linked by next, oldest first; NULL when there is none. */
gsaw_task *gsaw__inbox_take_all_of(gsaw__inbox *self, gsaw_group *group);

/* From here on push() refuses; a push that came before is complete. */
void gsaw__inbox_close(gsaw__inbox *self);

/* How many tasks are in the lists; those on the stack are not counted. A hint. Any thread. */
uint64_t gsaw__inbox_count(const gsaw__inbox *self);

/* Whether there is nothing in it. Any thread. */
bool gsaw__inbox_is_empty(const gsaw__inbox *self);

/* Walk the invariants and count the tasks, UINT64_MAX when they do not hold; for tests. */
uint64_t gsaw__inbox_check(gsaw__inbox *self);

#endif
