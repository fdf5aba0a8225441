/* thread.h - pthreads with names and ranks: threads, ranked locks, conditions, once.
 * Keeps:   a thread takes locks in rising rank only; debug builds assert it. No callback under a
 *          lock.
 * Threads: that is what it is about.
 * Next:    thread.c, atomic.h */
#ifndef GSAW_BASE_THREAD_H
#define GSAW_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* The ranks of all locks of the library, lowest first: who holds one takes only those after it. */
enum gsaw__rank {
    GSAW_RANK_POOL_RESIZE = 10, /* pool.control: workers come and go */
    GSAW_RANK_GRAPH = 20,       /* scheduler.graph (task framework, to come) */
    GSAW_RANK_WORK = 22,        /* a distributor, while its strategy places items */
    GSAW_RANK_LANE = 24,        /* a lane of it */
    GSAW_RANK_QUEUE = 30,       /* a pool's inbox */
    GSAW_RANK_PARK = 40,        /* a pool's parking place */
    GSAW_RANK_PROGRESS = 50,    /* progress tracker */
    GSAW_RANK_LEAF = 90         /* anything that takes no other lock while held */
};

typedef struct gsaw__mutex {
    pthread_mutex_t mutex;
    const char *name; /* static storage */
    int rank;
} gsaw__mutex;

typedef struct gsaw__condition {
    pthread_cond_t condition; /* on CLOCK_MONOTONIC */
} gsaw__condition;

/* An unlocked mutex; name in static storage. GSAW_NO_MEMORY or GSAW_SYSTEM when the system has
 * none. */
gsaw_status gsaw__mutex_init(gsaw__mutex *self, const char *name, enum gsaw__rank rank);

/* Not while it is held. Once per init that succeeded. */
void gsaw__mutex_clear(gsaw__mutex *self);

/* Blocks. The rank must be above all that this thread holds (asserted in debug builds); locks are
 * given back in any order, by the thread that took them. */
void gsaw__mutex_lock(gsaw__mutex *self);
void gsaw__mutex_unlock(gsaw__mutex *self);

/* As lock, but false instead of blocking. */
bool gsaw__mutex_try_lock(gsaw__mutex *self);

/* A condition on CLOCK_MONOTONIC; clear it when nobody waits, once per init that succeeded. */
gsaw_status gsaw__condition_init(gsaw__condition *self);
void gsaw__condition_clear(gsaw__condition *self);

/* Give `held` back, wait for a signal, take it again. Spurious returns are possible. */
void gsaw__condition_wait(gsaw__condition *self, gsaw__mutex *held);

/* Until signalled or gsaw__clock_ns() passes deadline_ns; false when it was the deadline. Spurious
 * returns are possible: the caller tests its predicate again. */
bool gsaw__condition_wait_until(gsaw__condition *self, gsaw__mutex *held, uint64_t deadline_ns);
void gsaw__condition_signal(gsaw__condition *self);
void gsaw__condition_broadcast(gsaw__condition *self);

typedef void gsaw__thread_function(void *argument);

/* What a thread is to be. */
typedef struct gsaw__thread_options {
    gsaw__thread_function *function;
    void *argument;    /* of the function */
    const char *name;  /* at most 15 bytes are shown */
    size_t stack_size; /* bytes; 0: the system's default */
    uint32_t cpu;      /* which of the usable CPUs it is to run on, from 1; 0: any */
} gsaw__thread_options;

/* A thread that was started; stays where it is until it has been joined. */
typedef struct gsaw__thread {
    pthread_t thread;
    gsaw__thread_function *function;
    void *argument;
    char name[16];
} gsaw__thread;

/* Start a thread with all signals blocked but those a fault raises. The options are copied. Takes
 * no memory of ours. GSAW_SYSTEM or GSAW_NO_MEMORY when there are no more threads. */
gsaw_status gsaw__thread_start(gsaw__thread *self, const gsaw__thread_options *options,
                               gsaw_error *error);

/* Wait until it has ended. Once per started thread. */
void gsaw__thread_join(gsaw__thread *self);

/* Give the processor to another thread; a hint for loops that spin. */
void gsaw__thread_pause(void);

/* Make gsaw__process_barrier possible in this process. False where the system has none (and under
 * ThreadSanitizer, which would not see it): then both sides need a barrier of their own. Source:
 * membarrier(2). */
bool gsaw__process_barrier_enable(void);

/* Every thread of the process passes a full memory barrier between the begin and the end of this
 * call. Some microseconds. */
void gsaw__process_barrier(void);

#endif
