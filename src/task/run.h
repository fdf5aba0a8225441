/* run.h - how a task is run and ended: the token, the call, the count.
 * Keeps:   a task's function is called by who claimed it, once; its group is told after all else,
 *          and not touched any more by then.
 * Threads: functions with a worker: that worker's thread.
 * Next:    run.c, graph.c, worker.c */
#ifndef GSAW_TASK_RUN_H
#define GSAW_TASK_RUN_H

#include "base/check.h"
#include "task/pool.h"

/* The words `state` of tasks and `words` of graphs share this bit: it was asked to stop. */
#define GSAW_TASK_CANCEL (UINT32_C(1) << 27)

/* Bits beside the state of a task that is not a node. */
#define GSAW_TASK_STATE 0xFu
#define GSAW_TASK_SPAWNED 0x10u /* the pool's storage: to be given back; nobody has a pointer */
#define GSAW_TASK_CARRIER 0x40u /* takes nodes from the list of its group's graph */
#define GSAW_TASK_FORKED 0x20u  /* not counted in its group; joined by its parent */
#define GSAW_TASK_ALWAYS 0x80u  /* called even if its pool drops what has not started */

#define GSAW_CREDIT 64u /* counts a worker takes at once for the group of the task it runs */

/* Return all credit. The group may be gone on return. */
static inline void gsaw__credit_flush(gsaw_worker *self)
{
    gsaw_group *group = self->credit_group;
    uint64_t credit = self->credit;
    self->credit_group = NULL;
    self->credit = 0;
    if (credit != 0)
        gsaw__pool_end(self->pool, group, credit);
}

/* Count tasks of the group that have ended. */
static inline void gsaw__credit_add(gsaw_worker *self, gsaw_group *group, uint64_t count)
{
    if (self->credit_group != group) {
        gsaw__credit_flush(self);
        self->credit_group = group;
    }
    self->credit += count;
}

/* Count a task more for a group, before anyone can see the task. Credit in advance is for the group
 * of the running task alone: that one cannot be done before this worker is back. */
static inline void gsaw__credit_use(gsaw_worker *self, gsaw_group *group)
{
    if (self->group != group) {
        gsaw__add_relaxed(&group->pending, 1); /* [G2] as in begin() in pool.c */
        return;
    }
    if (self->credit_group != group) {
        gsaw__credit_flush(self);
        self->credit_group = group;
    }
    if (self->credit == 0) {
        gsaw__add_relaxed(&group->pending, GSAW_CREDIT); /* [G2] the same */
        self->credit = GSAW_CREDIT;
    }
    self->credit--;
}

/* One call of a user's function. */
typedef struct gsaw__call {
    _Atomic uint32_t *token;
    gsaw_task_function *function;
    void *argument;
    uint64_t *value;
} gsaw__call;

/* worker.c: record the pool's counters, if that is due. When this worker traces. */
void gsaw__worker_sample(gsaw_worker *self);
/* What a worker was in the midst of when it began to run tasks of a group. */
typedef struct gsaw__frame {
    gsaw_group *group;
    _Atomic uint32_t *token;
} gsaw__frame;

/* run.c: the call when this worker traces. */
gsaw_status gsaw__invoke_traced(gsaw_worker *self, const gsaw__call *call);

/* Begin to run tasks of a group. */
static inline gsaw__frame gsaw__frame_enter(gsaw_worker *self, gsaw_group *group)
{
    gsaw__frame outer = {.group = self->group, .token = self->token};
    if (self->credit_group != group && self->credit != 0)
        gsaw__credit_flush(self); /* a call may take long, and somebody waits for those */
    self->group = group;
    return outer;
}

/* Back to what it was in the midst of. */
static inline void gsaw__frame_leave(gsaw_worker *self, const gsaw__frame *outer)
{
    self->group = outer->group;
    self->token = outer->token;
}

/* Call the function, as the innermost task of this worker, which entered the frame. */
static inline gsaw_status gsaw__call_in(gsaw_worker *self, const gsaw__frame *outer,
                                        const gsaw__call *call)
{
    self->token = call->token;
    if (outer->group == NULL) {
        /* [S3] for shutdown_until(), a hint */
        gsaw__store_relaxed(&self->function, call->function);
        gsaw__store_relaxed(&self->argument, call->argument); /* [S3] the same */
    }
    gsaw_status status;
    if (!gsaw__trace_is_on(&self->trace)) {
        status = call->function(self, call->argument, call->value);
    } else {
        gsaw__call copy = *call; /* so that the other way needs none in memory */
        status = gsaw__invoke_traced(self, &copy);
    }
    if (!self->is_own)
        gsaw__counters_count(&self->counters.completed);
    self->is_own = false;
    return status;
}

/* Enter, call, leave. */
static inline gsaw_status gsaw__invoke(gsaw_worker *self, gsaw_group *group, const gsaw__call *call)
{
    gsaw__frame outer = gsaw__frame_enter(self, group);
    gsaw_status status = gsaw__call_in(self, &outer, call);
    gsaw__frame_leave(self, &outer);
    return status;
}

/* Whether tasks of this group are to be ended without being run. */
static inline bool gsaw__is_dropped(const gsaw_pool *pool, const gsaw_group *group)
{
    /* [G3] relaxed: that a task still starts beside a cancel is no harm */
    if (gsaw__load_relaxed(&group->cancelled) != 0)
        return true;
    return gsaw__load_relaxed(&pool->state) == GSAW_POOL_DROP; /* [R1] the same, of a shutdown */
}

/* run.c: a task of the group has failed: keep the first, cancel the rest if it is to fail fast. */
void gsaw__group_fail(gsaw_group *group, gsaw_status status);

/* What a status makes of a task that has run. */
static inline uint32_t gsaw__end_of(gsaw_worker *self, gsaw_group *group, uint32_t word,
                                    gsaw_status status)
{
    if (status == GSAW_OK)
        return GSAW_TASK_DONE;
    if (status == GSAW_CANCELLED &&
        ((word & GSAW_TASK_CANCEL) != 0 || gsaw__is_dropped(self->pool, group)))
        return GSAW_TASK_CANCELLED;
    gsaw__group_fail(group, status);
    return GSAW_TASK_FAILED;
}

/* run.c: run a job that this worker took. */
void gsaw__run(gsaw_worker *self, gsaw__job job);

#endif
