/* pool.h - the inside of ThreadPool: the pool, its workers, and what the layers above may use
 * beyond the public header.
 *
 * Words: a job is a task, or a node of a graph, with its group. A worker is a deque and the thread
 * that owns it; workers are made once, ended and started again by resize, and freed with the pool.
 * The seat is the right to act as worker 0 of a pool that has no threads. Hungry: a worker with
 * nothing to do, searching or parked. Credit: pending counts of a group that a worker holds, of
 * tasks that have ended or are still to come.
 *
 * Keeps:   a worker that sleeps or has ended has an empty deque; so a job is in the inbox, on top
 *          of some deque, or in the deque of a worker that is running a task and will come back.
 *          A worker in a task holds credit of that task's group alone, which cannot end before.
 * Threads: each field tells.
 * Next:    README.md here, then run.h (how a task is run), worker.c (what a worker does), pool.c
 *          (the API), lifecycle.c (start, resize, shutdown) */
#ifndef GSAW_TASK_POOL_H
#define GSAW_TASK_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <gangsaw/pool.h>

#include "base/thread.h"
#include "base/trace.h"
#include "task/deque.h"
#include "task/inbox.h"
#include "task/park.h"
#include "task/slab.h"
#include "task/stats.h"

/* How far a pool is: only ever rises. */
enum gsaw__pool_state {
    GSAW_POOL_OPEN,
    GSAW_POOL_DRAIN, /* shutting down: run what is queued; submissions from tasks alone */
    GSAW_POOL_STOP,  /* all was found at rest: workers end when they find nothing */
    GSAW_POOL_DROP   /* shutting down: jobs are ended without being run; workers end as in STOP */
};

/* Starts the thread of a worker: gsaw__thread_start, or a test's own that fails at will. */
typedef gsaw_status gsaw__pool_starter(gsaw__thread *thread, const gsaw__thread_options *options,
                                       gsaw_error *error);

struct gsaw_worker {
    gsaw_pool *pool;
    uint32_t index;
    gsaw__deque deque; /* padded on its own */
    /* The rest is the owner's: the thread that runs, or holds the seat. */
    gsaw_worker *outer;       /* of another pool, in whose task this thread waits for this pool */
    gsaw_group *group;        /* of the innermost task that runs; NULL: none */
    _Atomic uint32_t *token;  /* its word with GSAW_TASK_CANCEL; NULL: none */
    gsaw_group *credit_group; /* whose credit this is; NULL: none */
    uint64_t credit;
    uint64_t random;   /* state of the generator that picks victims */
    uint32_t tick;     /* jobs fetched; every so often the inbox comes first */
    bool is_searching; /* counted in park.searching */
    bool is_blocked;   /* between block_begin and block_end, and counted */
    bool is_own;       /* the task that is about to end is the library's: nobody counts it */
    gsaw__magazine spare;
    gsaw__sleeper sleeper; /* when it parks */
    gsaw__trace_ring trace;
    gsaw__counters counters; /* padded on its own */
    /* The outermost task that runs, for those who ask what it is stuck in. */
    _Atomic(gsaw_task_function *) function; /* NULL: none */
    _Atomic(void *) argument;
    gsaw__thread thread; /* under pool.control */
};

struct gsaw_pool {
    gsaw_pool_options options; /* constant; name is borrowed no longer */
    char name[16];             /* of the threads */
    gsaw__pool_starter *start; /* constant */
    uint32_t usable_cpus;      /* constant */
    pid_t pid;                 /* constant: of the process that made it */
    uint64_t start_ns;         /* constant: origin of the trace's times */
    volatile char
        *fork_mark; /* constant: a page that is zero in a forked child; NULL: ask getpid */
    uint32_t ready; /* parts that exist: for free */

    gsaw__mutex control;      /* rank GSAW_RANK_POOL_RESIZE: workers come and go */
    _Atomic uint32_t live;    /* threads there are: workers 0 to live - 1; written under control */
    _Atomic uint32_t target;  /* workers from this index on are to end; written under control */
    _Atomic uint32_t wanted;  /* workers asked for, of new or resize; written under control */
    _Atomic uint32_t made;    /* workers made; written under control */
    _Atomic uint32_t blocked; /* workers in blocking sections; that many more may run */
    _Atomic uint32_t ended;   /* threads that will not touch the pool again */
    _Atomic uint32_t state;   /* enum gsaw__pool_state */
    _Atomic uint32_t seat;    /* 1: some thread acts as worker 0 of a pool without threads */
    _Atomic uint64_t spin_ns; /* how long to look for work before parking */
    _Atomic(gsaw_worker *) workers[GSAW_WORKERS_MAX]; /* [0, made) */

    gsaw__inbox inbox;
    gsaw__park park;
    gsaw__depot depot;
    char padding_flight[GSAW_SEPARATION];
    _Atomic uint64_t in_flight; /* tasks submitted and not ended; only with options.tasks_max */
};

/* ---- for the layers above ---- */

/* gsaw_pool_new with a starter of threads. */
gsaw_status gsaw__pool_new_with(const gsaw_pool_options *options, gsaw__pool_starter *start,
                                gsaw_pool **out, gsaw_error *error);

/* gsaw_pool_new, but with one thread; the others are started one by one, by hire. For work of which
 * it is not known yet whether it is worth a second thread. */
gsaw_status gsaw__pool_new_lazy(const gsaw_pool_options *options, gsaw_pool **out,
                                gsaw_error *error);

/* Start one more of the threads that were asked for: some 50 us. GSAW_AGAIN: there are all, or
 * another thread is being started. Errors: GSAW_LIMIT (the system gives no more), GSAW_NO_MEMORY.
 * Any thread, tasks of the pool included; never blocks. */
gsaw_status gsaw__pool_hire(gsaw_pool *self);

/* Worker indices are below this, of those too that are still to be hired. Any thread. */
uint32_t gsaw__pool_room(const gsaw_pool *self);

/* The worker of this pool that the calling thread is, or NULL. Any thread. */
gsaw_worker *gsaw__pool_worker_here(const gsaw_pool *self);

/* gsaw_pool_submit (with may_block) or gsaw_pool_try_submit of a task whose function is called even
 * if the pool drops what has not started, so that it can tell those who count on it. */
gsaw_status gsaw__pool_submit_always(gsaw_pool *self, gsaw_group *group, gsaw_task *task,
                                     bool may_block);

/* Whether the pool drops what has not started. A hint. */
bool gsaw__pool_is_dropping(const gsaw_pool *self);

/* gsaw_pool_spawn from inside a task, whose worker is known: no search for it. */
gsaw_status gsaw__pool_spawn_local(gsaw_worker *worker, gsaw_group *group,
                                   gsaw_task_function *function, void *argument, uint64_t value);

/* The ring of worker `index`, NULL beyond gsaw_pool_worker_max. A task may record into that of its
 * own worker. To be read after gsaw_pool_shutdown, when no worker writes; lives as long as the
 * pool. */
gsaw__trace_ring *gsaw__pool_trace(const gsaw_pool *self, uint32_t index);

/* pool.c: count `count` more as pending in the group, tasks or whatever else its waiters wait for.
 */
void gsaw__pool_begin(gsaw_group *group, uint64_t count);

/* worker.c: `count` of what is pending in the group has ended. The group may be gone on return. */
void gsaw__pool_end(gsaw_pool *self, gsaw_group *group, uint64_t count);

/* pool.c: gsaw_pool_new, but no thread is started before gsaw_pool_resize: until then those who
 * wait run the tasks. */
gsaw_status gsaw__pool_new_seat(const gsaw_pool_options *options, gsaw_pool **out,
                                gsaw_error *error);

/* ---- between the files of this folder ---- */

/* What a thread waits for. */
typedef struct gsaw__wait {
    gsaw_group *group;     /* whose tasks it helps with; done when it has none pending */
    const gsaw_task *task; /* if not NULL: done when this one, forked, has ended */
    uint64_t deadline_ns;  /* GSAW_PARK_FOREVER: none */
} gsaw__wait;

/* worker.c: the life of a worker's thread; argument: the worker. */
void gsaw__worker_main(void *argument);

/* worker.c: make and free; NULL when memory is out. */
gsaw_worker *gsaw__worker_new(gsaw_pool *pool, uint32_t index);
void gsaw__worker_free(gsaw_worker *self);

/* worker.c: run tasks of the group until it is done, or the deadline has passed: false then. The
 * caller is the worker. */
bool gsaw__worker_help(gsaw_worker *self, const gsaw__wait *wait);

/* worker.c: act as this worker (the caller holds the seat): help, or with NULL run all there is.
 * False when a deadline has passed. */
bool gsaw__worker_sit(gsaw_worker *self, const gsaw__wait *wait);

/* worker.c: put a job where all workers find it: on top of the own deque or, failing that, into the
 * inbox; wake who is due. The job may have run, and its group be gone, on return. */
void gsaw__worker_push(gsaw_worker *self, gsaw__job job);

/* worker.c: move all jobs of the own deque to the inbox, oldest first. */
void gsaw__worker_hand_over(gsaw_worker *self);

/* worker.c: a job of this group was published: wake who is due. The group may be gone: its address
 * counts. */
void gsaw__pool_notify(gsaw_pool *self, const gsaw_group *group);

/* graph.c: run a node, and what it makes ready for as long as that is one by one. */
void gsaw__graph_run(gsaw_worker *worker, gsaw_group *group, uint32_t node);

/* graph.c: keep a node that is ready where any worker finds it. */
void gsaw__graph_put_back(gsaw_pool *pool, gsaw_group *group, uint32_t node);

/* lifecycle.c: the seat. take: false when it is held or there are threads. */
bool gsaw__seat_take(gsaw_pool *self);
void gsaw__seat_release(gsaw_pool *self);
bool gsaw__seat_is_free(const gsaw_pool *self);

/* lifecycle.c: start workers [live, workers) under control; stops at the first that cannot be had.
 */
gsaw_status gsaw__pool_grow(gsaw_pool *self, uint32_t workers, gsaw_error *error);

/* lifecycle.c: start threads in place of those that block, after control was held. */
void gsaw__pool_make_up(gsaw_pool *self);

/* pool.c: tasks that were in flight are not any more; only with options.tasks_max. */
void gsaw__leave_flight(gsaw_pool *self, uint64_t count);

/* pool.c: this process is a child of the one that made the pool. */
bool gsaw__pool_is_forked(const gsaw_pool *self);

#endif
