/* deque.h - the work-stealing deque of one worker: it pushes and takes at the bottom, thieves steal
 * at the top.
 * Keeps:   jobs are at [top, bottom) modulo the ring's capacity; top never falls; bottom - top <=
 *          capacity.
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
    gsaw__slot slots[];
};

/* Not valid all zero, but gsaw__deque_clear accepts that. */
typedef struct gsaw__deque {
    const gsaw_allocator *allocator;   /* borrowed */
    struct gsaw__ring *retired;        /* rings outgrown, which thieves may still be reading */
    _Atomic(struct gsaw__ring *) ring; /* written by the owner */
    char padding_top[GSAW_SEPARATION];
    _Atomic int64_t top; /* index of the oldest job; written by thieves */
    char padding_bottom[GSAW_SEPARATION];
    _Atomic int64_t bottom; /* index behind the newest job; written by the owner */
    bool is_asymmetric;     /* constant: who parks makes the barrier for push(), see park.h [P6] */
    char padding_end[GSAW_SEPARATION];
} gsaw__deque;

enum gsaw__steal {
    GSAW_STEAL_EMPTY,   /* nothing there */
    GSAW_STEAL_FOREIGN, /* the oldest job is not of the group asked for: left alone */
    GSAW_STEAL_LOST,    /* another thread was faster: there may be more */
    GSAW_STEAL_TAKEN
};

/* Make an empty deque with room for `capacity` jobs (a power of two). False when memory is out. */
bool gsaw__deque_init(gsaw__deque *self, const gsaw_allocator *allocator, size_t capacity);

/* Free the rings. No thread may be using the deque. */
void gsaw__deque_clear(gsaw__deque *self);

/* How many more jobs can be pushed, after an attempt to make room for `wanted`. Owner. */
size_t gsaw__deque_reserve(gsaw__deque *self, size_t wanted);

/* Take the oldest job, if `only` is NULL or its group. Any thread, the owner too. */
enum gsaw__steal gsaw__deque_steal(gsaw__deque *self, const gsaw_group *only, gsaw__job *out);

/* How many jobs there are; exact when nobody is changing it. */
size_t gsaw__deque_count(const gsaw__deque *self);

/* Walk the invariants; for tests, with nobody changing it. */
bool gsaw__deque_check(const gsaw__deque *self);

/* ---- what the owner does for each task: inline, since a call more is a tenth of its cost ---- */

/* Move on to a ring with at least `wanted` slots free. False when memory is out. Owner. */
bool gsaw__deque_grow(gsaw__deque *self, int64_t wanted);

/* The slot of an index: the ring repeats. */
static inline gsaw__slot *gsaw__slot_at(struct gsaw__ring *ring, int64_t index)
{
    return &ring->slots[index & (ring->capacity - 1)];
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

/* Put a job at the bottom. False when it is full. */
static inline bool gsaw__deque_push_within(gsaw__deque *self, gsaw__job job)
{
    int64_t bottom = gsaw__load_relaxed(&self->bottom); /* [D1] the owner's own */
    /* [D2] acquire: slots handed back. weaken: allow: without it C11 would let a thief see what is
     * written into the slot later; the simulated machine has no loads that see the future */
    int64_t top = gsaw__load_acquire(&self->top);
    struct gsaw__ring *ring = gsaw__load_relaxed(&self->ring); /* [D4] the owner's own */
    if (bottom - top >= ring->capacity)
        return false;
    gsaw__slot_write(gsaw__slot_at(ring, bottom), job);
    /* [D1] release, pairs with D1 in steal(): the words */
    if (self->is_asymmetric) {
        gsaw__store_release(&self->bottom, bottom + 1); /* [D1] as said */
        gsaw__compiler_barrier(); /* [P6] before the look at who sleeps; the rest is theirs */
    } else {
        gsaw__store_seq_cst(&self->bottom, bottom + 1); /* [P1] the same, by itself */
    }
    return true;
}

/* The same, but it grows. False when it was full and memory is out. After a take or steal by the
 * owner there is room for one push, which cannot fail. */
static inline bool gsaw__deque_push(gsaw__deque *self, gsaw__job job)
{
    return gsaw__deque_push_within(self, job) ||
           (gsaw__deque_grow(self, 1) && gsaw__deque_push_within(self, job));
}

/* The newest job, all-zero when there is none: that take() would give it is likely, not sure. */
static inline gsaw__job gsaw__deque_peek(const gsaw__deque *self)
{
    int64_t bottom = gsaw__load_relaxed(&self->bottom) - 1; /* [D1] the owner's own */
    if (gsaw__load_relaxed(&self->top) > bottom)            /* [D2] as in take() */
        return (gsaw__job){0};
    struct gsaw__ring *ring = gsaw__load_relaxed(&self->ring); /* [D4] the owner's own */
    return gsaw__slot_read(gsaw__slot_at(ring, bottom));
}

/* Take the newest job if its word is this one: as take(), but looks at nothing that it need not. */
static inline bool gsaw__deque_take_word(gsaw__deque *self, uintptr_t word)
{
    int64_t bottom = gsaw__load_relaxed(&self->bottom) - 1;    /* [D1] the owner's own */
    struct gsaw__ring *ring = gsaw__load_relaxed(&self->ring); /* [D4] the owner's own */
    /* [D1] the owner's own; if the deque is empty it may be old, which is found out below */
    if (gsaw__load_relaxed(&gsaw__slot_at(ring, bottom)->word) != word)
        return false;
    gsaw__store_seq_cst(&self->bottom, bottom);   /* [D3] pairs with D3 in steal() */
    int64_t top = gsaw__load_seq_cst(&self->top); /* [D3] after the store */
    if (top < bottom)
        return true;
    /* [D3] the last one: thief or owner */
    bool won = top == bottom && gsaw__cas_release(&self->top, &top, top + 1);
    gsaw__store_relaxed(&self->bottom, bottom + 1); /* [D5] empty: there is nothing to publish */
    return won;
}

/* Take the newest job. False when there is none. */
static inline bool gsaw__deque_take(gsaw__deque *self, gsaw__job *out)
{
    int64_t bottom = gsaw__load_relaxed(&self->bottom) - 1; /* [D1] the owner's own */
    /* [D2] relaxed: top only rises, so what an old top shows to be empty is empty */
    if (gsaw__load_relaxed(&self->top) > bottom)
        return false;
    struct gsaw__ring *ring = gsaw__load_relaxed(&self->ring); /* [D4] the owner's own */
    gsaw__store_seq_cst(&self->bottom, bottom);                /* [D3] pairs with D3 in steal() */
    int64_t top = gsaw__load_seq_cst(&self->top);              /* [D3] after the store */
    if (top > bottom) {
        gsaw__store_relaxed(&self->bottom, bottom + 1); /* [D5] empty: nothing to publish */
        return false;
    }
    *out = gsaw__slot_read(gsaw__slot_at(ring, bottom));
    if (top < bottom)
        return true;
    bool won = gsaw__cas_release(&self->top, &top, top + 1); /* [D3] the last one: thief or owner */
    gsaw__store_relaxed(&self->bottom, bottom + 1);          /* [D5] as in take_word() */
    return won;
}

#endif
