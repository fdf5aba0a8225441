/* scheduler.h - TaskScheduler inside: records of tasks, edges between them, and who is ready.
 * Keeps:   all is under one lock but a running task's flag to stop. A record is in `ready` or
 *          in `held` exactly while its state is QUEUED; `waits` counts its dependencies that have
 *          not ended; an edge's `before` is GSAW_NONE once that has ended.
 * Threads: functions here want the lock held, unless they say otherwise.
 * Next:    record.c (storage), batch.c (scheduling), end.c (states), executor.c (running), wait.c
 *          (waiting, shutdown), timers.c (deadlines, retries), scheduler.c (new, free, questions)
 */
#ifndef GSAW_TASK_SCHEDULER_H
#define GSAW_TASK_SCHEDULER_H

#include <gangsaw/scheduler.h>

#include "base/array.h"
#include "base/blocks.h"
#include "base/map.h"
#include "base/thread.h"
#include "task/gate.h"
#include "task/pool.h"
#include "task/queue.h"

#define GSAW_TEXT_SIZE 201 /* of what a task says went wrong */

enum gsaw__record_flag {
    GSAW_RECORD_ANNOUNCED = 1, /* waited for by id, not scheduled yet: state NEW */
    GSAW_RECORD_FORGOTTEN = 2, /* its place is used again when it has ended */
    GSAW_RECORD_STOP = 4,      /* it was cancelled while running */
    GSAW_RECORD_LATE = 8,      /* its deadline is past */
    GSAW_RECORD_HELD = 16,     /* QUEUED, in `held` */
    GSAW_RECORD_ADMITTED = 32, /* it holds memory of the gate */
    GSAW_RECORD_RETRYING = 64, /* WAITING for the time of its next attempt */
    GSAW_RECORD_CANCELS = 128  /* with STOP: what depends on it is cancelled with it */
};

/* A task, as far as all tasks go: 120 bytes. */
typedef struct gsaw__record {
    gsaw_scheduled_function *function;
    void *argument;
    void *value;
    void (*destroy)(void *);
    gsaw_context *context; /* while it runs */
    gsaw_handle cause;     /* of a skipped one */
    uint64_t sequence;     /* order of arrival */
    uint64_t ready_at;     /* picks when it became ready; while unready: scratch of searches */
    uint32_t generation;   /* of the handle; odd while in use */
    int32_t priority;      /* effective, but for what the critical path has more */
    uint32_t waits;
    uint32_t dependants, dependencies; /* lists of edges, from 1; 0: none */
    uint32_t slot;                     /* in ready or held */
    uint32_t next, previous; /* QUEUED: by ready_at. next: in lists of end.c, of the free */
    uint32_t mark;           /* the search that has seen it */
    uint32_t cold;           /* from 1; 0: nothing out of the ordinary */
    uint32_t waiters;        /* threads that wait for it */
    uint16_t attempts, worker, affinity;
    uint8_t state, status, flags;
    bool is_critical; /* on the critical path of its batch */
} gsaw__record;

/* What few tasks have: 104 bytes. */
typedef struct gsaw__cold {
    char *id;   /* owned; NULL: none */
    char *text; /* owned, id_size and text_size with the zero byte; NULL: none */
    uint64_t deadline_ns, backoff_ns, backoff_max_ns; /* 0: none */
    uint64_t memory;                                  /* estimated */
    uint64_t admitted;                                /* bytes it holds of the gate */
    uint64_t queued_ns, started_ns, finished_ns;
    uint32_t id_size, text_size;
    uint32_t kind; /* in kinds; GSAW_NONE */
    uint32_t cost;
    uint32_t deadline_slot, retry_slot; /* in timers, or GSAW_SLOT_NONE */
    uint16_t retries;
    uint32_t next; /* in the list of the free */
} gsaw__cold;

/* `after` waits for `before`. */
typedef struct gsaw__link {
    uint32_t before, after;
    uint32_t next_dependant;  /* of before; in the list of the free */
    uint32_t next_dependency; /* of after */
} gsaw__link;

/* A pool task that runs records; its storage lives until the scheduler is freed. */
typedef struct gsaw__driver {
    gsaw_task task;
    gsaw_scheduler *scheduler;
    struct gsaw__driver *next; /* in the list of the free */
    struct gsaw__driver *all;  /* in the list of all */
} gsaw__driver;

/* Memory that tasks of a kind used, to what they were estimated at. */
typedef struct gsaw__kind {
    double ratio;
} gsaw__kind;

struct gsaw_context {
    gsaw_scheduler *scheduler;
    gsaw_worker *worker;
    gsaw_handle handle;
    uint32_t record;
    uint32_t attempt;
    _Atomic bool stop;
    gsaw_context *outer;           /* beneath it on the same worker, of this scheduler */
    gsaw_context *next, *previous; /* all that run */
    const gsaw_handle *awaited;    /* what it waits for now; NULL: nothing */
    size_t awaited_count;
    bool awaits_any; /* one of them is enough */
    void *value;
    void (*destroy)(void *);
    uint64_t memory;
    char text[GSAW_TEXT_SIZE];
};

enum gsaw__scheduler_state { GSAW_SCHEDULER_OPEN, GSAW_SCHEDULER_DRAIN, GSAW_SCHEDULER_CANCEL };

struct gsaw_scheduler {
    gsaw_scheduler_options options; /* constant, defaults filled in */
    gsaw_pool *pool;                /* constant */
    bool owns_pool;                 /* constant */
    uint32_t parts;                 /* that exist: for free */
    gsaw__mutex lock;               /* rank GSAW_RANK_GRAPH: all that follows */
    gsaw__condition ended;          /* something that is waited for has ended, or nothing can */
    gsaw__condition room;           /* tasks_max allows more */
    uint32_t helpers;               /* of those on `ended`: tasks, that could run something */
    uint32_t asleep;                /* running tasks that cannot go on until something ends */
    uint32_t state;                 /* enum gsaw__scheduler_state */

    gsaw__blocks records;                          /* of gsaw__record; numbers from 0 */
    gsaw__blocks colds;                            /* of gsaw__cold */
    gsaw__blocks links;                            /* of gsaw__link */
    uint32_t record_count, cold_count, link_count; /* ever made */
    uint32_t free_record, free_cold, free_link;    /* lists, from 1 */
    uint32_t mark;                                 /* of the last search */
    gsaw__map ids;                                 /* id to record */
    gsaw__interner kind_names;
    GSAW_ARRAY(gsaw__kind) kinds;
    uint64_t random[2]; /* of the halves of UUIDs */

    gsaw__queue ready, held;          /* by effective priority, then sequence */
    uint32_t ready_first, ready_last; /* both, by when they became ready; from 1 */
    uint64_t sequence, picks;
    gsaw__gate gate;
    bool has_gate;
    bool has_freed; /* memory came free since a driver last looked */
    uint64_t counts[GSAW_TASK_STATE_COUNT];
    uint64_t submitted, rejected, announced, retrying, in_use;

    gsaw_group group; /* of the drivers */
    gsaw__driver *free_driver, *all_drivers;
    uint32_t standby; /* drivers submitted that have not begun */
    gsaw_context *running;
    gsaw_context *innermost[GSAW_WORKERS_MAX]; /* by worker */

    gsaw__queue timers; /* by time */
    gsaw__thread timer;
    gsaw__condition timer_due;
    bool has_timer, timer_ends;
};

/* ---- record.c: storage ---- */

/* The record with this number. */
static inline gsaw__record *gsaw__record_at(const gsaw_scheduler *self, uint32_t number)
{
    return gsaw__blocks_at(&self->records, number, sizeof(gsaw__record));
}

/* The cold part of a record that has one. */
static inline gsaw__cold *gsaw__cold_at(const gsaw_scheduler *self, const gsaw__record *record)
{
    return gsaw__blocks_at(&self->colds, record->cold - 1, sizeof(gsaw__cold));
}

/* A link by its number, from 1. */
static inline gsaw__link *gsaw__link_at(const gsaw_scheduler *self, uint32_t link)
{
    return gsaw__blocks_at(&self->links, link - 1, sizeof(gsaw__link));
}

/* A new record, NEW, with no function; GSAW_NONE when memory is out. Others may move. */
uint32_t gsaw__record_new(gsaw_scheduler *self);

/* Give a record's place, its cold part and its links back. Its value must be gone. */
void gsaw__record_free(gsaw_scheduler *self, uint32_t number);

/* A record that was forgotten and has ended: its id may be used again at once, its place when
 * nobody waits for it and nothing that it waited for leads to it any more. May be said again. */
void gsaw__record_release(gsaw_scheduler *self, uint32_t number);

/* The cold part, made if there is none; NULL when memory is out. Other colds may move. */
gsaw__cold *gsaw__record_cold(gsaw_scheduler *self, uint32_t number);

/* Let a task have this id, which nobody has. False when memory is out. */
bool gsaw__record_set_id(gsaw_scheduler *self, uint32_t number, const char *id, size_t size);

/* Its id, made up if it has none; NULL when memory is out. */
const char *gsaw__record_id(gsaw_scheduler *self, uint32_t number);

/* For messages: its id, or its place in numbers. `room` is for those; returns what to print. */
const char *gsaw__record_name(const gsaw_scheduler *self, uint32_t number, char room[24]);

/* Keep a text with the record, "" for none; without memory it is lost. */
void gsaw__record_set_text(gsaw_scheduler *self, uint32_t number, const char *text);

/* Let `after` wait for `before`. False when memory is out. */
bool gsaw__link_new(gsaw_scheduler *self, uint32_t after, uint32_t before);

/* Give back a link that is in no list any more. */
void gsaw__link_free(gsaw_scheduler *self, uint32_t link);

/* Undo the newest link of `after`, which must be the newest dependant of what it waits for, too. */
void gsaw__link_undo(gsaw_scheduler *self, uint32_t after);

/* The handle of a record in use. */
gsaw_handle gsaw__record_handle(const gsaw_scheduler *self, uint32_t number);

/* The record of a handle; GSAW_NONE: it is of none, or of one that has ended and is forgotten. */
uint32_t gsaw__handle_record(const gsaw_scheduler *self, gsaw_handle handle);

/* ---- end.c: states ---- */

/* Whether it has ended for good. */
static inline bool gsaw__record_has_ended(const gsaw__record *record)
{
    return gsaw_task_state_is_end((gsaw_task_state)record->state);
}

/* What it is ordered by among those that are ready. The critical path's part is not inherited: all
 * that leads to one end would have it, and so nothing would. */
static inline int32_t gsaw__record_rank(const gsaw_scheduler *self, const gsaw__record *record)
{
    return record->priority + (record->is_critical ? self->options.critical_path_priority : 0);
}

/* Change the state, legally, and count it. */
void gsaw__record_move(gsaw_scheduler *self, uint32_t number, gsaw_task_state to);

/* A task that waits for nothing (any more) is ready. */
void gsaw__record_ready(gsaw_scheduler *self, uint32_t number);

/* It is ready no more: out of ready or held. */
void gsaw__record_unready(gsaw_scheduler *self, uint32_t number);

/* How a task ends. */
typedef struct gsaw__ending {
    gsaw_task_state state;
    gsaw_status status;
    gsaw_handle cause;
    bool cancels; /* what depends on it is cancelled, not skipped */
} gsaw__ending;

/* A task ends, and so does what depends on it unless it is done. */
void gsaw__record_end(gsaw_scheduler *self, uint32_t number, const gsaw__ending *how);

/* Ask a task that runs to stop, for this reason (a flag). */
void gsaw__record_stop(gsaw__record *record, uint8_t why);

/* Cancel all that has not started; ask what runs to stop. */
void gsaw__cancel_all(gsaw_scheduler *self);

/* Raise the effective priority of a task and of what it waits for. */
void gsaw__record_raise(gsaw_scheduler *self, uint32_t number, int32_t priority);

/* A value that nobody wants any more. */
typedef struct gsaw__dropped {
    void *value;
    void (*destroy)(void *);
} gsaw__dropped;

/* Forget a record, at its end if that is still to come: takes its value out, to be destroyed
 * without the lock. */
gsaw__dropped gsaw__record_forget(gsaw_scheduler *self, uint32_t number);

/* Without the lock. */
void gsaw__dropped_destroy(gsaw__dropped dropped);

/* Nothing runs on, is ready or will be by itself, though there are tasks left. */
bool gsaw__is_stalled(const gsaw_scheduler *self);

/* Tasks that have not ended. */
uint64_t gsaw__unended(const gsaw_scheduler *self);

/* Whether its deadline is past: looks at the clock if it has one. */
bool gsaw__record_is_late(const gsaw_scheduler *self, const gsaw__record *record);

/* It fails, as its deadline is past. */
void gsaw__record_expire(gsaw_scheduler *self, uint32_t number);

/* ---- batch.c ---- */

/* A number that no record's mark has. */
uint32_t gsaw__next_mark(gsaw_scheduler *self);

/* The numbers of a cycle's records are linked by ready_at, which waits for which: name it. */
gsaw_status gsaw__tell_cycle(gsaw_scheduler *self, uint32_t start, gsaw_error *error);

/* ---- executor.c ---- */

/* Make the first drivers. False when memory is out. Before the scheduler is used. */
bool gsaw__executor_prepare(gsaw_scheduler *self);

/* Make sure that a driver is on its way while something is ready. Gives the lock back for the time
 * of the call to the pool. */
void gsaw__executor_execute(gsaw_scheduler *self);

/* Take a ready record out, to be run by this worker next. False when the gate has no room for it,
 * unless it is forced to. */
bool gsaw__executor_take(gsaw_scheduler *self, uint32_t number, uint32_t worker, bool is_forced);

/* Run a record that was taken, on this worker, until it has ended or is to be tried again. Returns
 * a task that waited for it alone, was seen by the search `mark` (0: none), and is ready now; or
 * GSAW_NONE. Gives the lock back meanwhile. */
uint32_t gsaw__executor_run(gsaw_scheduler *self, gsaw_worker *worker, uint32_t number,
                            uint32_t mark);

/* The task of this scheduler that the calling thread runs innermost, or NULL. */
gsaw_context *gsaw__executor_context(gsaw_scheduler *self);

/* ---- timers.c ---- */

/* Start the thread, if it is not there. GSAW_LIMIT: the system has none. */
gsaw_status gsaw__timers_start(gsaw_scheduler *self);

/* Set and clear the timers of a record; there is room for two a record. */
void gsaw__timer_set_deadline(gsaw_scheduler *self, uint32_t number);
void gsaw__timer_set_retry(gsaw_scheduler *self, uint32_t number, uint64_t at_ns);
void gsaw__timers_clear(gsaw_scheduler *self, uint32_t number);

/* Stop the thread, if it is there. Without the lock. */
void gsaw__timers_stop(gsaw_scheduler *self);

/* ---- wait.c ---- */

/* The next that a record waits for, GSAW_NONE beyond the last. *step is the place in its list, 0 at
 * first. What runs waits for what its function waits for. Frees the links that lead to what has
 * ended, so that it is passed by once. */
uint32_t gsaw__next_awaited(gsaw_scheduler *self, gsaw__record *record, uint32_t *step);

/* Whether a task that waits inside has got what it waits for. */
bool gsaw__wait_is_over(const gsaw_scheduler *self, const gsaw_context *context);

/* Wait for room for `count` tasks, or return GSAW_AGAIN if not to wait. */
gsaw_status gsaw__wait_for_room(gsaw_scheduler *self, size_t count, bool may_wait);

#endif
