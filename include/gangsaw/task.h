/* gangsaw/task.h - the task framework: a thread pool with work stealing, and groups to wait for.
 *
 * First part of the framework: ThreadPool (gsaw_pool), groups and WorkerStats (counters, progress
 * and collected results: gangsaw/sync.h). A pool owns its threads; several pools may live side by
 * side; there is no global one. A task is stored by value: submitting takes no memory once the
 * pool's queue and deques have grown to the need. After fork(2) a pool is of no use to the child:
 * its calls return GSAW_CLOSED or nothing, and gsaw_pool_free frees without waiting.
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

/* What a task does. `worker` is the thread that runs it, valid during the call. It may submit
 * further tasks, to its own group or others, and may wait for a group that it is no part of. It
 * must not block for what only another task of this pool can bring, but by gsaw_pool_wait. */
typedef void gsaw_task_function(gsaw_worker *worker, void *argument, uint64_t range);

typedef struct gsaw_task {
    gsaw_task_function *function;
    void *argument; /* borrowed until the task has run */
    uint64_t range; /* free use: two packed indices, a size, ... */
} gsaw_task;

/* Counts the tasks that have been submitted to it and have not ended. All-zero is a valid empty
 * group. Belongs to the caller and outlives its tasks and the waits for it, no longer: it may lie
 * on the stack of the one who waits. Used with one pool at a time. The fields are the library's. */
typedef struct gsaw_group {
    _Atomic uint64_t pending; /* submitted and not ended */
    _Atomic uint64_t queued;  /* of these, in the pool's queue; the rest is under its lock */
    uint32_t first, last;     /* slots of its oldest and newest task there, from 1; 0: none */
    struct gsaw_group *next, *previous; /* other groups with tasks there */
} gsaw_group;

#define GSAW_WORKERS_MAX 1024

/* All-zero but for size means every default. */
typedef struct gsaw_pool_options {
    size_t size;                     /* sizeof(gsaw_pool_options) */
    const gsaw_allocator *allocator; /* NULL: malloc */
    uint32_t workers;    /* 0: the CPUs this process may use; at most GSAW_WORKERS_MAX */
    bool no_stealing;    /* all tasks go through one shared queue, first in, first out */
    size_t stack_size;   /* bytes per thread; 0: the system's default */
    const char *name;    /* of the threads, at most 8 bytes shown; NULL: "gangsaw" */
    size_t trace_events; /* ring of trace events per worker; 0: no trace */
} gsaw_pool_options;

/* WorkerStats: one worker's counter block, read at any time (each number by itself is exact). What
 * a task did is counted before its group is told, so it is all there once gsaw_pool_wait has
 * returned. */
typedef struct gsaw_worker_stats {
    uint32_t worker_id;
    uint64_t completed;  /* tasks run to their end */
    uint64_t dropped;    /* tasks ended without being run, by a shutdown that does not drain */
    uint64_t pending;    /* tasks in this worker's deque now */
    uint64_t average_ns; /* busy_ns / completed; 0 when none */
    uint64_t busy_ns;    /* running tasks, and fetching the next where there is one at once */
    uint64_t idle_ns;    /* parked or looking for work, inside gsaw_pool_wait too */
    uint64_t steals;     /* tasks taken from others */
    uint64_t parks;      /* times it went to sleep */
} gsaw_worker_stats;

/* Start a pool. options NULL: every default. When the system gives fewer threads than asked the
 * pool runs with those; when it gives none, the threads that wait run the tasks, one at a time, as
 * worker 0. Errors: GSAW_NO_MEMORY, GSAW_RANGE (workers), GSAW_INVALID (size). Any thread. */
GSAW_API gsaw_status gsaw_pool_new(const gsaw_pool_options *options, gsaw_pool **out,
                                   gsaw_error *error);

/* Shut down (drain: run what is queued) and free. NULL is allowed. Not from inside a task, and not
 * while another thread is in a call on this pool. Blocks. */
GSAW_API void gsaw_pool_free(gsaw_pool *self);

/* Submit one task to a group. From any thread, tasks of this pool included: there it goes on top of
 * the calling worker's own deque, else to the queue that all workers share. Never blocks for room.
 * Tasks start in no order that could be relied on. Errors: GSAW_NO_MEMORY, GSAW_CLOSED after (or,
 * but for tasks of the pool itself, during) shutdown, GSAW_INVALID (no group or function); then the
 * task was not taken and the group does not count it. */
GSAW_API gsaw_status gsaw_pool_submit(gsaw_pool *self, gsaw_group *group, gsaw_task task);

/* Wait until the group has no pending task; what its tasks wrote can then be read. From outside:
 * blocks, parked. From inside a task of this pool: helps, running tasks of the same group and of no
 * other (one exception: when memory is out, a task of another group that lies above them). Not for
 * a group that the calling task is itself part of: that would wait for ever. */
GSAW_API void gsaw_pool_wait(gsaw_pool *self, gsaw_group *group);

/* Change the number of workers while running; 0: the CPUs this process may use. Growing starts
 * threads (fewer when the system gives fewer: GSAW_LIMIT, the pool goes on with those); shrinking
 * lets workers end after their current task, their queued tasks move to the others, and one worker
 * stays. Blocks until done; one caller at a time (others wait). Errors: GSAW_INVALID (inside a task
 * of this pool), GSAW_RANGE, GSAW_LIMIT, GSAW_NO_MEMORY, GSAW_CLOSED. Any thread. */
GSAW_API gsaw_status gsaw_pool_resize(gsaw_pool *self, uint32_t workers);

/* Stop: with `drain` run everything queued first (and what those tasks submit), else drop what has
 * not started; groups count it as ended. Joins the threads; later submissions are GSAW_CLOSED.
 * Twice is allowed; a second call without `drain` cuts a first one short. Not from inside a task.
 * Any thread. */
GSAW_API void gsaw_pool_shutdown(gsaw_pool *self, bool drain);

/* The number of threads now: 0 when none could be started, and after shutdown. Any thread. */
GSAW_API uint32_t gsaw_pool_worker_count(const gsaw_pool *self);

/* The most workers this pool has had, at least 1: worker indices are below it. Any thread. */
GSAW_API uint32_t gsaw_pool_worker_max(const gsaw_pool *self);

/* Copy the counters of worker `index`. GSAW_RANGE beyond worker_max. Any thread. */
GSAW_API gsaw_status gsaw_pool_stats(const gsaw_pool *self, uint32_t index, gsaw_worker_stats *out);

/* The number of tasks of the group that have not ended; may have changed on return. Any thread. */
GSAW_API uint64_t gsaw_group_pending(const gsaw_group *self);

/* The index of a worker in its pool, 0-based, stable while it lives. Any thread. */
GSAW_API uint32_t gsaw_worker_index(const gsaw_worker *self);

/* The pool of a worker. Any thread. */
GSAW_API gsaw_pool *gsaw_worker_pool(const gsaw_worker *self);

/* True when some worker of the pool has nothing to do: time to split a large task. A hint, of two
 * loads. */
GSAW_API bool gsaw_worker_is_wanted(const gsaw_worker *self);

#endif
