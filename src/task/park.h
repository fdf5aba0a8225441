/* park.h - where threads sleep: idle workers in one list, those who wait for a group in lists by
 * its address.
 * Keeps:   a sleeper is in at most one list; who takes it out of the list wakes it, exactly once; a
 *          group is only ever compared by address here, so it may be gone by then.
 * Threads: any. Locks (rank GSAW_RANK_PARK) are held for list operations alone.
 *
 * No wake-up is lost, by the rule of Dekker [P1], for which both sides are sequentially consistent:
 *
 *     the one who parks           the one who brings work or ends a group
 *     1. enter: count itself      1. publish (push a job; pending to 0)
 *     2. look once more           2. load the count; if not 0, wake
 *     3. sleep
 *
 * Pushing onto a deque is the one thing that is done for each task, and an ordered store is a
 * third of its cost. So where the system has it [P6], the pusher's side keeps only the compiler in
 * order, and a worker that parks has every processor pass a barrier (membarrier(2)) between 1 and
 * 2: what was pushed before is then seen, and who pushes later sees the count.
 *
 * In the single order of the four, either the look sees what was published, or the load sees the
 * count. Idle workers add one refinement [P2]: while some worker is searching, nobody is woken; so
 * the last one that stops searching looks after its count has gone down, and wakes another if there
 * is more.
 * Next:    park.c, worker.c. Source of the refinement: the scheduler of Go (runtime/proc.go,
 *          comment "Worker thread parking/unparking"). */
#ifndef GSAW_TASK_PARK_H
#define GSAW_TASK_PARK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/thread.h"

#define GSAW_PARK_BUCKETS 32u /* a power of two */

/* One thread that may sleep; lives with the worker, or on the stack of an outside thread. All-zero
 * at first. */
typedef struct gsaw__sleeper {
    struct gsaw__sleeper *next, *previous; /* in its list */
    const void *key;                       /* the group it waits for; NULL: an idle worker */
    const void *detail;     /* the one task of that group that it waits for; NULL: all of it */
    bool helps;             /* a worker that would run tasks of the group meanwhile */
    bool is_listed;         /* under the list's lock */
    _Atomic uint32_t woken; /* futex word: 0 until it was taken out of the list and woken */
} gsaw__sleeper;

typedef struct gsaw__sleepers {
    gsaw__mutex lock;
    gsaw__sleeper *first;     /* the last to come, which is the warmest */
    _Atomic uint32_t count;   /* in the list */
    _Atomic uint32_t helpers; /* of these, with `helps` */
    char padding[GSAW_SEPARATION];
} gsaw__sleepers;

typedef struct gsaw__park {
    _Atomic uint32_t asleep; /* idle workers and those with `helps`: who brings work looks here */
    char padding_asleep[GSAW_SEPARATION];
    gsaw__sleepers idle;
    _Atomic uint32_t searching; /* workers that look for work */
    char padding[GSAW_SEPARATION];
    gsaw__sleepers waiting[GSAW_PARK_BUCKETS]; /* by key */
    bool is_asymmetric;                        /* constant: workers make the barrier [P6] */
    uint32_t ready;                            /* locks that exist: for clear */
} gsaw__park;

/* Make an empty place; errors: those of the locks. To clear it nobody may be parked. */
gsaw_status gsaw__park_init(gsaw__park *self);
void gsaw__park_clear(gsaw__park *self);

/* Step 1 of parking, with key, detail and helps of the sleeper set. After this the caller looks
 * once more, and then either sleeps or leaves. */
void gsaw__park_enter(gsaw__park *self, gsaw__sleeper *sleeper);

#define GSAW_PARK_FOREVER UINT64_MAX

/* Sleep until woken; an idle worker then counts as searching. False when deadline_ns (of
 * gsaw__clock_ns) has passed: then the caller leaves. */
bool gsaw__park_sleep(gsaw__sleeper *sleeper, uint64_t deadline_ns);

/* Take the entry back. False when somebody had already chosen to wake it (which is waited for):
 * then it is as after sleep(). */
bool gsaw__park_leave(gsaw__park *self, gsaw__sleeper *sleeper);

/* Wake one idle worker, unless there is none or some worker is searching; after is_awake() was
 * false, or search_end() true. Cheap then. */
void gsaw__park_wake_idle(gsaw__park *self);

/* Wake one worker that waits for `key` and would help, after is_awake() was false. Cheap when there
 * is none. */
void gsaw__park_wake_helper(gsaw__park *self, const void *key);

/* Wake the helper that waits for this detail of `key`. Cheap when there is none. */
void gsaw__park_wake_detail(gsaw__park *self, const void *key, const void *detail);

/* Whether anyone sleeps who could run a task: the look of who brings work. */
static inline bool gsaw__park_is_awake(const gsaw__park *self)
{
    return gsaw__load_seq_cst(&self->asleep) == 0; /* [P1] step 2, pairs with P1 in enter() */
}

/* Wake all that wait for `key`. Cheap when there are none. */
void gsaw__park_wake_waiting(gsaw__park *self, const void *key);

/* Wake all idle workers; with `waiting` those that wait for any key, too. They look around and park
 * again. */
void gsaw__park_wake_all(gsaw__park *self, bool waiting);

/* Count a worker as searching; the idle one that is woken is counted by its waker. */
void gsaw__park_search_begin(gsaw__park *self);

/* Not searching any more. True when it was the last: then the caller owes a look for more work,
 * after this call, and gsaw__park_wake_idle if there is any. */
bool gsaw__park_search_end(gsaw__park *self);

/* Idle workers asleep (or about to be), and workers with nothing to do, searching ones included. */
uint32_t gsaw__park_idle_count(const gsaw__park *self);
uint32_t gsaw__park_hungry_count(const gsaw__park *self);

#endif
