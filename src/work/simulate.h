/* simulate.h - what N workers would make of recorded tasks: an event-driven list schedule.
 * Keeps:   the same tasks and options give the same result on every machine; a task never starts
 *          before the task that releases it has ended; no worker waits while its lane has a task.
 * Threads: none; any, each with its own.
 * Next:    simulate.c. Sources: list scheduling and its bound (2 - 1/N) are Graham's, "Bounds on
 *          multiprocessing timing anomalies", SIAM J. Appl. Math. 17 (1969); that N workers need at
 *          least max(work / N, critical path), and at most work / N + critical path, is Brent's,
 *          "The parallel evaluation of general arithmetic expressions", J. ACM 21 (1974). */
#ifndef GSAW_WORK_SIMULATE_H
#define GSAW_WORK_SIMULATE_H

#include <stddef.h>
#include <stdint.h>

#include <gangsaw/alloc.h>
#include <gangsaw/status.h>

#define GSAW_NO_TASK UINT32_MAX

/* One task as it was recorded. */
typedef struct gsaw__recorded_task {
    uint64_t duration_ns; /* when it runs alone; at most 2^52 */
    uint64_t priority;    /* of GSAW_ORDER_DEAREST: higher first; an estimated cost */
    uint32_t parent;      /* the task whose end releases it, before it in the list; GSAW_NO_TASK:
                             released from the start */
} gsaw__recorded_task;

/* Which of the released tasks an idle worker takes. Ties, and those that were released together:
 * the earlier in the list. */
enum gsaw__order {
    GSAW_ORDER_DEAREST, /* the highest priority (cost_based) */
    GSAW_ORDER_OLDEST,  /* the one released first */
    GSAW_ORDER_NEWEST,  /* the one released last: one stack, as stealing of the last made has it */
    GSAW_ORDER_LANES    /* task i is worker i mod N's, oldest first (round_robin, no stealing) */
};

/* All-zero but for tasks, count and workers is valid. */
typedef struct gsaw__simulation {
    const gsaw_allocator *allocator; /* NULL: malloc; for the time of the call */
    const gsaw__recorded_task *tasks;
    size_t count;     /* less than GSAW_NO_TASK */
    uint32_t workers; /* at least 1 */
    enum gsaw__order order;
    uint64_t overhead_ns;   /* of each task, beside its duration */
    const double *slowdown; /* [k - 1]: how many times longer a task takes while k workers are busy,
                               k up to workers; NULL: 1 */
} gsaw__simulation;

typedef struct gsaw__simulated {
    uint64_t makespan_ns;  /* from the start to the end of the last task */
    uint64_t work_ns;      /* all durations and overheads, without slowdown */
    uint64_t busy_ns;      /* of all workers together, slowdown included */
    uint64_t idle_ns;      /* workers * makespan - busy */
    uint64_t critical_ns;  /* the longest chain of tasks, without slowdown */
    uint32_t critical_end; /* the task that ends it; GSAW_NO_TASK without tasks */
    uint32_t last;         /* the task that ended last; GSAW_NO_TASK without tasks */
    double concurrency;    /* busy workers, in the mean over the makespan; 0 without tasks */
} gsaw__simulated;

/* Run the simulation. O(n log n). Errors: GSAW_INVALID (no workers, a parent that does not come
 * before its task, a slowdown that is not positive), GSAW_RANGE (too many tasks, or too long),
 * GSAW_NO_MEMORY. */
gsaw_status gsaw__simulate(const gsaw__simulation *simulation, gsaw__simulated *out);

#endif
