/* stats.h - the one counter block of a worker: statistics, progress, balancing and tracing read it.
 * Keeps:   written by its worker alone, in whole words; on lines of its own.
 * Threads: one writer, any readers.
 * Next:    stats.c, gsaw_worker_stats in gangsaw/task.h */
#ifndef GSAW_TASK_STATS_H
#define GSAW_TASK_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include <gangsaw/task.h>

#include "base/atomic.h"

/* Time summed over many runs, in one word so that it can be read while it runs: while stopped the
 * sum, while running the start minus the sum so far; twice that, plus 1 while running. All-zero:
 * stopped at 0. */
typedef struct gsaw__stopwatch {
    _Atomic uint64_t word;
} gsaw__stopwatch;

/* All-zero is valid. */
typedef struct gsaw__counters {
    char padding_before[GSAW_SEPARATION];
    _Atomic uint64_t completed, dropped, steals, parks;
    gsaw__stopwatch alive; /* from the start of the thread to its end */
    gsaw__stopwatch busy;  /* from the first task found to the first look that found none */
    char padding_after[GSAW_SEPARATION];
} gsaw__counters;

/* Start or stop at the time given; does nothing when it is so already. Writer only. */
void gsaw__stopwatch_start(gsaw__stopwatch *self, uint64_t now_ns);
void gsaw__stopwatch_stop(gsaw__stopwatch *self, uint64_t now_ns);

/* Whether it runs. Writer only. */
bool gsaw__stopwatch_is_running(const gsaw__stopwatch *self);

/* The sum in ns, up to now_ns if it is running. Any thread; never goes back. */
uint64_t gsaw__stopwatch_read(const gsaw__stopwatch *self, uint64_t now_ns);

/* Add to a counter. Writer only. */
static inline void gsaw__counters_add(_Atomic uint64_t *counter, uint64_t count)
{
    /* [S2] relaxed, one writer; pairs with counters_read(). That a waiter sees what was counted
     * before its group ended is the work of [G1] in worker.c */
    gsaw__store_relaxed(counter, gsaw__load_relaxed(counter) + count);
}

/* Add 1. Writer only. */
static inline void gsaw__counters_count(_Atomic uint64_t *counter)
{
    gsaw__counters_add(counter, 1);
}

/* Fill in all of `out` but worker_id and pending. Any thread. */
void gsaw__counters_read(const gsaw__counters *self, gsaw_worker_stats *out);

#endif
