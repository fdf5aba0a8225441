/* deque.h - the work-stealing deque of one worker: it pushes and takes at the bottom, thieves steal
 * at the top.
 * Keeps:   jobs are at [top, bottom) modulo the ring's capacity; top never falls; bottom - top <=
 *          capacity. While it is private the owner's takes have no barrier, and nobody steals: the
 *          first thief opens it, by a barrier that it makes for all [D5], and the owner closes it
 *          again when no thief has come for a while.
 * Threads: push, take, peek: the owner alone. steal, count: any thread.
 * Next:    deque.c. Sources: Chase and Lev, Dynamic Circular Work-Stealing Deque (SPAA 2005); Le,
 *          Pop, Cohen and Zappa Nardelli, Correct and Efficient Work-Stealing for Weak Memory
 *          Models
 * (PPoPP 2013). The orders are on the operations instead of on fences: deque.c tells why they
 * suffice. */
#ifndef GSAW_TASK_DEQUE_H
#define GSAW_TASK_DEQUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/atomic.h"
#include "task/job.h"

/* A job as words that a thief may read while the owner overwrites them. */
typedef struct gsaw__slot {
    _Atomic uintptr_t word;
    _Atomic(gsaw_group *) group;
} gsaw__slot;

struct gsaw__ring {
    struct gsaw__ring *older; /* in the list of the retired */
    int64_t capacity;         /* a power of two */
    int64_t mask;             /* capacity - 1 */
    gsaw__slot slots[];
};

/* Takes without a thief before the owner makes its deque private again. What a barrier costs them
 * is then about what it cost to open the deque. */
#define GSAW_DEQUE_CALM 256u

/* Not valid all zero, but gsaw__deque_clear accepts that. */
typedef struct gsaw__deque {
    const gsaw_allocator *allocator;   /* borrowed */
    struct gsaw__ring *retired;        /* rings outgrown, which thieves may still be reading */
    _Atomic(struct gsaw__ring *) ring; /* written by the owner */
    char padding_top[GSAW_SEPARATION];
    _Atomic int64_t top; /* index of the oldest job, and GSAW_TOP_*; written by thieves */
    char padding_bottom[GSAW_SEPARATION];
    _Atomic int64_t bottom; /* index behind the newest job; written by the owner */
    /* The owner's own. */
    int64_t push_end; /* below this index push_fast() has room; INT64_MIN: not asymmetric */
    int64_t calm_top; /* the top when the takes of an open deque were last counted */
    uint32_t calm;    /* takes since then */
    bool
        is_asymmetric; /* constant: others make the barriers, of push() park.h [P6], of take() D5 */
    char padding_end[GSAW_SEPARATION];
} gsaw__deque;

enum gsaw__steal {
    GSAW_STEAL_EMPTY,   /* nothing there */
    GSAW_STEAL_FOREIGN, /* the oldest job is not of the group asked for: left alone */
    GSAW_STEAL_LOST,    /* another thread was faster: there may be more */
    GSAW_STEAL_TAKEN
};

/* Bits of top beside the index. With OPEN anyone may steal, but for the time that the barrier
 * takes, when OPENING is set, too. So the word of a private deque is its index, and that of an open
 * one is above all indices. */
#define GSAW_TOP_OPEN (INT64_C(1) << 62)
#define GSAW_TOP_OPENING (INT64_C(1) << 61)
#define GSAW_TOP_INDEX (GSAW_TOP_OPENING - 1)

/* Make an empty deque with room for `capacity` jobs (a power of two), open for good. False when
 * memory is out. */
bool gsaw__deque_init(gsaw__deque *self, const gsaw_allocator *allocator, size_t capacity);

/* Make a new deque private, where gsaw__process_barrier_enable() is true and thieves that park make
 * a barrier. */
void gsaw__deque_be_asymmetric(gsaw__deque *self);

/* Free the rings. No thread may be using the deque. */
void gsaw__deque_clear(gsaw__deque *self);

/* How many more jobs can be pushed, after an attempt to make room for `wanted`. Owner. */
size_t gsaw__deque_reserve(gsaw__deque *self, size_t wanted);

/* Take the oldest job, if `only` is NULL or its group. Any thread, the owner too. */
enum gsaw__steal gsaw__deque_steal(gsaw__deque *self, const gsaw_group *only, gsaw__job *out);

/* The same for the owner: opens nothing. False when there is none, or a thief was faster. */
bool gsaw__deque_take_oldest(gsaw__deque *self, gsaw__job *out);

/* How many jobs there are; exact when nobody is changing it. */
size_t gsaw__deque_count(const gsaw__deque *self);

/* Walk the invariants; for tests, with nobody changing it. */
bool gsaw__deque_check(const gsaw__deque *self);

/* ---- what the owner does for each task: inline, since a call more is a tenth of its cost ---- */

/* Move on to a ring with at least `wanted` slots free. False when memory is out. Owner. */
bool gsaw__deque_grow(gsaw__deque *self, int64_t wanted);

/* What is left to do when push_fast() or take_fast() returned false. Owner. */
bool gsaw__deque_push_slowly(gsaw__deque *self, gsaw__job job);
bool gsaw__deque_take_slowly(gsaw__deque *self);

/* The slot of an index: the ring repeats. */
static inline gsaw__slot *gsaw__slot_at(struct gsaw__ring *ring, int64_t index)
{
    return &ring->slots[index & ring->mask];
}

/* Read a slot, whose owner may be writing it: who steals checks afterwards. */
static inline gsaw__job gsaw__slot_read(gsaw__slot *slot)
{
    /* [D1] relaxed: the load of bottom before acquired them; [D2] what is torn is dropped */
    return (gsaw__job){.word = gsaw__load_relaxed(&slot->word),
                       .group = gsaw__load_relaxed(&slot->group)}; /* [D1] [D2] the same */
}

/* Write a slot nobody may read yet. Owner. */
static inline void gsaw__slot_write(gsaw__slot *slot, gsaw__job job)
{
    gsaw__store_relaxed(&slot->word, job.word);   /* [D1] published by the store to bottom */
    gsaw__store_relaxed(&slot->group, job.group); /* [D1] the same */
}

/* Put a job at the bottom if it can be done without a look at top, and without a barrier. */
static inline bool gsaw__deque_push_fast(gsaw__deque *self, gsaw__job job)
{
    int64_t bottom = gsaw__load_relaxed(&self->bottom); /* [D1] the owner's own */
    if (bottom >= self->push_end)
        return false;
    struct gsaw__ring *ring = gsaw__load_relaxed(&self->ring); /* [D4] the owner's own */
    gsaw__slot_write(gsaw__slot_at(ring, bottom), job);
    /* [D1] release, pairs with D1 in steal(); [P6] before the look at who sleeps, for which those
     * who park make the barrier */
    gsaw__store_release(&self->bottom, bottom + 1);
    gsaw__compiler_barrier();
    return true;
}

/* Put a job at the bottom. False when it was full and memory is out. After a take or steal by the
 * owner there is room for one push, which cannot fail. */
static inline bool gsaw__deque_push(gsaw__deque *self, gsaw__job job)
{
    return gsaw__deque_push_fast(self, job) || gsaw__deque_push_slowly(self, job);
}

/* The newest job, all-zero when there is none: that take() would give it is likely, not sure. */
static inline gsaw__job gsaw__deque_peek(const gsaw__deque *self)
{
    int64_t bottom = gsaw__load_relaxed(&self->bottom) - 1;         /* [D1] the owner's own */
    if ((gsaw__load_relaxed(&self->top) & GSAW_TOP_INDEX) > bottom) /* [D2] as in take() */
        return (gsaw__job){0};
    struct gsaw__ring *ring = gsaw__load_relaxed(&self->ring); /* [D4] the owner's own */
    return gsaw__slot_read(gsaw__slot_at(ring, bottom));
}

/* Fetch ahead the task that is so many takes away, if it is one. Owner. */
static inline void gsaw__deque_prefetch(const gsaw__deque *self)
{
    int64_t bottom = gsaw__load_relaxed(&self->bottom);        /* [D1] the owner's own */
    struct gsaw__ring *ring = gsaw__load_relaxed(&self->ring); /* [D4] the owner's own */
    /* [D1] whatever it is: an address that is not one does no harm */
    uintptr_t word = gsaw__load_relaxed(
        &gsaw__slot_at(ring, bottom - GSAW_JOBS_AHEAD / 2)->word); /* [D1] as said */
    __builtin_prefetch((const void *)(word + offsetof(gsaw_task, state)), 1);
}

/* Whether the newest job has this word. There must be a job. */
static inline bool gsaw__deque_is_newest(const gsaw__deque *self, uintptr_t word)
{
    int64_t bottom = gsaw__load_relaxed(&self->bottom) - 1;    /* [D1] the owner's own */
    struct gsaw__ring *ring = gsaw__load_relaxed(&self->ring); /* [D4] the owner's own */
    return gsaw__load_relaxed(&gsaw__slot_at(ring, bottom)->word) == word; /* [D1] the same */
}

/* Take the newest job, whatever it is, without a barrier: true in a private deque that has others.
 * False: half done, and take_slowly() tells whose it is. */
static inline bool gsaw__deque_take_fast(gsaw__deque *self)
{
    int64_t bottom = gsaw__load_relaxed(&self->bottom) - 1; /* [D1] the owner's own */
    gsaw__store_release(&self->bottom, bottom); /* [D5] before the look; [D1] goes on releasing */
    gsaw__compiler_barrier();                   /* [D5] the rest is the opener's, in open_up() */
    return gsaw__load_relaxed(&self->top) < bottom; /* [D5] private, so nobody else can take it */
}

/* Take the newest job. False when there is none. */
static inline bool gsaw__deque_take(gsaw__deque *self, gsaw__job *out)
{
    int64_t bottom = gsaw__load_relaxed(&self->bottom) - 1; /* [D1] the owner's own */
    /* [D2] relaxed: top only rises, so what an old top shows to be empty is empty */
    if ((gsaw__load_relaxed(&self->top) & GSAW_TOP_INDEX) > bottom) /* [D2] as said */
        return false;
    struct gsaw__ring *ring = gsaw__load_relaxed(&self->ring); /* [D4] the owner's own */
    *out = gsaw__slot_read(gsaw__slot_at(ring, bottom));
    return gsaw__deque_take_fast(self) || gsaw__deque_take_slowly(self);
}

#endif
