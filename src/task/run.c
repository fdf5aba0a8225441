/* run.c - tasks: claiming, calling, ending, cancelling; fork and join.
 * Keeps:   the states of a task as the table in gangsaw/pool.h has them; a task is not touched
 *          after its last state is stored (it may be gone), but for those that are the pool's own.
 * Threads: a state is written by who claimed the task, but for cancel(), which only adds a bit.
 * Next:    run.h, worker.c */
#include "task/run.h"

#include "base/clock.h"
#include "task/graph.h"

static const struct {
    const char *text;
    bool is_end;
} states[GSAW_TASK_STATE_COUNT] = {
#define ROW(row_name, row_ended, row_text) [GSAW_TASK_##row_name] = {row_text, row_ended},
    GSAW_TASK_STATE_TABLE(ROW)
#undef ROW
};

#define BIT(state) (1u << GSAW_TASK_##state)

static const uint16_t transitions[GSAW_TASK_STATE_COUNT] = {
    [GSAW_TASK_NEW] = BIT(WAITING) | BIT(QUEUED),
    [GSAW_TASK_WAITING] = BIT(QUEUED) | BIT(FAILED) | BIT(CANCELLED) | BIT(SKIPPED),
    [GSAW_TASK_QUEUED] = BIT(RUNNING) | BIT(FAILED) | BIT(CANCELLED) | BIT(SKIPPED),
    [GSAW_TASK_RUNNING] = BIT(DONE) | BIT(FAILED) | BIT(CANCELLED) | BIT(WAITING),
};

bool gsaw_task_state_may_become(gsaw_task_state from, gsaw_task_state to)
{
    return (unsigned)from < GSAW_TASK_STATE_COUNT && (unsigned)to < GSAW_TASK_STATE_COUNT &&
           (transitions[from] & 1u << to) != 0;
}

const char *gsaw_task_state_name(gsaw_task_state state)
{
    return (unsigned)state < GSAW_TASK_STATE_COUNT ? states[state].text : "unknown";
}

bool gsaw_task_state_is_end(gsaw_task_state state)
{
    return (unsigned)state < GSAW_TASK_STATE_COUNT && states[state].is_end;
}

gsaw_task_state gsaw_task_state_of(const gsaw_task *self)
{
    /* [T1] acquire, pairs with T1 in finish(): what the task wrote */
    return (gsaw_task_state)(gsaw__load_acquire(&self->state) & GSAW_TASK_STATE);
}

gsaw_status gsaw_task_status(const gsaw_task *self)
{
    switch (gsaw_task_state_of(self)) {
    case GSAW_TASK_DONE:
        return GSAW_OK;
    case GSAW_TASK_FAILED:
        return (gsaw_status)gsaw__load_relaxed(&self->status); /* [T1] acquired with the state */
    case GSAW_TASK_CANCELLED:
    case GSAW_TASK_SKIPPED:
        return GSAW_CANCELLED;
    default:
        return GSAW_AGAIN;
    }
}

bool gsaw_task_cancel(gsaw_task *self)
{
    /* Who cancels one of an array goes on to the next. */
    __builtin_prefetch((const void *)((uintptr_t)self + sizeof *self * GSAW_JOBS_AHEAD / 3), 1);
    uint32_t word = gsaw__load_relaxed(&self->state); /* [T2] checked by the exchange */
    do {
        if (states[word & GSAW_TASK_STATE].is_end)
            return (word & GSAW_TASK_STATE) == GSAW_TASK_CANCELLED;
        /* [T2] one order of cancel() and claim(): either the claim fails or this sees RUNNING */
    } while (!gsaw__cas_acq_rel(&self->state, &word, word | GSAW_TASK_CANCEL));
    return (word & GSAW_TASK_STATE) != GSAW_TASK_RUNNING;
}

bool gsaw_worker_is_cancelled(const gsaw_worker *self)
{
    /* [T2] relaxed: a flag, nothing hangs on it */
    return (self->token != NULL && (gsaw__load_relaxed(self->token) & GSAW_TASK_CANCEL) != 0) ||
           (self->group != NULL && gsaw__is_dropped(self->pool, self->group));
}

/* ---- groups ---- */

void gsaw__group_fail(gsaw_group *group, gsaw_status status)
{
    uint32_t seen = GSAW_OK;
    /* [G3] the first failure stays, but comes before a task that was cancelled by itself */
    while (!gsaw__cas_acq_rel(&group->status, &seen, (uint32_t)status)) /* [G3] as said */
        if (seen != GSAW_CANCELLED || status == GSAW_CANCELLED)
            break;
    if (group->fail_fast && status != GSAW_CANCELLED)
        gsaw_group_cancel(group);
}

void gsaw_group_cancel(gsaw_group *self)
{
    gsaw__store_relaxed(&self->cancelled, 1); /* [G3] a flag, nothing hangs on it */
}

void gsaw_group_reset(gsaw_group *self)
{
    gsaw_assert(gsaw_group_pending(self) == 0);
    gsaw__store_relaxed(&self->cancelled, 0);    /* [G3] before any task of it */
    gsaw__store_relaxed(&self->status, GSAW_OK); /* [G3] the same */
}

gsaw_status gsaw_group_status(const gsaw_group *self)
{
    uint32_t status = gsaw__load_relaxed(&self->status); /* [G3] acquired with pending, by G1 */
    if (status != GSAW_OK)
        return (gsaw_status)status;
    return gsaw__load_relaxed(&self->cancelled) != 0 ? GSAW_CANCELLED : GSAW_OK; /* [G3] the same */
}

/* ---- running ---- */

gsaw_status gsaw__invoke_traced(gsaw_worker *self, const gsaw__call *call)
{
    gsaw__trace_event event = {.name = "task", .argument = *call->value, .kind = GSAW_TRACE_TASK};
    gsaw__trace_span span;
    gsaw__worker_sample(self);
    gsaw__trace_span_begin(&self->trace, &span);
    gsaw_status status = call->function(self, call->argument, call->value);
    gsaw__trace_span_end(&self->trace, &span, &event);
    return status;
}

void gsaw_worker_name_task(gsaw_worker *self, const char *name)
{
    if (gsaw__trace_is_on(&self->trace))
        gsaw__trace_copy_name(self->trace.label, name);
}

uint64_t gsaw_worker_span_begin(const gsaw_worker *self)
{
    return gsaw__trace_is_on(&self->trace) ? gsaw__clock_ns() : 0;
}

void gsaw_worker_span_end(gsaw_worker *self, uint64_t begun, const char *name, uint64_t value)
{
    if (!gsaw__trace_is_on(&self->trace))
        return;
    gsaw__trace_event event = {.start_ns = begun,
                               .duration_ns = gsaw__clock_ns() - begun,
                               .name = "span",
                               .argument = value,
                               .kind = GSAW_TRACE_TASK};
    gsaw__trace_copy_name(event.detail, name);
    gsaw__trace_record(&self->trace, &event);
}

static gsaw__call call_of(gsaw_task *task)
{
    return (gsaw__call){.token = &task->state,
                        .function = task->function,
                        .argument = task->argument,
                        .value = &task->value};
}

/* Set QUEUED to RUNNING. False when it was cancelled. */
static bool claim(gsaw_task *task)
{
    uint32_t word = gsaw__load_relaxed(&task->state); /* [T2] checked by the exchange */
    gsaw_assert((word & GSAW_TASK_STATE) == GSAW_TASK_QUEUED);
    uint32_t running = (word & ~GSAW_TASK_STATE) | GSAW_TASK_RUNNING;
    return (word & GSAW_TASK_CANCEL) == 0 &&
           gsaw__cas_acq_rel(&task->state, &word, running); /* [T2] pairs with cancel() */
}

/* Whether a task that is dropped is to be called all the same. */
static bool is_always(const gsaw_task *task)
{
    return (gsaw__load_relaxed(&task->state) & GSAW_TASK_ALWAYS) != 0; /* [T2] does not change */
}

/* What a task ends in that returned this. */
__attribute__((noinline)) static uint32_t fail_task(gsaw_worker *self, gsaw_task *task,
                                                    gsaw_group *group, gsaw_status status)
{
    gsaw__store_relaxed(&task->status, (uint32_t)status); /* [T1] published with the state */
    uint32_t word = gsaw__load_relaxed(&task->state);     /* [T2] a flag */
    return gsaw__end_of(self, group, word, status);
}

/* Claim and call. Returns the state it is to end in. */
static uint32_t run_claimed(gsaw_worker *self, gsaw_task *task, gsaw_group *group)
{
    if ((gsaw__is_dropped(self->pool, group) && !is_always(task)) || !claim(task)) {
        gsaw__counters_count(&self->counters.dropped);
        return GSAW_TASK_CANCELLED;
    }
    gsaw__call call = call_of(task);
    gsaw_status status = gsaw__invoke(self, group, &call);
    return status == GSAW_OK ? (uint32_t)GSAW_TASK_DONE : fail_task(self, task, group, status);
}

/* A task whose storage is the pool's. */
static void run_spawned(gsaw_worker *self, gsaw_task *task, gsaw_group *group)
{
    if (gsaw__is_dropped(self->pool, group)) {
        gsaw__counters_count(&self->counters.dropped);
    } else {
        gsaw__call call = call_of(task);
        gsaw_status status = gsaw__invoke(self, group, &call);
        if (status != GSAW_OK)
            gsaw__end_of(self, group, 0, status);
    }
    gsaw__depot_give(&self->pool->depot, &self->spare, task);
}

/* Run it, or end it without. */
static void run_task(gsaw_worker *self, gsaw_task *task, gsaw_group *group)
{
    uint32_t kind = gsaw__load_relaxed(&task->state); /* [T2] kinds do not change */
    if ((kind & GSAW_TASK_CARRIER) != 0) {
        gsaw__graph_carry(self, task);
        gsaw__credit_add(self, group, 1);
        return;
    }
    if ((kind & GSAW_TASK_SPAWNED) != 0) {
        run_spawned(self, task, group);
    } else {
        uint32_t end = run_claimed(self, task, group);
        if ((kind & GSAW_TASK_FORKED) != 0) {
            /* [T1] release, pairs with T1 in state_of(): what the task wrote; [P1] before the look
             * at who waits. From here on the task may be gone: only its address is used. */
            gsaw__store_seq_cst(&task->state, end);
            gsaw__park_wake_detail(&self->pool->park, group, task);
            return;
        }
        gsaw__store_release(&task->state, end); /* [T1] release, pairs with T1 in state_of() */
    }
    if (self->pool->options.tasks_max != 0)
        gsaw__leave_flight(self->pool, 1);
    gsaw__credit_add(self, group, 1);
}

/* End a task of a group that is dropped. Returns 1, to be counted, or 0 when it was counted. */
static inline uint64_t drop(gsaw_worker *self, gsaw_task *task, gsaw_group *group)
{
    uint32_t kind = gsaw__load_relaxed(&task->state); /* [T2] kinds do not change */
    if ((kind & (GSAW_TASK_CARRIER | GSAW_TASK_SPAWNED | GSAW_TASK_FORKED | GSAW_TASK_ALWAYS)) !=
        0) {
        run_task(self, task, group);
        return 0;
    }
    gsaw__store_release(&task->state, GSAW_TASK_CANCELLED); /* [T1] pairs with T1 in state_of() */
    return 1;
}

/* End all that a group which is dropped has in the inbox and on top of the own deque: cheaper than
 * one by one. The group is there, as its credit has not been returned. */
static void sweep(gsaw_worker *self, gsaw_group *group)
{
    uint64_t count = 0;
    gsaw__job job = gsaw__deque_peek(&self->deque);
    while (job.group == group && !gsaw__job_is_node(job) && gsaw__deque_take(&self->deque, &job)) {
        gsaw__deque_prefetch(&self->deque);
        count += drop(self, gsaw__job_task(job), group);
        job = gsaw__deque_peek(&self->deque);
    }
    gsaw_task *task = NULL;
    if (gsaw__load_relaxed(&group->queued) != 0) /* [I2] a hint: those left are met one by one */
        task = gsaw__inbox_take_all_of(&self->pool->inbox, group);
    for (gsaw_task *next; task != NULL; task = next) {
        next = task->next;
        gsaw__job_prefetch(task, next);
        count += drop(self, task, group);
    }
    gsaw__counters_add(&self->counters.dropped, count);
    if (count != 0 && self->pool->options.tasks_max != 0)
        gsaw__leave_flight(self->pool, count);
    gsaw__credit_add(self, group, count);
}

/* A task that is not a plain one, or is to be ended without being run. Apart, as the other is done
 * for each task. */
__attribute__((noinline)) static void run_rarely(gsaw_worker *self, gsaw_task *task,
                                                 gsaw_group *group)
{
    run_task(self, task, group);
    if (self->credit_group == group && gsaw__is_dropped(self->pool, group))
        sweep(self, group);
}

void gsaw__run(gsaw_worker *self, gsaw__job job)
{
    gsaw_group *group = job.group;
    if (gsaw__job_is_node(job)) {
        gsaw__graph_run(self, group, gsaw__job_node(job));
        return;
    }
    gsaw_task *task = gsaw__job_task(job);
    uint32_t word = gsaw__load_relaxed(&task->state); /* [T2] checked by the exchange */
    if (word != GSAW_TASK_QUEUED || gsaw__is_dropped(self->pool, group) ||
        !gsaw__cas_acq_rel(&task->state, &word, GSAW_TASK_RUNNING)) { /* [T2] as in claim() */
        run_rarely(self, task, group);
        return;
    }
    gsaw__call call = call_of(task);
    gsaw_status status = gsaw__invoke(self, group, &call);
    uint32_t end =
        status == GSAW_OK ? (uint32_t)GSAW_TASK_DONE : fail_task(self, task, group, status);
    gsaw__store_release(&task->state, end); /* [T1] release, pairs with T1 in state_of() */
    if (self->pool->options.tasks_max != 0)
        gsaw__leave_flight(self->pool, 1);
    gsaw__credit_add(self, group, 1);
}

/* ---- fork and join ---- */

/* Fork when push_fast() cannot: the deque is full, or there is to be none. Apart, as all that is
 * rare here, so that what is left needs few registers. */
__attribute__((noinline)) static void fork_slowly(gsaw_worker *self, gsaw_task *task)
{
    gsaw_pool *pool = self->pool;
    if (pool->options.no_stealing ||
        !gsaw__deque_push_slowly(&self->deque, gsaw__job_of_task(task, self->group)))
        gsaw__store_relaxed(&task->state, GSAW_TASK_NEW | GSAW_TASK_FORKED); /* [T1] for join() */
    else
        gsaw__pool_notify(pool, self->group);
}

void gsaw_worker_fork(gsaw_worker *self, gsaw_task *task)
{
    gsaw_assert(self->group != NULL && task->function != NULL);
    /* [T1] relaxed: the deque publishes it */
    gsaw__store_relaxed(&task->state, GSAW_TASK_QUEUED | GSAW_TASK_FORKED);
    if (!gsaw__deque_push_fast(&self->deque, gsaw__job_of_task(task, self->group)))
        fork_slowly(self, task);
    else if (!gsaw__park_is_awake(&self->pool->park))
        gsaw__pool_notify(self->pool, self->group);
}

__attribute__((noinline)) static gsaw_status drop_own(gsaw_worker *self, gsaw_task *task)
{
    gsaw__counters_count(&self->counters.dropped);
    gsaw__store_relaxed(&task->state, GSAW_TASK_CANCELLED); /* [T1] the same thread */
    return GSAW_CANCELLED;
}

__attribute__((noinline)) static gsaw_status trace_own(gsaw_worker *self, gsaw_task *task)
{
    gsaw__call call = call_of(task);
    return gsaw__invoke_traced(self, &call);
}

__attribute__((noinline)) static gsaw_status fail_own(gsaw_worker *self, gsaw_task *task,
                                                      gsaw_status status)
{
    gsaw__store_relaxed(&task->status, (uint32_t)status); /* [T1] the same thread */
    uint32_t word = gsaw__load_relaxed(&task->state);     /* [T2] a flag */
    gsaw__store_release(&task->state,
                        gsaw__end_of(self, self->group, word, status)); /* [T1] as in run_own() */
    return status;
}

/* A forked task that nobody else can take: no claim. The group stays the same, so less is to be
 * done for the call than in gsaw__invoke. */
static gsaw_status run_own(gsaw_worker *self, gsaw_task *task)
{
    uint32_t word = gsaw__load_relaxed(&task->state); /* [T2] this thread alone cancels it */
    if ((word & GSAW_TASK_CANCEL) != 0 || gsaw__is_dropped(self->pool, self->group))
        return drop_own(self, task);
    gsaw__store_relaxed(&task->state, GSAW_TASK_RUNNING | GSAW_TASK_FORKED); /* [T2] the same */
    _Atomic uint32_t *outer_token = self->token;
    self->token = &task->state;
    gsaw_status status = gsaw__trace_is_on(&self->trace)
                             ? trace_own(self, task)
                             : task->function(self, task->argument, &task->value);
    self->token = outer_token;
    gsaw__counters_count(&self->counters.completed);
    if (status != GSAW_OK)
        return fail_own(self, task, status);
    gsaw__store_release(&task->state, GSAW_TASK_DONE); /* [T1] pairs with T1 in state_of() */
    return GSAW_OK;
}

/* Join what is not on top of the deque, or was taken by another. */
__attribute__((noinline)) static gsaw_status join_slowly(gsaw_worker *self, gsaw_task *task)
{
    if (gsaw_task_state_of(task) == GSAW_TASK_NEW)
        return run_own(self, task); /* there was no room in the deque */
    gsaw__wait wait = {.group = self->group, .task = task, .deadline_ns = GSAW_PARK_FOREVER};
    gsaw__worker_help(self, &wait);
    return gsaw_task_status(task);
}

/* Join what is on top of the deque, as the last there or with thieves about. */
__attribute__((noinline)) static gsaw_status join_contended(gsaw_worker *self, gsaw_task *task)
{
    return gsaw__deque_take_slowly(&self->deque) ? run_own(self, task) : join_slowly(self, task);
}

gsaw_status gsaw_worker_join(gsaw_worker *self, gsaw_task *task)
{
    gsaw_assert(task != NULL);
    if (!gsaw__deque_is_newest(&self->deque, (uintptr_t)task))
        return join_slowly(self, task);
    if (!gsaw__deque_take_fast(&self->deque))
        return join_contended(self, task);
    return run_own(self, task);
}
