/* gangsaw/task.h - the task framework: a thread pool with work stealing, and groups to wait for.
 *
 * First part of the framework: ThreadPool (gsaw_pool), groups, WorkerStats, AtomicCounter and
 * ProgressTracker. A pool owns its threads; several pools may live side by side; there is no global
 * one. A task is four words, stored by value: submitting takes no memory once a deque is large enough.
 *
 *     gsaw_pool *pool;
 *     gsaw_pool_new(&(gsaw_pool_options){.size = sizeof(gsaw_pool_options)}, &pool, &error);
 *     gsaw_group group = {0};
 *     gsaw_pool_submit(pool, &group, (gsaw_task){.function = work, .argument = data});
 *     gsaw_pool_wait(pool, &group);
 *     gsaw_pool_free(pool);
 */
#ifndef GANGSAW_TASK_H
#define GANGSAW_TASK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gangsaw/alloc.h>
#include <gangsaw/status.h>

typedef struct gsaw_pool gsaw_pool;     /* ThreadPool: opaque */
typedef struct gsaw_worker gsaw_worker; /* one thread of a pool: opaque */

/* What a task does. `worker` is the thread that runs it, valid during the call. It may submit further
 * tasks (to its own group or others) and must not block on one. */
typedef void gsaw_task_function(gsaw_worker *worker, void *argument, uint64_t range);

typedef struct gsaw_task {
    gsaw_task_function *function;
    void *argument;  /* borrowed until the task has run */
    uint64_t range;  /* free use: two packed indices, a size, ... */
} gsaw_task;

/* Counts the tasks that have been submitted to it and have not ended. All-zero is a valid empty group.
 * Belongs to the caller and outlives its tasks. */
typedef struct gsaw_group {
    _Atomic uint64_t pending;
    _Atomic uint32_t waiters;
} gsaw_group;

/* All-zero but for size means every default. */
typedef struct gsaw_pool_options {
    size_t size;                     /* sizeof(gsaw_pool_options) */
    const gsaw_allocator *allocator; /* NULL: malloc */
    uint32_t workers;                /* 0: the CPUs this process may use; at most 1024 */
    uint32_t reserved;
    size_t stack_size;    /* bytes per thread; 0: the system's default */
    const char *name;     /* of the threads, at most 8 bytes shown; NULL: "gangsaw" */
    bool no_stealing;     /* all tasks go through one shared queue */
    size_t trace_events;  /* ring of trace events per worker; 0: no trace */
} gsaw_pool_options;

/* WorkerStats: one worker's counter block, read at any time (each number by itself is exact). */
typedef struct gsaw_worker_stats {
    uint32_t worker_id;
    uint64_t completed;    /* tasks run to their end */
    uint64_t pending;      /* tasks in this worker's deque now */
    uint64_t average_ns;   /* busy_ns / completed; 0 when none */
    uint64_t busy_ns;      /* inside task functions */
    uint64_t idle_ns;      /* parked or looking for work */
    uint64_t steals;       /* tasks taken from others */
    uint64_t parks;        /* times it went to sleep */
} gsaw_worker_stats;

/* Start a pool. When the system gives fewer threads than asked the pool runs with those; when it gives
 * none, tasks run in the thread that waits. Errors: GSAW_NO_MEMORY, GSAW_RANGE (workers), GSAW_INVALID. */
GSAW_API gsaw_status gsaw_pool_new(const gsaw_pool_options *options, gsaw_pool **out,
                                   gsaw_error *error);

/* Shut down (drain: run what is queued) and free. NULL is allowed. Not from inside a task. Blocks. */
GSAW_API void gsaw_pool_free(gsaw_pool *self);

/* Submit one task to a group. From any thread, tasks of this pool included (then it goes on top of that
 * worker's own deque: pass `worker`-less, the pool knows its threads). Never blocks on a full queue.
 * Errors: GSAW_NO_MEMORY (the task was not taken, the group not counted), GSAW_CLOSED after shutdown. */
GSAW_API gsaw_status gsaw_pool_submit(gsaw_pool *self, gsaw_group *group, gsaw_task task);

/* Wait until the group has no pending task. From outside: blocks, parked. From inside a task of this
 * pool: helps, running tasks of the same group. */
GSAW_API void gsaw_pool_wait(gsaw_pool *self, gsaw_group *group);

/* Change the number of workers while running. Growing starts threads (fewer when the system gives
 * fewer: GSAW_LIMIT, the pool goes on with those); shrinking lets workers end after their current task, their
 * queued tasks move to the others. Blocks until done; one caller at a time (others wait); not from inside a task. */
GSAW_API gsaw_status gsaw_pool_resize(gsaw_pool *self, uint32_t workers);

/* Stop: with `drain` run everything queued first, else drop what has not started (groups count them as
 * ended). Joins the threads; later submissions are GSAW_CLOSED. Twice is allowed. Not from inside a task. */
GSAW_API void gsaw_pool_shutdown(gsaw_pool *self, bool drain);

/* The number of workers now, and the most this pool has had (worker indices are below it). Any thread. */
GSAW_API uint32_t gsaw_pool_worker_count(const gsaw_pool *self);
GSAW_API uint32_t gsaw_pool_worker_max(const gsaw_pool *self);

/* Copy the counters of worker `index`. GSAW_RANGE beyond worker_max. Any thread. */
GSAW_API gsaw_status gsaw_pool_stats(const gsaw_pool *self, uint32_t index,
                                     gsaw_worker_stats *out);

/* The index of a worker in its pool, 0-based, stable while it lives. */
GSAW_API uint32_t gsaw_worker_index(const gsaw_worker *self);

/* True when some worker of the pool has nothing to do: time to split a large task. A hint; cheap. */
GSAW_API bool gsaw_worker_is_wanted(const gsaw_worker *self);

#endif
