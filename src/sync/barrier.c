/* barrier.c - Barrier: a count of those that have come, and the number of the round.
 * Keeps:   waiting < count between calls; a thread goes on when the round is not its own any more.
 * Threads: any; one lock. The round is read without it by those that spin.
 * Next:    gangsaw/sync.h */
#include "base/alloc.h"
#include "base/atomic.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/thread.h"

#include <gangsaw/sync.h>

#define SPIN_NS 20000u /* a sleeper is woken in some 30 us: so long it pays to look around */

struct gsaw_barrier {
    const gsaw_allocator *allocator;
    uint32_t count; /* constant */
    gsaw__mutex lock;
    gsaw__condition changed;
    uint32_t waiting;
    bool is_released;
    uint64_t last_complete; /* the last round that ended because all had come */
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

/* Let those that wait go on. Under the lock. */
static void end_round(gsaw_barrier *self)
{
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

gsaw_status gsaw_barrier_wait(gsaw_barrier *self, uint64_t deadline_ns, bool *last)
{
    gsaw_status status = GSAW_OK;
    bool is_last = false;
    gsaw__mutex_lock(&self->lock);
    uint64_t round = gsaw__load_relaxed(&self->round); /* [B1] under the lock */
    if (self->is_released) {
        status = GSAW_CANCELLED;
    } else if (++self->waiting == self->count) {
        self->last_complete = round;
        is_last = true;
        end_round(self);
    } else {
        gsaw__mutex_unlock(&self->lock);
        spin(self, round);
        gsaw__mutex_lock(&self->lock);
        bool in_time = true;
        while (gsaw__load_relaxed(&self->round) == round && in_time) { /* [B1] under the lock */
            if (deadline_ns == UINT64_MAX)
                gsaw__condition_wait(&self->changed, &self->lock);
            else
                in_time = gsaw__condition_wait_until(&self->changed, &self->lock, deadline_ns);
        }
        if (gsaw__load_relaxed(&self->round) == round) { /* [B1] under the lock */
            self->waiting--;
            status = GSAW_TIMEOUT;
        } else if (self->last_complete < round) {
            status = GSAW_CANCELLED;
        }
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
    end_round(self);
    gsaw__mutex_unlock(&self->lock);
}

void gsaw_barrier_reset(gsaw_barrier *self)
{
    gsaw__mutex_lock(&self->lock);
    self->is_released = false;
    end_round(self);
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
