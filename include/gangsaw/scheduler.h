/* gangsaw/scheduler.h - TaskScheduler: tasks with names, dependencies, priorities, memory,
 * deadlines and retries, scheduled at any time, from anywhere, on a pool. For tasks of microseconds
 * and more; gangsaw/graph.h and gangsaw/pool.h are for those of nanoseconds.
 *
 *     gsaw_scheduler *scheduler;
 *     gsaw_scheduler_new(NULL, &scheduler, &error);
 *     const char *compiled[] = {"a.o", "b.o"};
 *     gsaw_task_definition tasks[] = {
 *         {.id = "link", .function = link_all, .depends = compiled, .depends_count = 2},
 *         {.id = "a.o", .function = compile, .argument = "a.c"},
 *         {.id = "b.o", .function = compile, .argument = "b.c", .priority = 5},
 *     };
 *     gsaw_scheduler_schedule_batch(scheduler, tasks, 3, NULL, &error);
 *     gsaw_scheduler_wait_all(scheduler, GSAW_NO_DEADLINE, &error);
 *     gsaw_scheduler_free(scheduler);
 *
 * Order: of the tasks that are ready, the one with the highest effective priority starts first, the
 * oldest first among equals. The effective priority of a task is the highest of its own, of those
 * that wait for it (through any number of tasks) and of those of callers that wait for it, and it
 * never falls. In a batch with dependencies, the tasks on the longest way by cost from a start to
 * an end have `critical_path_priority` more, which is not inherited. No ready task is overtaken for
 * ever: one that became ready `overtakes_max` picks ago is next.
 *
 * A function must not end its thread. After fork(2) the scheduler is of no use to the child: calls
 * return GSAW_CLOSED or nothing. */
#ifndef GANGSAW_SCHEDULER_H
#define GANGSAW_SCHEDULER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gangsaw/pool.h>
#include <gangsaw/sync.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gsaw_scheduler gsaw_scheduler; /* opaque */
typedef struct gsaw_context gsaw_context;     /* of a task that runs: opaque */
typedef struct gsaw_queue gsaw_queue;         /* TaskQueue: opaque */

/* A task of one scheduler; 0 is none. Stays valid until the task is forgotten; then calls with it
 * return GSAW_NOT_FOUND, however often its place is used again. */
typedef uint64_t gsaw_handle;

#define GSAW_NO_DEADLINE UINT64_MAX

/* ---- TaskDefinition -----------------------------------------------------------------------------
 */

/* What a task does. GSAW_OK is success; GSAW_CANCELLED after a cancel ends it as cancelled;
 * anything else is a failure, and is tried again if retries are left. May block if it says so to
 * the pool (gsaw_worker_block_begin), may schedule, and may wait for tasks that do not depend on
 * it. */
typedef gsaw_status gsaw_scheduled_function(gsaw_context *context, void *argument);

/* All-zero but for the function is a valid definition. Everything is copied, but for argument. */
typedef struct gsaw_task_definition {
    const char
        *id; /* unlike all others that are not forgotten; NULL: a UUID is made if asked for */
    gsaw_scheduled_function *function;
    void *argument;             /* borrowed until the task has ended */
    const char *const *depends; /* ids of tasks that must be done before; in the same batch in any
                                   order; twice the same counts once */
    size_t depends_count;
    const gsaw_handle *after; /* the same by handle */
    size_t after_count;
    int32_t priority;        /* higher first; -1,000,000 to 1,000,000 */
    uint32_t cost;           /* estimate, in any unit; 0 counts as 1 */
    uint64_t memory;         /* estimated bytes: it starts when they fit; 0: not counted */
    const char *kind;        /* what gsaw_context_report_memory says of one task corrects the
                                estimates of those of the same kind; NULL: of none */
    uint32_t retries;        /* how often it may be tried again, at most 65,535 */
    uint64_t backoff_ns;     /* before the first retry; doubled for each further one */
    uint64_t backoff_max_ns; /* at most; 0: one minute */
    uint64_t deadline_ns;    /* CLOCK_MONOTONIC: if it has not started by then it never does and
                                fails with GSAW_TIMEOUT; if it runs it is asked to stop, and the
                                same if it gives up then (GSAW_CANCELLED); 0: none */
    uint32_t affinity;       /* the worker it would like, counted from 1; 0: any. A hint */
    bool may_come_later;     /* ids in `depends` that are not known yet are waited for */
} gsaw_task_definition;

/* ---- TaskResult ---------------------------------------------------------------------------------
 */

typedef struct gsaw_task_result {
    gsaw_handle handle;
    const char *id; /* NULL: it has none. View, as text: until the task is forgotten */
    gsaw_task_state state;
    gsaw_status status;   /* GSAW_OK, GSAW_AGAIN while it has not ended, the failure, or
                             GSAW_CANCELLED of cancelled and skipped ones */
    const char *text;     /* what went wrong, for people; "" if nothing was said, or not ended */
    void *value;          /* of gsaw_context_set_value in the last attempt; NULL while it has not
                             ended; the scheduler's until it is taken */
    gsaw_handle cause;    /* of a skipped one: the task that failed or was cancelled */
    const char *cause_id; /* its id; NULL: it has none, or is forgotten */
    uint32_t worker;      /* that ran it last; UINT32_MAX: none did */
    uint32_t attempts;    /* times it was started */
    uint64_t queued_ns;   /* CLOCK_MONOTONIC, when it was scheduled, with options.times; else 0 */
    uint64_t started_ns;  /* when it was started last, the same */
    uint64_t finished_ns; /* when it ended, the same */
} gsaw_task_result;

/* ---- the scheduler ------------------------------------------------------------------------------
 */

/* All-zero but for size means every default. */
typedef struct gsaw_scheduler_options {
    size_t size;                     /* sizeof(gsaw_scheduler_options) */
    const gsaw_allocator *allocator; /* NULL: malloc */
    gsaw_pool *pool;                 /* borrowed, outlives the scheduler: for a trace, or pinned
                                        workers; NULL: one of its own. A shutdown of it cancels what
                                        it has not started */
    uint32_t workers;                /* of its own pool; 0: the CPUs this process may use */
    int32_t critical_path_priority;  /* 0: the default of 10; -1: none */
    uint32_t overtakes_max;          /* 0: the default of 1,000 */
    uint64_t tasks_max;              /* not ended (max_tasks_in_flight): schedule waits; 0: any */
    uint64_t memory_max;             /* bytes; 0: by percent alone */
    uint32_t memory_percent;         /* of what this process may use (RAM, cgroup v1 and v2), 1 to
                                        100; 0 with memory_max 0: no gate */
    bool fail_fast; /* the first failure cancels what has not started; else what does not depend on
                       it goes on */
    bool forget;    /* tasks are forgotten as soon as they have ended: only for those who do not ask
                       for results. What waits for a task keeps it */
    bool times;     /* take the times of the results: some 40 ns a reading */
    uint64_t seed;  /* of UUIDs; 0: from the system */
    gsaw_progress *progress; /* borrowed; counts tasks, shard 0 under the scheduler's lock */
} gsaw_scheduler_options;

/* Tasks by state. submitted = the sum of all but rejected; submitted is counted from new on, so
 * forgotten ones stay counted. */
typedef struct gsaw_scheduler_counts {
    uint64_t submitted, rejected; /* rejected: definitions that schedule refused */
    uint64_t waiting, queued, running, done, failed, cancelled, skipped;
    uint64_t announced; /* ids that are waited for and have not come; not in submitted */
    uint64_t memory;    /* bytes that running tasks were admitted with */
} gsaw_scheduler_counts;

/* A scheduler, with a pool of its own unless one is given. options NULL: defaults. Errors:
 * GSAW_NO_MEMORY, GSAW_INVALID (size), GSAW_RANGE. */
GSAW_API gsaw_status gsaw_scheduler_new(const gsaw_scheduler_options *options, gsaw_scheduler **out,
                                        gsaw_error *error);

/* Shut down (drain) and free, values not taken included. NULL is allowed. Not from inside a task.
 */
GSAW_API void gsaw_scheduler_free(gsaw_scheduler *self);

/* The pool that it runs on. Any thread. */
GSAW_API gsaw_pool *gsaw_scheduler_pool(const gsaw_scheduler *self);

/* Schedule a task, or `count` tasks: all, or none and an error that names the task. They may begin
 * before the call returns. handles: count of them, or NULL. From any thread, tasks included; waits
 * while tasks_max are in flight, but never inside a task of the pool, and not when all of those
 * wait for tasks that were announced; a batch that is larger than that waits until nothing is in
 * flight. Linear in tasks and dependencies. Errors: GSAW_INVALID (no function; a cycle, named
 * "cycle: a -> b -> a"), GSAW_EXISTS (the id), GSAW_NOT_FOUND (a dependency), GSAW_RANGE,
 * GSAW_CLOSED, GSAW_NO_MEMORY, GSAW_LIMIT (no thread for timers). A dependency that has ended
 * already counts as it ended. */
GSAW_API gsaw_status gsaw_scheduler_schedule(gsaw_scheduler *self,
                                             const gsaw_task_definition *definition,
                                             gsaw_handle *out, gsaw_error *error);
GSAW_API gsaw_status gsaw_scheduler_schedule_batch(gsaw_scheduler *self,
                                                   const gsaw_task_definition *definitions,
                                                   size_t count, gsaw_handle *handles,
                                                   gsaw_error *error);

/* As schedule_batch, but GSAW_AGAIN instead of waiting for room. */
GSAW_API gsaw_status gsaw_scheduler_try_schedule(gsaw_scheduler *self,
                                                 const gsaw_task_definition *definitions,
                                                 size_t count, gsaw_handle *handles,
                                                 gsaw_error *error);

/* Cancel a task. One that has not started never will; one that runs is asked to stop; for one that
 * has ended nothing changes. What depends on it ends as cancelled with `dependants`, else as
 * skipped. *never_started (may be NULL): it is certain never to start (again). Linearizable.
 * Errors: GSAW_NOT_FOUND. Any thread. */
GSAW_API gsaw_status gsaw_scheduler_cancel(gsaw_scheduler *self, gsaw_handle task, bool dependants,
                                           bool *never_started);

/* The same for all tasks there are. Any thread. */
GSAW_API void gsaw_scheduler_cancel_all(gsaw_scheduler *self);

/* Wait until the task, one of the tasks, or all of the tasks have ended, or deadline_ns
 * (CLOCK_MONOTONIC) is past: GSAW_TIMEOUT. From inside a task the wait runs what it waits for, and
 * what that waits for, and nothing else; when there is nothing of that to run, another thread takes
 * the place of the one that waits. A task that cannot end before the caller does, as it depends on
 * it or waits for it, is refused: GSAW_INVALID, the cycle named. Returns GSAW_OK when they have
 * ended, however. Errors: GSAW_NOT_FOUND, GSAW_CLOSED (forked). *which (may be NULL): the index of
 * one that has ended, the lowest. */
GSAW_API gsaw_status gsaw_scheduler_wait(gsaw_scheduler *self, gsaw_handle task,
                                         uint64_t deadline_ns, gsaw_error *error);
GSAW_API gsaw_status gsaw_scheduler_wait_any(gsaw_scheduler *self, const gsaw_handle *tasks,
                                             size_t count, uint64_t deadline_ns, size_t *which);
GSAW_API gsaw_status gsaw_scheduler_wait_these(gsaw_scheduler *self, const gsaw_handle *tasks,
                                               size_t count, uint64_t deadline_ns,
                                               gsaw_error *error);

/* Wait until every task has ended. Not from inside a task (GSAW_INVALID). GSAW_NOT_FOUND when all
 * that is left waits for tasks that were announced (may_come_later) and have not come, as a
 * dependency or, while it runs, in a wait without a deadline: the text names them. Else GSAW_OK,
 * GSAW_TIMEOUT or GSAW_CLOSED (forked). */
GSAW_API gsaw_status gsaw_scheduler_wait_all(gsaw_scheduler *self, uint64_t deadline_ns,
                                             gsaw_error *error);

/* The task with this id; 0: none. Any thread. */
GSAW_API gsaw_handle gsaw_scheduler_find(gsaw_scheduler *self, const char *id);

/* The id of a task, made (a version 4 UUID, RFC 9562) if it has none. View: until the task is
 * forgotten. NULL: no such task, or no memory. Any thread. */
GSAW_API const char *gsaw_scheduler_id(gsaw_scheduler *self, gsaw_handle task);

/* The state of a task now; GSAW_NOT_FOUND. Any thread. */
GSAW_API gsaw_status gsaw_scheduler_get_status(gsaw_scheduler *self, gsaw_handle task,
                                               gsaw_task_state *out);

/* What is known of a task, ended or not; GSAW_NOT_FOUND. Any thread. */
GSAW_API gsaw_status gsaw_scheduler_result(gsaw_scheduler *self, gsaw_handle task,
                                           gsaw_task_result *out);

/* Take over the value of a task that has ended: it is the caller's then, and NULL from now on.
 * Errors: GSAW_NOT_FOUND, GSAW_AGAIN (it has not ended). Any thread. */
GSAW_API gsaw_status gsaw_scheduler_take_value(gsaw_scheduler *self, gsaw_handle task, void **out);

/* Give up a task: when it has ended (at once, if it has) its value is destroyed, its id may be used
 * again and its handle is of none. Errors: GSAW_NOT_FOUND. Any thread. */
GSAW_API gsaw_status gsaw_scheduler_forget(gsaw_scheduler *self, gsaw_handle task);

/* Raise the priority of a task that has not started, and with it that of what it waits for; a lower
 * one than it has changes nothing. Errors: GSAW_NOT_FOUND, GSAW_RANGE. Any thread. */
GSAW_API gsaw_status gsaw_scheduler_raise(gsaw_scheduler *self, gsaw_handle task, int32_t priority);

/* How many tasks are in which state, all at one moment. Any thread. */
GSAW_API void gsaw_scheduler_count(gsaw_scheduler *self, gsaw_scheduler_counts *out);

/* How a shutdown treats what has not started. */
typedef enum gsaw_shutdown {
    GSAW_SHUTDOWN_DRAIN, /* it is run, and what those tasks schedule; but for what waits for tasks
                            that were announced and have not come: that is cancelled */
    GSAW_SHUTDOWN_CANCEL /* it is cancelled, and what runs is asked to stop */
} gsaw_shutdown;

/* Stop: later calls of schedule from outside are GSAW_CLOSED. Waits until all has ended: GSAW_OK;
 * or until deadline_ns is past: then all that has not started is cancelled, what runs is asked to
 * stop, and the text of GSAW_TIMEOUT names tasks that do not end (gsaw_scheduler_running has them
 * all). May be called again. Not from inside a task (GSAW_INVALID). */
GSAW_API gsaw_status gsaw_scheduler_shutdown(gsaw_scheduler *self, gsaw_shutdown how,
                                             uint64_t deadline_ns, gsaw_error *error);

/* Tasks that run now: up to `room` to `out`; returns how many there are. Any thread. */
GSAW_API size_t gsaw_scheduler_running(gsaw_scheduler *self, gsaw_handle *out, size_t room);

/* ---- inside a task ------------------------------------------------------------------------------
 */

/* Of the task that runs; only during its call, in the same thread but for is_cancelled. */
GSAW_API gsaw_scheduler *gsaw_context_scheduler(const gsaw_context *self);
GSAW_API gsaw_worker *gsaw_context_worker(const gsaw_context *self);
GSAW_API gsaw_handle gsaw_context_handle(const gsaw_context *self);
GSAW_API uint32_t gsaw_context_attempt(const gsaw_context *self); /* from 1 */

/* Whether the task was asked to stop: by cancel, its deadline, or shutdown. One load; any thread.
 */
GSAW_API bool gsaw_context_is_cancelled(const gsaw_context *self);

/* The result: `value` is the scheduler's from now on, who calls `destroy` (may be NULL) with it
 * unless somebody takes it. A further call, or a further attempt, replaces it, by none if it sets
 * none. */
GSAW_API void gsaw_context_set_value(gsaw_context *self, void *value, void (*destroy)(void *));

/* Say what went wrong: kept for the result, cut at 200 bytes. Returns `status`, so that a function
 * can end with it. */
GSAW_API gsaw_status gsaw_context_fail(gsaw_context *self, gsaw_status status, const char *format,
                                       ...) GSAW_PRINTF(3, 4);

/* Tell the most memory that the task has used so far: estimates of its kind follow. */
GSAW_API void gsaw_context_report_memory(gsaw_context *self, uint64_t bytes);

/* ---- TaskQueue ----------------------------------------------------------------------------------
 */

/* A bounded queue: the highest priority first, the oldest first among equals. `capacity` 0: none
 * but memory. push, pop and remove take logarithmic time, push of what is not better than what is
 * there constant. Thread-safe. Errors: GSAW_NO_MEMORY, GSAW_RANGE. */
GSAW_API gsaw_status gsaw_queue_new(const gsaw_allocator *allocator, uint32_t capacity,
                                    gsaw_queue **out, gsaw_error *error);

/* Free; the items are the caller's. NULL is allowed. */
GSAW_API void gsaw_queue_free(gsaw_queue *self);

/* Put an item in; *ticket (may be NULL) is for remove. GSAW_AGAIN when it is full, GSAW_NO_MEMORY.
 */
GSAW_API gsaw_status gsaw_queue_push(gsaw_queue *self, void *item, int32_t priority,
                                     uint64_t *ticket);

/* Take out the best item, or only look at it. False when it is empty. */
GSAW_API bool gsaw_queue_pop(gsaw_queue *self, void **out);
GSAW_API bool gsaw_queue_peek(gsaw_queue *self, void **out);

/* Take out the item that this ticket was given for. False when it is not in the queue any more. */
GSAW_API bool gsaw_queue_remove(gsaw_queue *self, uint64_t ticket, void **out);

/* How many items there are. */
GSAW_API size_t gsaw_queue_size(gsaw_queue *self);

#ifdef __cplusplus
}
#endif

#endif
