/* gangsaw/pool.h - ThreadPool, and the fast path of tasks: no names, no copies, no allocation.
 *
 * A task is 48 bytes of the caller's storage: on the stack (fork and join), in an array, inside a
 * larger struct. The pool moves pointers to it and allocates nothing for it, so submitting cannot
 * run out of memory. Those who do not want to keep storage call gsaw_pool_spawn. Graphs of a
 * million small tasks: gangsaw/graph.h. Names, dependencies between running tasks, priorities,
 * retries, deadlines: gangsaw/scheduler.h.
 *
 * A pool owns its threads; several may live side by side; there is no global one. After fork(2) a
 * pool is of no use to the child: its calls return GSAW_CLOSED or nothing, and gsaw_pool_free frees
 * without waiting. A task whose function crashes takes the process with it.
 *
 *     gsaw_pool *pool;
 *     gsaw_pool_new(NULL, &pool, &error);
 *     gsaw_group group = {0};
 *     gsaw_task task = {.function = work, .argument = data};
 *     gsaw_pool_submit(pool, &group, &task);
 *     gsaw_pool_wait(pool, &group);
 *     gsaw_pool_free(pool);
 */
#ifndef GANGSAW_POOL_H
#define GANGSAW_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gangsaw/alloc.h>
#include <gangsaw/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gsaw_pool gsaw_pool;     /* ThreadPool: opaque */
typedef struct gsaw_worker gsaw_worker; /* one thread of a pool: opaque */
typedef struct gsaw_group gsaw_group;   /* below */
typedef struct gsaw_task gsaw_task;     /* below */

/* ---- tasks --------------------------------------------------------------------------------------
 */

/* What a task does. `worker` is the thread that runs it, valid during the call. `value` holds what
 * the task was given, and on return its result. Anything but GSAW_OK is a failure: the task is then
 * GSAW_TASK_FAILED with that status. It may submit, spawn and fork further tasks, and may wait for
 * a group that it is no part of. It must not block for what only another task of this pool can
 * bring, but by the waits of this library or between gsaw_worker_block_begin and _end. */
typedef gsaw_status gsaw_task_function(gsaw_worker *worker, void *argument, uint64_t *value);

/* The states of a task, and the one table of them: name, whether it has ended, text. Where they
 * lead to is told by gsaw_task_state_may_become. An ended task that is submitted again, as a graph
 * does that is run again, starts over. */
#define GSAW_TASK_STATE_TABLE(row)                                                                 \
    row(NEW, false, "new")         /* not submitted */                                             \
    row(WAITING, false, "waiting") /* for dependencies, for the time of a retry */                 \
    row(QUEUED, false, "queued")   /* ready: only a worker is missing */                           \
    row(RUNNING, false, "running")                                                                 \
    row(DONE, true, "done")                                                                        \
    row(FAILED, true, "failed")                                                                    \
    row(CANCELLED, true, "cancelled")                                                              \
    row(SKIPPED, true, "skipped") /* a dependency did not end as done */

#define GSAW_TASK_STATE_ENUM(name, ended, text) GSAW_TASK_##name,
typedef enum gsaw_task_state {
    GSAW_TASK_STATE_TABLE(GSAW_TASK_STATE_ENUM) GSAW_TASK_STATE_COUNT
} gsaw_task_state;
#undef GSAW_TASK_STATE_ENUM

/* All-zero but for the function is a valid new task. It is the library's from submit or fork until
 * it has ended (its group has been waited for, or it has been joined); it may then be submitted
 * again. */
struct gsaw_task {
    gsaw_task_function *function;
    void *argument; /* borrowed */
    uint64_t value; /* in: free use; after the end: the result */
    /* The rest is the library's. */
    gsaw_group *group;
    gsaw_task *next;              /* in a list */
    GSAW_ATOMIC(uint32_t) state;  /* gsaw_task_state, and flags */
    GSAW_ATOMIC(uint32_t) status; /* gsaw_status of a failure */
};

/* The state of a task at this moment. What an ended task wrote can be read. Any thread, while the
 * storage lives. */
GSAW_API gsaw_task_state gsaw_task_state_of(const gsaw_task *self);

/* How a task ended: GSAW_OK (done), GSAW_CANCELLED (cancelled, skipped), or what its function
 * returned; GSAW_AGAIN while it has not ended. Any thread. */
GSAW_API gsaw_status gsaw_task_status(const gsaw_task *self);

/* Cancel a task. One that has not started never will, and ends as GSAW_TASK_CANCELLED when a worker
 * comes by; one that runs sees gsaw_worker_is_cancelled; for one that has ended nothing changes.
 * Returns whether it is certain never to start. One atomic operation; any thread, while the storage
 * lives. A forked task: only by the thread that forked it, or by its group. */
GSAW_API bool gsaw_task_cancel(gsaw_task *self);

/* The word for a state ("queued"); "unknown" out of range. Never NULL; any thread. */
GSAW_API const char *gsaw_task_state_name(gsaw_task_state state);

/* Whether a task in this state has ended for good. Any thread. */
GSAW_API bool gsaw_task_state_is_end(gsaw_task_state state);

/* Whether a task goes from one state to another: the one table of transitions. NEW to WAITING or
 * QUEUED; WAITING to QUEUED, or, without being run, to FAILED (its deadline passed), CANCELLED or
 * SKIPPED; QUEUED to RUNNING, or to FAILED, CANCELLED or SKIPPED; RUNNING to DONE, FAILED or
 * CANCELLED, or (to be tried again) WAITING. Any thread. */
GSAW_API bool gsaw_task_state_may_become(gsaw_task_state from, gsaw_task_state to);

/* ---- groups -------------------------------------------------------------------------------------
 */

/* Counts the tasks that were submitted to it and have not ended; cancels them together; keeps the
 * first failure. All-zero is a valid empty group. Belongs to the caller and outlives its tasks and
 * the waits for it, no longer: it may lie on the stack of the one who waits. Used with one pool at
 * a time. */
struct gsaw_group {
    bool fail_fast; /* the caller's, before the first task: the first failure cancels the rest */
    /* The rest is the library's. */
    GSAW_ATOMIC(uint32_t) cancelled; /* 1: what has not started never will */
    GSAW_ATOMIC(uint32_t) status;    /* gsaw_status of the first task that failed */
    void *graph;                     /* the graph that this is the group of; NULL: of loose tasks */
    char padding_pending[64]; /* what all read, what many count, and the inbox's: lines apart */
    GSAW_ATOMIC(uint64_t) pending; /* tasks that have not ended, and what workers hold in advance */
    char padding_queued[64];
    GSAW_ATOMIC(uint64_t) queued; /* of these, in the pool's inbox; the rest is under its lock */
    gsaw_task *first, *last;      /* its oldest and newest task there */
    gsaw_group *following, *previous; /* other groups with tasks there */
};

/* Cancel all tasks of the group that have not ended: as gsaw_task_cancel for each, at the cost of
 * one store; those submitted later are cancelled, too, until gsaw_group_reset. Any thread. */
GSAW_API void gsaw_group_cancel(gsaw_group *self);

/* Make an empty group (waited for) as good as new: not cancelled, no failure. By one thread, with
 * no other in a call on the group. */
GSAW_API void gsaw_group_reset(gsaw_group *self);

/* GSAW_OK, or the status of the first task that failed, or GSAW_CANCELLED. Any thread. */
GSAW_API gsaw_status gsaw_group_status(const gsaw_group *self);

/* How many tasks of the group have not ended, at most: workers count in advance (up to 64 each).
 * Exact, and then 0, once the group has been waited for. Any thread. */
GSAW_API uint64_t gsaw_group_pending(const gsaw_group *self);

/* ---- the pool -----------------------------------------------------------------------------------
 */

#define GSAW_WORKERS_MAX 1024

/* All-zero but for size means every default. */
typedef struct gsaw_pool_options {
    size_t size;                     /* sizeof(gsaw_pool_options) */
    const gsaw_allocator *allocator; /* NULL: malloc */
    uint32_t workers;  /* 0: the CPUs this process may use; at most GSAW_WORKERS_MAX */
    bool no_stealing;  /* all tasks go through one shared queue, first in, first out */
    bool pin;          /* worker i runs on the i-th CPU this process may use, modulo their number */
    size_t stack_size; /* bytes per thread, the system's least or more; 0: its default */
    const char *name;  /* of the threads, at most 8 bytes shown; NULL: "gangsaw" */
    size_t trace_events; /* ring of trace events per worker; 0: no trace */
    uint64_t tasks_max;  /* submitted and not ended, over all groups: more than that waits outside
                            (max_tasks_in_flight); 0: no limit */
} gsaw_pool_options;

/* WorkerStats: one worker's counter block, read at any time (each number by itself is exact). What
 * a task did is counted before its group is told, so it is all there once gsaw_pool_wait has
 * returned. */
typedef struct gsaw_worker_stats {
    uint32_t worker_id;
    uint64_t completed;  /* tasks run to their end, failed ones included: of the pool, of graphs,
                            and each attempt of a scheduler's */
    uint64_t dropped;    /* tasks ended without being run: cancelled, skipped, shut down; but for a
                            scheduler's, which gsaw_scheduler_count has */
    uint64_t pending;    /* tasks in this worker's deque now */
    uint64_t average_ns; /* busy_ns / completed; 0 when none */
    uint64_t busy_ns;    /* running tasks, and fetching the next where there is one at once */
    uint64_t idle_ns;    /* parked or looking for work, inside waits too */
    uint64_t steals;     /* tasks taken from others */
    uint64_t parks;      /* times it went to sleep */
} gsaw_worker_stats;

/* Start a pool. options NULL: every default. When the system gives fewer threads than asked the
 * pool runs with those; when it gives none, the threads that wait run the tasks, one at a time, as
 * worker 0. Errors: GSAW_NO_MEMORY, GSAW_RANGE (workers, stack_size), GSAW_INVALID (size). Any
 * thread. */
GSAW_API gsaw_status gsaw_pool_new(const gsaw_pool_options *options, gsaw_pool **out,
                                   gsaw_error *error);

/* Shut down (drain: run what is queued) and free. NULL is allowed. Not from inside a task, and not
 * while another thread is in a call on this pool. Blocks. */
GSAW_API void gsaw_pool_free(gsaw_pool *self);

/* Submit a task to a group. From any thread, tasks of this pool included: there it goes on top of
 * the calling worker's own deque, else to the inbox that all workers share. Tasks start in no order
 * that could be relied on. Blocks only outside of the pool's tasks, and only while tasks_max are in
 * flight. Errors: GSAW_CLOSED after (or, but for tasks of the pool itself, during) shutdown,
 * GSAW_INVALID (no group or function); then the task was not taken and the group does not count
 * it. */
GSAW_API gsaw_status gsaw_pool_submit(gsaw_pool *self, gsaw_group *group, gsaw_task *task);

/* The same, but GSAW_AGAIN instead of blocking. */
GSAW_API gsaw_status gsaw_pool_try_submit(gsaw_pool *self, gsaw_group *group, gsaw_task *task);

/* Submit `count` tasks that lie one behind the other, all or none: cheaper than one by one. */
GSAW_API gsaw_status gsaw_pool_submit_all(gsaw_pool *self, gsaw_group *group, gsaw_task *tasks,
                                          size_t count);

/* Submit a task whose storage is the pool's: it cannot be cancelled or asked by itself, and its
 * result is lost (its failure is its group's). Errors: as submit, and GSAW_NO_MEMORY. */
GSAW_API gsaw_status gsaw_pool_spawn(gsaw_pool *self, gsaw_group *group,
                                     gsaw_task_function *function, void *argument, uint64_t value);

/* Wait until the group has no pending task; what its tasks wrote can then be read. From outside:
 * blocks, parked. From inside a task of this pool: helps, running tasks of the same group and of no
 * other. Not for a group that the calling task is itself part of: that would wait for ever. Returns
 * gsaw_group_status; GSAW_CLOSED in a forked child. */
GSAW_API gsaw_status gsaw_pool_wait(gsaw_pool *self, gsaw_group *group);

/* The same, at most until the monotonic clock shows deadline_ns (CLOCK_MONOTONIC, nanoseconds):
 * then GSAW_TIMEOUT, and the group goes on. A task that is helped with is not interrupted. */
GSAW_API gsaw_status gsaw_pool_wait_until(gsaw_pool *self, gsaw_group *group, uint64_t deadline_ns);

/* Change the number of workers while running; 0: the CPUs this process may use. Growing starts
 * threads (fewer when the system gives fewer: GSAW_LIMIT, the pool goes on with those); shrinking
 * lets workers end after their current task, their queued tasks move to the others, and one worker
 * stays. Blocks until done; one caller at a time (others wait). Errors: GSAW_INVALID (inside a task
 * of this pool), GSAW_RANGE, GSAW_LIMIT, GSAW_NO_MEMORY, GSAW_CLOSED. Any thread. */
GSAW_API gsaw_status gsaw_pool_resize(gsaw_pool *self, uint32_t workers);

/* Stop: with `drain` run everything queued first (and what those tasks submit), else drop what has
 * not started; groups count it as ended, the tasks as cancelled. Joins the threads; later
 * submissions are GSAW_CLOSED. Twice is allowed; a second call without `drain` cuts a first one
 * short. Not from inside a task. Any thread. */
GSAW_API void gsaw_pool_shutdown(gsaw_pool *self, bool drain);

/* What a worker is doing: for gsaw_pool_shutdown_until. */
typedef struct gsaw_stuck {
    uint32_t worker;
    gsaw_task_function *function; /* of the outermost task it runs */
    void *argument;
} gsaw_stuck;

/* Drop what has not started, cancel what runs, and wait until deadline_ns (CLOCK_MONOTONIC) for
 * the threads to end. GSAW_OK: as after gsaw_pool_shutdown. GSAW_TIMEOUT: some task does not end;
 * up to `room` of the stuck workers are written to `stuck`, their number to *count. The pool must
 * then neither be freed nor its tasks' data; it may be shut down again. Not from inside a task. */
GSAW_API gsaw_status gsaw_pool_shutdown_until(gsaw_pool *self, uint64_t deadline_ns,
                                              gsaw_stuck *stuck, size_t room, size_t *count);

/* The number of threads now: 0 when none could be started, and after shutdown. Any thread. */
GSAW_API uint32_t gsaw_pool_worker_count(const gsaw_pool *self);

/* The most workers this pool has had, at least 1: worker indices are below it. Any thread. */
GSAW_API uint32_t gsaw_pool_worker_max(const gsaw_pool *self);

/* Copy the counters of worker `index`. GSAW_RANGE beyond worker_max. Any thread. */
GSAW_API gsaw_status gsaw_pool_stats(const gsaw_pool *self, uint32_t index, gsaw_worker_stats *out);

/* Write the trace (options.trace_events) as Chrome / Perfetto JSON, for chrome://tracing or
 * ui.perfetto.dev: a lane for each worker with its tasks (by gsaw_worker_name_task, or the id of a
 * scheduler's task), steals and times parked; counters, at most every millisecond: queued tasks,
 * resident bytes, and a scheduler's ready and running tasks and admitted bytes. Times are
 * microseconds since the pool was made; otherData.origin_ns is that moment (CLOCK_MONOTONIC). Where
 * a ring was full its oldest events are missing, and the lane's name says how many. `write` is
 * called with pieces of some 64 KiB until it returns anything but GSAW_OK. After
 * gsaw_pool_shutdown. Errors: those of write, GSAW_NO_MEMORY. */
GSAW_API gsaw_status gsaw_pool_write_trace(const gsaw_pool *self,
                                           gsaw_status (*write)(void *context, const char *bytes,
                                                                size_t size),
                                           void *context, gsaw_error *error);

/* ---- inside a task ------------------------------------------------------------------------------
 */

/* Fork and join: the cheapest way to run in parallel inside a task. The task becomes one that any
 * worker may take; it belongs to the group of the calling task, and ends before that does. Each
 * fork is joined by the same task, the newest first where it can be: then it costs a dozen
 * nanoseconds. Source of the deque: Chase and Lev, SPAA 2005. */
GSAW_API void gsaw_worker_fork(gsaw_worker *self, gsaw_task *task);

/* Run the forked task now if nobody else has; else help with tasks of the same group until it has
 * ended. Returns gsaw_task_status. */
GSAW_API gsaw_status gsaw_worker_join(gsaw_worker *self, gsaw_task *task);

/* Whether the task that this worker runs was cancelled, by itself or with its group or its pool.
 * Two loads. A task that gives up because of it returns GSAW_CANCELLED. */
GSAW_API bool gsaw_worker_is_cancelled(const gsaw_worker *self);

/* From begin to end the calling task may block for something outside (a file, a lock, a process):
 * meanwhile another thread takes its place, so that as many tasks run as the pool has workers. In
 * between no call on the pool. Nothing changes when the system gives no thread. */
GSAW_API void gsaw_worker_block_begin(gsaw_worker *self);
GSAW_API void gsaw_worker_block_end(gsaw_worker *self);

/* Name the calling task in the trace: copied, cut at 91 bytes. A task without a name is "task".
 * Without a trace nothing happens. */
GSAW_API void gsaw_worker_name_task(gsaw_worker *self, const char *name);

/* A span of one's own in the trace, within that of the calling task: begin returns what end wants.
 * The name is copied, cut at 91 bytes; `value` is shown with it. Without a trace nothing happens,
 * and no clock is read. */
GSAW_API uint64_t gsaw_worker_span_begin(const gsaw_worker *self);
GSAW_API void gsaw_worker_span_end(gsaw_worker *self, uint64_t begun, const char *name,
                                   uint64_t value);

/* The index of a worker in its pool, 0-based, stable while it lives. Any thread. */
GSAW_API uint32_t gsaw_worker_index(const gsaw_worker *self);

/* The pool of a worker. Any thread. */
GSAW_API gsaw_pool *gsaw_worker_pool(const gsaw_worker *self);

/* True when some worker of the pool has nothing to do: time to split a large task. A hint, of two
 * loads. */
GSAW_API bool gsaw_worker_is_wanted(const gsaw_worker *self);

/* ---- loops --------------------------------------------------------------------------------------
 */

/* What a loop does with the indices first to end - 1, one call at a time on each worker. */
typedef gsaw_status gsaw_range_function(gsaw_worker *worker, void *argument, size_t first,
                                        size_t end);

/* All-zero but for size and count means every default. */
typedef struct gsaw_for_options {
    size_t size;           /* sizeof(gsaw_for_options) */
    size_t count;          /* indices 0 to count - 1 */
    size_t grain;          /* indices of one call, at most; 0: as many as keep the workers even */
    const uint32_t *costs; /* of each index, in any unit; NULL: not known, taken as equal */
} gsaw_for_options;

/* Call `function` for all indices, in parallel, and return when every call has ended. The indices
 * are cut into ranges of about 1/128 of what each worker has to do, an index that costs more than
 * that into a range of its own; with costs the dearest range starts first, without them the lowest.
 * The first failure, or a cancel of the calling task, lets no further call begin. From outside or
 * from inside a task, which then takes part. Returns the first failure, else GSAW_CANCELLED or
 * GSAW_OK. Errors: those of the function, GSAW_NO_MEMORY, GSAW_INVALID (size, function),
 * GSAW_CLOSED. Source of the rule: Graham, Bounds on Multiprocessing Timing Anomalies, SIAM J.
 * Appl. Math. 17 (1969). */
GSAW_API gsaw_status gsaw_pool_for(gsaw_pool *self, const gsaw_for_options *options,
                                   gsaw_range_function *function, void *argument);

#ifdef __cplusplus
}
#endif

#endif
