/* pool.h - the inside of ThreadPool: the pool, its workers, and what the layers above may use
 * beyond task.h.
 *
 * Words: a job is a task with its group. A worker is a deque and the thread that owns it; workers
 * are made once, ended and started again by resize, and freed with the pool. The seat is the right
 * to act as worker 0 of a pool that has no threads. Hungry: a worker with nothing to do, searching
 * or parked.
 *
 * Keeps:   a worker that sleeps or has ended has an empty deque; so a job is in the queue, on top
 *          of some deque, or in the deque of a worker that is running a task and will come back to
 *          it.
 * Threads: each field tells.
 * Next:    README.md here, then worker.c (what a worker does), pool.c (the API), lifecycle.c
 *          (start, resize, shutdown) */
#ifndef GSAW_TASK_POOL_H
#define GSAW_TASK_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <gangsaw/task.h>

#include "base/thread.h"
#include "base/trace.h"
#include "task/deque.h"
#include "task/park.h"
#include "task/queue.h"
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
    gsaw_worker *outer;      /* of another pool, in whose task this thread waits for this pool */
    const gsaw_group *group; /* of the innermost task that runs; NULL: none */
    uint64_t random;         /* state of the generator that picks victims */
    uint32_t tick;           /* jobs fetched; every so often the queue comes first */
    bool is_searching;       /* counted in park.searching */
    gsaw__sleeper sleeper;   /* when it parks */
    gsaw__trace_ring trace;
    gsaw__counters counters; /* padded on its own */
    gsaw__thread thread;     /* under pool.control */
};

struct gsaw_pool {
    gsaw_pool_options options; /* constant; name is borrowed no longer */
    char name[16];             /* of the threads */
    gsaw__pool_starter *start; /* constant */
    uint32_t usable_cpus;      /* constant */
    pid_t pid;                 /* constant: of the process that made it */
    volatile char
        *fork_mark; /* constant: a page that is zero in a forked child; NULL: ask getpid */
    uint32_t ready; /* parts that exist: for free */

    gsaw__mutex control;      /* rank GSAW_RANK_POOL_RESIZE: workers come and go */
    _Atomic uint32_t live;    /* threads there are: workers 0 to live - 1; written under control */
    _Atomic uint32_t target;  /* workers from this index on are to end; written under control */
    _Atomic uint32_t made;    /* workers made; written under control */
    _Atomic uint32_t state;   /* enum gsaw__pool_state */
    _Atomic uint32_t seat;    /* 1: some thread acts as worker 0 of a pool without threads */
    _Atomic uint64_t spin_ns; /* how long to look for work before parking */
    _Atomic(gsaw_worker *) workers[GSAW_WORKERS_MAX]; /* [0, made) */

    gsaw__queue queue;
    gsaw__park park;
};

/* ---- for the layers above ---- */

/* gsaw_pool_new with a starter of threads. */
gsaw_status gsaw__pool_new_with(const gsaw_pool_options *options, gsaw__pool_starter *start,
                                gsaw_pool **out, gsaw_error *error);

/* The worker of this pool that the calling thread is, or NULL. Any thread. */
gsaw_worker *gsaw__pool_worker_here(const gsaw_pool *self);

/* gsaw_pool_submit from inside a task, whose worker is known: no search for it. */
gsaw_status gsaw__pool_submit_local(gsaw_worker *worker, gsaw_group *group, gsaw_task task);

/* The ring of worker `index`, NULL beyond gsaw_pool_worker_max. A task may record into that of its
 * own worker. To be read after gsaw_pool_shutdown, when no worker writes; lives as long as the
 * pool. */
gsaw__trace_ring *gsaw__pool_trace(const gsaw_pool *self, uint32_t index);

/* ---- between the files of this folder ---- */

/* worker.c: the life of a worker's thread; argument: the worker. */
void gsaw__worker_main(void *argument);

/* worker.c: make and free; NULL when memory is out. */
gsaw_worker *gsaw__worker_new(gsaw_pool *pool, uint32_t index);
void gsaw__worker_free(gsaw_worker *self);

/* worker.c: run tasks of the group until it has no pending task. The caller is the worker. */
void gsaw__worker_help(gsaw_worker *self, gsaw_group *group);

/* worker.c: act as this worker (the caller holds the seat): help the group, or with NULL run all
 * there is. */
void gsaw__worker_sit(gsaw_worker *self, gsaw_group *group);

/* worker.c: one pending task of the group has ended. The group may be gone on return. */
void gsaw__pool_end(gsaw_pool *self, gsaw_group *group);

/* worker.c: a job of this group was published: wake who is due. The group may be gone: its address
 * counts. */
void gsaw__pool_notify(gsaw_pool *self, const gsaw_group *group);

/* lifecycle.c: the seat. take: false when it is held or there are threads. */
bool gsaw__seat_take(gsaw_pool *self);
void gsaw__seat_release(gsaw_pool *self);
bool gsaw__seat_is_free(const gsaw_pool *self);

/* lifecycle.c: start workers [live, workers) under control; stops at the first that cannot be had.
 */
gsaw_status gsaw__pool_grow(gsaw_pool *self, uint32_t workers, gsaw_error *error);

/* pool.c: this process is a child of the one that made the pool. */
bool gsaw__pool_is_forked(const gsaw_pool *self);

#endif
