/* barrier.c - Barrier: a list of those that have come, and the number of the round.
 * Keeps:   waiting < count between calls; a thread goes on when the round is not its own any more,
 *          with what it was told by who ended that round, however many have passed since.
 * Threads: any; one lock. The round is read without it by those that spin.
 * Next:    gangsaw/sync.h */
#include "base/alloc.h"
#include "base/atomic.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/thread.h"

#include <gangsaw/sync.h>

#define SPIN_NS 20000u /* a sleeper is woken in some 30 us: so long it pays to look around */

/* A thread that has come; on its stack. */
typedef struct waiter {
    struct waiter *next;
    bool is_cancelled; /* told by who ends the round */
} waiter;

struct gsaw_barrier {
    const gsaw_allocator *allocator;
    uint32_t count; /* constant */
    gsaw__mutex lock;
    gsaw__condition changed;
    uint32_t waiting;
    waiter *waiters; /* as many; the last to come first */
    bool is_released;
    _Atomic uint64_t round; /* written under the lock */
};

gsaw_status gsaw_barrier_new(const gsaw_allocator *allocator, uint32_t count, gsaw_barrier **out,
                             gsaw_error *error)
{
    if (count == 0)
        return gsaw__fail(error, GSAW_RANGE, "count: 0 is not 1 or more");
    gsaw_barrier *self = gsaw__alloc_zero(allocator, 1, sizeof *self);
    if (self == NULL)
        return gsaw__fail_memory(error);
    self->allocator = allocator;
    self->count = count;
    gsaw__store_relaxed(&self->round, 1); /* [B1] nobody has it yet */
    gsaw_status status = gsaw__mutex_init(&self->lock, "barrier", GSAW_RANK_LEAF);
    if (status == GSAW_OK && (status = gsaw__condition_init(&self->changed)) != GSAW_OK)
        gsaw__mutex_clear(&self->lock);
    if (status != GSAW_OK) {
        gsaw__free(allocator, self, sizeof *self);
        return gsaw__fail(error, status, "cannot make a lock");
    }
    *out = self;
    return GSAW_OK;
}

void gsaw_barrier_free(gsaw_barrier *self)
{
    if (self == NULL)
        return;
    gsaw__condition_clear(&self->changed);
    gsaw__mutex_clear(&self->lock);
    gsaw__free(self->allocator, self, sizeof *self);
}

/* Let those that wait go on, and tell them why. Under the lock. */
static void end_round(gsaw_barrier *self, bool is_cancelled)
{
    for (waiter *at = self->waiters; at != NULL; at = at->next)
        at->is_cancelled = is_cancelled;
    self->waiters = NULL;
    self->waiting = 0;
    /* [B1] release, pairs with B1 in spin(): what all wrote who came, by the lock */
    gsaw__store_release(&self->round, gsaw__load_relaxed(&self->round) + 1); /* [B1] under lock */
    gsaw__condition_broadcast(&self->changed);
}

/* Look for a while whether the round ends, without the lock: the others may be near. */
static void spin(const gsaw_barrier *self, uint64_t round)
{
    uint64_t until_ns = gsaw__clock_ns() + SPIN_NS;
    while (gsaw__load_acquire(&self->round) == round && /* [B1] pairs with end_round() */
           gsaw__clock_ns() < until_ns)
        gsaw__thread_pause();
}

/* This thread has come. Under the lock. */
static void enter(gsaw_barrier *self, waiter *me)
{
    me->next = self->waiters;
    self->waiters = me;
    self->waiting++;
}

/* Take that back. Under the lock. */
static void leave(gsaw_barrier *self, const waiter *me)
{
    waiter **at = &self->waiters;
    while (*at != me)
        at = &(*at)->next;
    *at = me->next;
    self->waiting--;
}

/* Come, and wait for the others. Under the lock, which is given back meanwhile. */
static gsaw_status wait_for_others(gsaw_barrier *self, uint64_t deadline_ns)
{
    uint64_t round = gsaw__load_relaxed(&self->round); /* [B1] under the lock */
    waiter me = {.next = NULL};
    bool in_time = true;
    enter(self, &me);
    gsaw__mutex_unlock(&self->lock);
    spin(self, round);
    gsaw__mutex_lock(&self->lock);
    while (gsaw__load_relaxed(&self->round) == round && in_time) { /* [B1] under the lock */
        if (deadline_ns == UINT64_MAX)
            gsaw__condition_wait(&self->changed, &self->lock);
        else
            in_time = gsaw__condition_wait_until(&self->changed, &self->lock, deadline_ns);
    }
    if (gsaw__load_relaxed(&self->round) != round) /* [B1] under the lock */
        return me.is_cancelled ? GSAW_CANCELLED : GSAW_OK;
    leave(self, &me);
    return GSAW_TIMEOUT;
}

gsaw_status gsaw_barrier_wait(gsaw_barrier *self, uint64_t deadline_ns, bool *last)
{
    gsaw_status status = GSAW_OK;
    bool is_last = false;
    gsaw__mutex_lock(&self->lock);
    if (self->is_released) {
        status = GSAW_CANCELLED;
    } else if (self->waiting + 1 == self->count) {
        is_last = true;
        end_round(self, false);
    } else {
        status = wait_for_others(self, deadline_ns);
    }
    gsaw__mutex_unlock(&self->lock);
    if (last != NULL)
        *last = is_last;
    return status;
}

void gsaw_barrier_release(gsaw_barrier *self)
{
    gsaw__mutex_lock(&self->lock);
    self->is_released = true;
    end_round(self, true);
    gsaw__mutex_unlock(&self->lock);
}

void gsaw_barrier_reset(gsaw_barrier *self)
{
    gsaw__mutex_lock(&self->lock);
    self->is_released = false;
    end_round(self, true);
    gsaw__mutex_unlock(&self->lock);
}

uint32_t gsaw_barrier_count(const gsaw_barrier *self) { return self->count; }

uint32_t gsaw_barrier_waiting(gsaw_barrier *self)
{
    gsaw__mutex_lock(&self->lock);
    uint32_t waiting = self->waiting;
    gsaw__mutex_unlock(&self->lock);
    return waiting;
}
