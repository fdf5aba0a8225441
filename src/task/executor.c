/* executor.c - TaskExecutor: drivers: tasks of the pool that take the best record there is, run
 * it, record its result, release what waits for it, and go on to the next.
 * Keeps:   while something is ready a driver that has not begun is with the pool, so that blocked
 *          workers are made up for as they are for any task of the pool.
 * Threads: workers of the pool; the lock is held but for calls of the users and of the pool.
 * Next:    scheduler.h */
#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/check.h"
#include "base/clock.h"
#include "task/scheduler.h"

#define ROUND_MAX 64u /* records a driver runs before others on the pool have their turn */
#define BACKOFF_MAX_NS UINT64_C(60000000000)
#define RATIO_LEAST (1.0 / 64)
#define RATIO_MOST 64.0
#define RATIO_WEIGHT 0.25 /* of the newest report */

/* ---- choosing ---- */

static bool needs_memory(const gsaw_scheduler *self, const gsaw__record *record)
{
    return self->has_gate && record->cold != 0 && gsaw__cold_at(self, record)->memory != 0;
}

/* Bytes to admit it with: the estimate, as those of its kind corrected it. */
static uint64_t memory_of(const gsaw_scheduler *self, const gsaw__cold *cold)
{
    double ratio = cold->kind == GSAW_NONE ? 1 : self->kinds.items[cold->kind].ratio;
    double bytes = (double)cold->memory * ratio;
    return bytes >= (double)(UINT64_MAX / 2) ? UINT64_MAX / 2 : (uint64_t)bytes;
}

bool gsaw__executor_take(gsaw_scheduler *self, uint32_t number, uint32_t worker, bool is_forced)
{
    gsaw__record *record = gsaw__record_at(self, number);
    if (needs_memory(self, record)) {
        gsaw__cold *cold = gsaw__cold_at(self, record);
        cold->admitted = memory_of(self, cold);
        if (is_forced)
            gsaw__gate_force(&self->gate, cold->admitted);
        else if (!gsaw__gate_try_enter(&self->gate, cold->admitted))
            return false;
        record->flags |= GSAW_RECORD_ADMITTED;
    }
    gsaw__record_unready(self, number);
    gsaw__record_move(self, number, GSAW_TASK_RUNNING);
    record->attempts = (uint16_t)(record->attempts + 1); /* retries are below UINT16_MAX */
    record->worker = (uint16_t)worker;
    self->picks++;
    return true;
}

static void hold(gsaw_scheduler *self, uint32_t number)
{
    gsaw__record *record = gsaw__record_at(self, number);
    gsaw__queue_remove(&self->ready, record->slot);
    record->slot =
        gsaw__queue_push(&self->held, gsaw__record_rank(self, record), record->sequence, number);
    record->flags |= GSAW_RECORD_HELD;
}

static bool is_before(const gsaw__queue_entry *a, const gsaw__queue_entry *b)
{
    return a->priority != b->priority ? a->priority > b->priority : a->sequence < b->sequence;
}

/* The best of ready, or, if that would rather have another worker, one as good as it that would
 * not: looked for among the next best alone. */
static uint32_t best_ready(const gsaw_scheduler *self, uint32_t worker)
{
    const gsaw__queue *ready = &self->ready;
    uint32_t best = (uint32_t)gsaw__queue_item(ready, gsaw__queue_at(ready, 0)->slot);
    uint32_t wish = gsaw__record_at(self, best)->affinity;
    if (wish == 0 || wish == worker + 1)
        return best;
    for (uint32_t i = 1; i < 5 && i < ready->count; i++) {
        const gsaw__queue_entry *entry = gsaw__queue_at(ready, i);
        uint32_t number = (uint32_t)gsaw__queue_item(ready, entry->slot);
        wish = gsaw__record_at(self, number)->affinity;
        if (entry->priority == gsaw__queue_at(ready, 0)->priority &&
            (wish == 0 || wish == worker + 1))
            return number;
    }
    return best;
}

enum attempt { TAKEN, ENDED, FULL };

static enum attempt attempt(gsaw_scheduler *self, uint32_t number, uint32_t worker)
{
    if (gsaw__record_is_late(self, gsaw__record_at(self, number))) {
        gsaw__record_expire(self, number);
        return ENDED;
    }
    return gsaw__executor_take(self, number, worker, false) ? TAKEN : FULL;
}

/* The record to run next, taken; GSAW_NONE: there is none, or none that fits. */
static uint32_t pick(gsaw_scheduler *self, uint32_t worker)
{
    self->has_freed = false;
    while (self->ready_first != 0) {
        uint32_t number = self->ready_first - 1; /* the one that is ready for the longest time */
        bool is_due =
            self->picks - gsaw__record_at(self, number)->ready_at >= self->options.overtakes_max;
        enum attempt result = is_due ? attempt(self, number, worker) : FULL;
        if (!is_due && self->held.count != 0 &&
            (self->ready.count == 0 ||
             is_before(gsaw__queue_at(&self->held, 0), gsaw__queue_at(&self->ready, 0)))) {
            number = (uint32_t)gsaw__queue_item(&self->held, gsaw__queue_at(&self->held, 0)->slot);
            result = attempt(self, number, worker);
        }
        if (result == FULL) {
            if (self->ready.count == 0)
                return GSAW_NONE;
            number = best_ready(self, worker);
            /* Memory that comes free is kept for the one that is due. */
            bool may_start = !is_due || !needs_memory(self, gsaw__record_at(self, number));
            result = may_start ? attempt(self, number, worker) : FULL;
            if (result == FULL)
                hold(self, number);
        }
        if (result == TAKEN)
            return number;
    }
    return GSAW_NONE;
}

/* ---- running ---- */

static void enter(gsaw_scheduler *self, gsaw_context *context)
{
    gsaw__record *record = gsaw__record_at(self, context->record);
    uint32_t worker = gsaw_worker_index(context->worker);
    context->handle = gsaw__record_handle(self, context->record);
    context->attempt = record->attempts;
    context->outer = self->innermost[worker];
    self->innermost[worker] = context;
    context->next = self->running;
    if (self->running != NULL)
        self->running->previous = context;
    self->running = context;
    record->context = context;
    /* [S4] nobody else has it yet; it may have been cancelled since it was taken */
    gsaw__store_relaxed(&context->stop,
                        (record->flags & (GSAW_RECORD_STOP | GSAW_RECORD_LATE)) != 0);
    if (self->options.times) /* every record has a cold part then */
        gsaw__cold_at(self, record)->started_ns = gsaw__clock_ns();
}

static void leave(gsaw_scheduler *self, gsaw_context *context)
{
    self->innermost[gsaw_worker_index(context->worker)] = context->outer;
    if (context->previous != NULL)
        context->previous->next = context->next;
    else
        self->running = context->next;
    if (context->next != NULL)
        context->next->previous = context->previous;
    gsaw__record_at(self, context->record)->context = NULL;
}

/* Give back what was admitted, and learn from what was reported. */
static void leave_gate(gsaw_scheduler *self, gsaw__record *record, uint64_t reported)
{
    gsaw__cold *cold = record->cold == 0 ? NULL : gsaw__cold_at(self, record);
    if (cold != NULL && (record->flags & GSAW_RECORD_ADMITTED) != 0) {
        gsaw__gate_leave(&self->gate, cold->admitted, 0);
        record->flags &= (uint8_t)~GSAW_RECORD_ADMITTED;
        self->has_freed = true;
    }
    if (reported == 0 || cold == NULL || cold->kind == GSAW_NONE || cold->memory == 0)
        return;
    double measured = (double)reported / (double)cold->memory;
    measured = measured < RATIO_LEAST ? RATIO_LEAST : measured > RATIO_MOST ? RATIO_MOST : measured;
    double *ratio = &self->kinds.items[cold->kind].ratio;
    *ratio += (measured - *ratio) * RATIO_WEIGHT;
}

static bool has_retry(const gsaw_scheduler *self, const gsaw__record *record)
{
    return (record->flags & (GSAW_RECORD_STOP | GSAW_RECORD_LATE)) == 0 && record->cold != 0 &&
           record->attempts <= gsaw__cold_at(self, record)->retries &&
           self->state != GSAW_SCHEDULER_CANCEL;
}

/* Let it run again, at once or after its back-off. */
static void retry(gsaw_scheduler *self, uint32_t number)
{
    gsaw__record *record = gsaw__record_at(self, number);
    const gsaw__cold *cold = gsaw__cold_at(self, record);
    gsaw__record_move(self, number, GSAW_TASK_WAITING);
    uint64_t wait_ns = cold->backoff_ns;
    uint64_t most_ns = cold->backoff_max_ns == 0 ? BACKOFF_MAX_NS : cold->backoff_max_ns;
    for (uint32_t i = 1; i < record->attempts && wait_ns < most_ns; i++)
        wait_ns = wait_ns > UINT64_MAX / 2 ? most_ns : 2 * wait_ns;
    if (wait_ns == 0) {
        gsaw__record_ready(self, number);
        return;
    }
    record->flags |= GSAW_RECORD_RETRYING;
    self->retrying++;
    gsaw__timer_set_retry(self, number, gsaw__clock_ns() + (wait_ns < most_ns ? wait_ns : most_ns));
}

/* How a task that returned `status` ends. */
static gsaw__ending ending_of(const gsaw__record *record, gsaw_status status)
{
    if (status == GSAW_OK)
        return (gsaw__ending){.state = GSAW_TASK_DONE};
    if (status == GSAW_CANCELLED && (record->flags & GSAW_RECORD_LATE) != 0)
        return (gsaw__ending){.state = GSAW_TASK_FAILED, .status = GSAW_TIMEOUT};
    if (status == GSAW_CANCELLED && (record->flags & GSAW_RECORD_STOP) != 0)
        return (gsaw__ending){.state = GSAW_TASK_CANCELLED,
                              .status = GSAW_CANCELLED,
                              .cancels = (record->flags & GSAW_RECORD_CANCELS) != 0};
    return (gsaw__ending){.state = GSAW_TASK_FAILED, .status = status};
}

/* What waits for this one alone, and was seen by the search. */
static uint32_t next_of(const gsaw_scheduler *self, uint32_t number, uint32_t mark)
{
    uint32_t link = mark == 0 ? 0 : gsaw__record_at(self, number)->dependants;
    while (link != 0) {
        const gsaw__link *at = gsaw__link_at(self, link);
        const gsaw__record *record = gsaw__record_at(self, at->after);
        if (record->waits == 1 && record->mark == mark && record->state == GSAW_TASK_WAITING)
            return at->after;
        link = at->next_dependant;
    }
    return GSAW_NONE;
}

/* The value that a task leaves: the record's from now on; returns what is to be destroyed. */
static gsaw__dropped keep_value(gsaw_scheduler *self, gsaw__record *record,
                                const gsaw_context *context)
{
    gsaw__dropped given = {.value = context->value, .destroy = context->destroy};
    if (self->options.forget || (record->flags & GSAW_RECORD_FORGOTTEN) != 0)
        return given;
    gsaw__dropped before = {.value = record->value, .destroy = record->destroy};
    record->value = given.value;
    record->destroy = given.destroy;
    return before;
}

/* The call when the worker traces: a span under the task's id if it has one, in a copy, as the task
 * may be forgotten; and the scheduler's counters. */
static gsaw_status call_traced(gsaw_context *context, gsaw_scheduled_function *function,
                               void *argument)
{
    gsaw_scheduler *self = context->scheduler;
    gsaw__trace_ring *ring = &context->worker->trace;
    gsaw__trace_event event = {
        .name = "run", .argument = context->attempt, .kind = GSAW_TRACE_ATTEMPT};
    gsaw__trace_span span;
    gsaw__mutex_lock(&self->lock);
    const gsaw__record *record = gsaw__record_at(self, context->record);
    const char *id = record->cold == 0 ? NULL : gsaw__cold_at(self, record)->id;
    if (id != NULL)
        gsaw__trace_copy_name(event.detail, id);
    uint64_t ready = self->counts[GSAW_TASK_QUEUED], running = self->counts[GSAW_TASK_RUNNING];
    uint64_t admitted = self->gate.used;
    gsaw__mutex_unlock(&self->lock);
    if (gsaw__trace_is_due(ring, 1)) {
        gsaw__trace_count(ring, "ready tasks", ready);
        gsaw__trace_count(ring, "running tasks", running);
        gsaw__trace_count(ring, "admitted bytes", admitted);
    }
    gsaw__trace_span_begin(ring, &span);
    gsaw_status status = function(context, argument);
    gsaw__trace_span_end(ring, &span, &event);
    return status;
}

static gsaw_status call(gsaw_context *context, gsaw_scheduled_function *function, void *argument)
{
    gsaw_scheduler *self = context->scheduler;
    if (self->options.progress != NULL)
        gsaw_progress_update(self->options.progress, 0, 0); /* its callback, if it is due */
    if (!gsaw__trace_is_on(&context->worker->trace))
        return function(context, argument);
    return call_traced(context, function, argument);
}

uint32_t gsaw__executor_run(gsaw_scheduler *self, gsaw_worker *worker, uint32_t number,
                            uint32_t mark)
{
    gsaw_context context = {.scheduler = self, .worker = worker, .record = number};
    enter(self, &context);
    gsaw__record *record = gsaw__record_at(self, number);
    gsaw_scheduled_function *function = record->function;
    void *argument = record->argument;
    gsaw__mutex_unlock(&self->lock);
    gsaw_status status = call(&context, function, argument);
    gsaw__counters_count(&worker->counters.completed); /* before those who wait are told */
    gsaw__mutex_lock(&self->lock);
    leave(self, &context);
    record = gsaw__record_at(self, number); /* it may have moved */
    leave_gate(self, record, context.memory);
    gsaw__dropped dropped = keep_value(self, record, &context);
    if (dropped.value != NULL) { /* before anyone can see it ended */
        gsaw__mutex_unlock(&self->lock);
        gsaw__dropped_destroy(dropped);
        gsaw__mutex_lock(&self->lock);
        record = gsaw__record_at(self, number);
    }
    if (context.text[0] != '\0' || record->attempts > 1) /* not that of an earlier attempt */
        gsaw__record_set_text(self, number, context.text);
    gsaw__ending how = ending_of(record, status);
    uint32_t next = GSAW_NONE;
    if (how.state == GSAW_TASK_FAILED && has_retry(self, record)) {
        retry(self, number);
    } else {
        if (how.state == GSAW_TASK_DONE)
            next = next_of(self, number, mark);
        gsaw__record_end(self, number, &how);
    }
    return next;
}

gsaw_context *gsaw__executor_context(gsaw_scheduler *self)
{
    const gsaw_worker *worker = gsaw__pool_worker_here(self->pool);
    return worker == NULL ? NULL : self->innermost[gsaw_worker_index(worker)];
}

/* ---- drivers ---- */

/* The pool was shut down: nobody will run what is left. */
static void give_up(gsaw_scheduler *self)
{
    self->state = GSAW_SCHEDULER_CANCEL;
    gsaw__cancel_all(self);
}

static gsaw_status drive(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)value;
    gsaw__driver *driver = argument;
    gsaw_scheduler *self = driver->scheduler;
    uint32_t index = gsaw_worker_index(worker);
    gsaw__trace_hide(&worker->trace); /* the tasks that it runs have spans of their own */
    gsaw__mutex_lock(&self->lock);
    self->standby--;
    /* Who has gone through its rounds leaves if another is to begin: without memory there is none.
     */
    for (uint32_t round = 0; round < ROUND_MAX || self->standby == 0; round++) {
        if (gsaw__pool_is_dropping(self->pool))
            give_up(self);
        uint32_t number = pick(self, index);
        if (number == GSAW_NONE)
            break;
        gsaw__executor_execute(self);
        gsaw__executor_run(self, worker, number, 0);
    }
    gsaw__executor_execute(self);
    driver->next = self->free_driver;
    self->free_driver = driver;
    gsaw__mutex_unlock(&self->lock);
    worker->is_own = true; /* what it ran was counted */
    return GSAW_OK;
}

static gsaw__driver *driver_new(gsaw_scheduler *self)
{
    gsaw__driver *driver = gsaw__alloc_zero(self->options.allocator, 1, sizeof *driver);
    if (driver == NULL)
        return NULL;
    driver->task = (gsaw_task){.function = drive, .argument = driver};
    driver->scheduler = self;
    driver->all = self->all_drivers;
    self->all_drivers = driver;
    return driver;
}

/* One that the pool has done with, or a new one. NULL when memory is out. */
static gsaw__driver *driver_take(gsaw_scheduler *self)
{
    /* One on the list may be on its last steps in the pool. */
    for (gsaw__driver **at = &self->free_driver; *at != NULL; at = &(*at)->next) {
        gsaw__driver *driver = *at;
        gsaw_task_state state = gsaw_task_state_of(&driver->task);
        if (state == GSAW_TASK_NEW || gsaw_task_state_is_end(state)) {
            *at = driver->next;
            return driver;
        }
    }
    return driver_new(self);
}

bool gsaw__executor_prepare(gsaw_scheduler *self)
{
    for (uint32_t i = 0; i < 2; i++) { /* one to run, and one to be with the pool */
        gsaw__driver *driver = driver_new(self);
        if (driver == NULL)
            return false;
        driver->next = self->free_driver;
        self->free_driver = driver;
    }
    return true;
}

void gsaw__executor_execute(gsaw_scheduler *self)
{
    bool has_work = self->ready.count != 0 || (self->held.count != 0 && self->has_freed);
    if (!has_work || self->standby != 0)
        return;
    gsaw__driver *driver = driver_take(self);
    if (driver == NULL)
        return; /* those that run go on to what is ready */
    self->standby++;
    gsaw__mutex_unlock(&self->lock);
    gsaw_status status = gsaw__pool_submit_always(self->pool, &self->group, &driver->task, true);
    gsaw__mutex_lock(&self->lock);
    if (status == GSAW_OK) {
        if (gsaw_pool_worker_count(self->pool) == 0) { /* one of those who wait runs it */
            gsaw__condition_broadcast(&self->ended);
            gsaw__condition_broadcast(&self->room);
        }
        return;
    }
    self->standby--;
    driver->next = self->free_driver;
    self->free_driver = driver;
    give_up(self);
}

/* ---- inside a task ---- */

gsaw_scheduler *gsaw_context_scheduler(const gsaw_context *self) { return self->scheduler; }

gsaw_worker *gsaw_context_worker(const gsaw_context *self) { return self->worker; }

gsaw_handle gsaw_context_handle(const gsaw_context *self) { return self->handle; }

uint32_t gsaw_context_attempt(const gsaw_context *self) { return self->attempt; }

bool gsaw_context_is_cancelled(const gsaw_context *self)
{
    return gsaw__load_relaxed(&self->stop); /* [S4] a flag, nothing hangs on it */
}

void gsaw_context_set_value(gsaw_context *self, void *value, void (*destroy)(void *))
{
    gsaw__dropped before = {.value = self->value, .destroy = self->destroy};
    self->value = value;
    self->destroy = destroy;
    gsaw__dropped_destroy(before);
}

gsaw_status gsaw_context_fail(gsaw_context *self, gsaw_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(self->text, sizeof self->text, format, arguments);
    va_end(arguments);
    return status;
}

void gsaw_context_report_memory(gsaw_context *self, uint64_t bytes)
{
    self->memory = bytes > self->memory ? bytes : self->memory;
}
