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

struct gsaw__ring;

/* Not valid all zero, but gsaw__deque_clear accepts that. */
typedef struct gsaw__deque {
    const gsaw_allocator *allocator;   /* borrowed */
    struct gsaw__ring *retired;        /* rings outgrown, which thieves may still be reading */
    _Atomic(struct gsaw__ring *) ring; /* written by the owner */
    char padding_top[GSAW_SEPARATION];
    _Atomic int64_t top; /* index of the oldest job; written by thieves */
    char padding_bottom[GSAW_SEPARATION];
    _Atomic int64_t bottom; /* index behind the newest job; written by the owner */
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

/* Put a job at the bottom. False when it was full and memory is out. After a take or steal by the
 * owner there is room for one push, which cannot fail. */
bool gsaw__deque_push(gsaw__deque *self, gsaw__job job);

/* How many more jobs can be pushed, after an attempt to make room for `wanted`. Owner. */
size_t gsaw__deque_reserve(gsaw__deque *self, size_t wanted);

/* Take the newest job. False when there is none. */
bool gsaw__deque_take(gsaw__deque *self, gsaw__job *out);

/* The newest job, all-zero when there is none: that take() would give it is likely, not sure. */
gsaw__job gsaw__deque_peek(const gsaw__deque *self);

/* Take the oldest job, if `only` is NULL or its group. Any thread, the owner too. */
enum gsaw__steal gsaw__deque_steal(gsaw__deque *self, const gsaw_group *only, gsaw__job *out);

/* How many jobs there are; exact when nobody is changing it. */
size_t gsaw__deque_count(const gsaw__deque *self);

/* Walk the invariants; for tests, with nobody changing it. */
bool gsaw__deque_check(const gsaw__deque *self);

#endif
