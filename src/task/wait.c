/* wait.c - waiting for tasks, from outside and from inside of tasks; room; shutdown.
 * Keeps:   a task that waits runs nothing but what it waits for, so that all on top of it on its
 *          stack is needed for it; what could never end before it does is refused.
 * Threads: any, but for what is said in gangsaw/scheduler.h.
 * Next:    scheduler.h */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/status.h"
#include "task/scheduler.h"

/* What somebody waits for. */
typedef struct wait {
    const gsaw_handle *tasks;
    size_t count;
    bool is_any;
    uint64_t deadline_ns;
    gsaw_error *error;
    size_t ended; /* so many from the first on have ended: they are not looked at again */
    size_t root;  /* of these something was ready, when last looked for */
} wait;

static bool is_forked(const gsaw_scheduler *self) { return gsaw__pool_is_forked(self->pool); }

/* Sleep on a condition (the lock is given back), or run what there is if the pool has no threads
 * and this is none of its tasks. False when the deadline has passed. */
static bool sleep_until(gsaw_scheduler *self, gsaw__condition *condition, uint64_t deadline_ns)
{
    if (deadline_ns != GSAW_NO_DEADLINE && gsaw__clock_ns() >= deadline_ns)
        return false;
    if (gsaw_pool_worker_count(self->pool) == 0 && gsaw_group_pending(&self->group) != 0 &&
        gsaw__pool_worker_here(self->pool) == NULL) {
        gsaw__mutex_unlock(&self->lock);
        gsaw_pool_wait_until(self->pool, &self->group, deadline_ns);
        gsaw__mutex_lock(&self->lock);
    } else if (deadline_ns == GSAW_NO_DEADLINE) {
        gsaw__condition_wait(condition, &self->lock);
    } else {
        gsaw__condition_wait_until(condition, &self->lock, deadline_ns);
    }
    return true;
}

/* ---- what is waited for ---- */

static bool has_ended(const gsaw_scheduler *self, gsaw_handle task)
{
    uint32_t number = gsaw__handle_record(self, task);
    return number == GSAW_NONE || gsaw__record_has_ended(gsaw__record_at(self, number));
}

/* Whether the wait is over; *which, of a wait for any: the first that has ended. */
static bool is_over(const gsaw_scheduler *self, wait *what, size_t *which)
{
    if (what->is_any) {
        *which = 0;
        while (*which < what->count && !has_ended(self, what->tasks[*which]))
            ++*which;
        return *which < what->count;
    }
    while (what->ended < what->count && has_ended(self, what->tasks[what->ended]))
        what->ended++;
    return what->ended == what->count;
}

bool gsaw__wait_is_over(const gsaw_scheduler *self, const gsaw_context *context)
{
    wait what = {
        .tasks = context->awaited, .count = context->awaited_count, .is_any = context->awaits_any};
    size_t which;
    return is_over(self, &what, &which);
}

/* Count the waiter in: its tasks' records stay until it is counted out. GSAW_NOT_FOUND and nothing
 * counted if there is no such task. */
static gsaw_status join(gsaw_scheduler *self, const wait *what)
{
    for (size_t i = 0; i < what->count; i++)
        if (gsaw__handle_record(self, what->tasks[i]) == GSAW_NONE)
            return gsaw__fail(what->error, GSAW_NOT_FOUND, "no such task");
    for (size_t i = 0; i < what->count; i++)
        gsaw__record_at(self, gsaw__handle_record(self, what->tasks[i]))->waiters++;
    return GSAW_OK;
}

static void part(gsaw_scheduler *self, const wait *what)
{
    for (size_t i = 0; i < what->count; i++) {
        uint32_t number = (uint32_t)what->tasks[i]; /* joined: it is there, if forgotten */
        gsaw__record *record = gsaw__record_at(self, number);
        record->waiters--;
        if ((record->flags & GSAW_RECORD_FORGOTTEN) != 0 && gsaw__record_has_ended(record))
            gsaw__record_release(self, number);
    }
}

/* ---- searches: from a task to what it waits for ---- */

uint32_t gsaw__next_awaited(gsaw_scheduler *self, gsaw__record *record, uint32_t *step)
{
    if (record->state == GSAW_TASK_RUNNING) {
        const gsaw_context *context = record->context;
        while (context != NULL && context->awaited != NULL && *step < context->awaited_count) {
            uint32_t number = gsaw__handle_record(self, context->awaited[(*step)++]);
            if (number != GSAW_NONE)
                return number;
        }
        return GSAW_NONE;
    }
    for (;;) {
        uint32_t *next =
            *step == 0 ? &record->dependencies : &gsaw__link_at(self, *step)->next_dependency;
        uint32_t link = *next;
        if (link == 0)
            return GSAW_NONE;
        const gsaw__link *at = gsaw__link_at(self, link);
        if (at->before != GSAW_NONE) {
            *step = link;
            return at->before;
        }
        *next = at->next_dependency; /* it has ended: no search comes by here again */
        gsaw__link_free(self, link);
    }
}

/* Follow what `root` waits for, depth first, until `accept` says that a record is it; ready_at of
 * those on the way holds who came there (from 1) above, the place in their list below. Records that
 * are ready keep theirs: they wait for nothing. */
typedef bool accepts(const gsaw_scheduler *self, uint32_t number, uint32_t goal);

typedef struct search {
    accepts *accept;
    uint32_t goal, mark;
    bool through_running; /* go on to what running tasks wait for */
    uint32_t from;        /* out: who waits for what was found; GSAW_NONE: it is the root */
} search;

static bool is_on_way(const search *how, const gsaw__record *record)
{
    return record->state == GSAW_TASK_NEW || record->state == GSAW_TASK_WAITING ||
           (how->through_running && record->state == GSAW_TASK_RUNNING);
}

static uint32_t search_from(gsaw_scheduler *self, uint32_t root, search *how)
{
    uint32_t current = GSAW_NONE, found = root;
    for (;;) {
        gsaw__record *record = found == GSAW_NONE ? NULL : gsaw__record_at(self, found);
        if (record != NULL && how->accept(self, found, how->goal)) {
            how->from = current;
            return found;
        }
        if (record != NULL && record->mark != how->mark && is_on_way(how, record)) {
            record->mark = how->mark;
            record->ready_at = (uint64_t)(current + 1) << 32; /* GSAW_NONE + 1 is 0 */
            current = found;
        }
        if (current == GSAW_NONE)
            return GSAW_NONE;
        record = gsaw__record_at(self, current);
        uint32_t step = (uint32_t)record->ready_at, from = (uint32_t)(record->ready_at >> 32);
        found = gsaw__next_awaited(self, record, &step);
        record->ready_at = (uint64_t)from << 32 | step;
        if (found == GSAW_NONE)
            current = from - 1; /* 0 - 1 is GSAW_NONE */
    }
}

static bool is_goal(const gsaw_scheduler *self, uint32_t number, uint32_t goal)
{
    (void)self;
    return number == goal;
}

static bool is_ready(const gsaw_scheduler *self, uint32_t number, uint32_t goal)
{
    (void)goal;
    return gsaw__record_at(self, number)->state == GSAW_TASK_QUEUED;
}

/* Refuse to let a task wait for what waits for it. */
static gsaw_status check_wait(gsaw_scheduler *self, const gsaw_context *context, const wait *what)
{
    search how = {.accept = is_goal,
                  .goal = context->record,
                  .mark = gsaw__next_mark(self),
                  .through_running = true};
    for (size_t i = 0; i < what->count; i++) {
        uint32_t root = gsaw__handle_record(self, what->tasks[i]);
        if (search_from(self, root, &how) == GSAW_NONE)
            continue;
        /* Turn the way round, so that each leads to what it waits for, and close it. */
        uint32_t next = context->record;
        for (uint32_t at = how.from; at != GSAW_NONE;) {
            gsaw__record *record = gsaw__record_at(self, at);
            uint32_t from = (uint32_t)(record->ready_at >> 32);
            record->ready_at = next;
            next = at;
            at = from - 1;
        }
        gsaw__record_at(self, context->record)->ready_at = next;
        return gsaw__tell_cycle(self, context->record, what->error);
    }
    return GSAW_OK;
}

/* ---- waiting inside a task ---- */

/* Something ready that is waited for, directly or not; GSAW_NONE. *mark: of the search. */
static uint32_t find_ready(gsaw_scheduler *self, wait *what, uint32_t *mark)
{
    search how = {.accept = is_ready, .mark = gsaw__next_mark(self)};
    *mark = how.mark;
    if (what->root < what->ended)
        what->root = what->ended;
    for (size_t i = what->ended; i < what->count; i++) { /* from the root on, once around */
        uint32_t root = gsaw__handle_record(self, what->tasks[what->root]);
        uint32_t found = search_from(self, root, &how);
        if (found != GSAW_NONE)
            return found;
        what->root = what->root + 1 == what->count ? what->ended : what->root + 1;
    }
    return GSAW_NONE;
}

/* The tasks on this thread's stack, which end only when the innermost does: if that sleeps without
 * a deadline, so do they. */
static uint32_t asleep_with(gsaw_scheduler *self, const wait *what)
{
    uint32_t count = 0;
    if (what->deadline_ns == GSAW_NO_DEADLINE)
        for (const gsaw_context *at = gsaw__executor_context(self); at != NULL; at = at->outer)
            count++;
    return count;
}

/* Nothing of it is ready: let another thread take this one's place until something is. */
static bool block(gsaw_scheduler *self, gsaw_worker *worker, wait *what)
{
    size_t which;
    uint32_t mark, asleep = asleep_with(self, what);
    bool in_time = true;
    gsaw__mutex_unlock(&self->lock);
    gsaw_worker_block_begin(worker);
    gsaw__mutex_lock(&self->lock);
    self->helpers++;
    self->asleep += asleep;
    if (gsaw__is_stalled(self)) { /* who waits for all, or for room, is to know */
        gsaw__condition_broadcast(&self->ended);
        gsaw__condition_broadcast(&self->room);
    }
    while (in_time && !is_over(self, what, &which) && find_ready(self, what, &mark) == GSAW_NONE)
        in_time = sleep_until(self, &self->ended, what->deadline_ns);
    self->asleep -= asleep;
    self->helpers--;
    gsaw__mutex_unlock(&self->lock);
    gsaw_worker_block_end(worker);
    gsaw__mutex_lock(&self->lock);
    return in_time;
}

static bool help(gsaw_scheduler *self, gsaw_worker *worker, wait *what, size_t *which)
{
    uint32_t next = GSAW_NONE, mark = 0;
    bool in_time = true;
    while (!is_over(self, what, which)) {
        if (!in_time ||
            (what->deadline_ns != GSAW_NO_DEADLINE && gsaw__clock_ns() >= what->deadline_ns))
            return false;
        if (next == GSAW_NONE || gsaw__record_at(self, next)->state != GSAW_TASK_QUEUED)
            next = find_ready(self, what, &mark);
        if (next == GSAW_NONE) {
            in_time = block(self, worker, what);
            continue;
        }
        if (gsaw__record_is_late(self, gsaw__record_at(self, next))) {
            gsaw__record_expire(self, next);
            continue;
        }
        gsaw__executor_take(self, next, gsaw_worker_index(worker), true);
        next = gsaw__executor_run(self, worker, next, mark);
        gsaw_handle kept = next == GSAW_NONE ? 0 : gsaw__record_handle(self, next);
        gsaw__executor_execute(self);
        next = gsaw__handle_record(self, kept); /* its place may be another task's by now */
    }
    return true;
}

static gsaw_status wait_inside(gsaw_scheduler *self, gsaw_worker *worker, wait *what, size_t *which)
{
    gsaw_context *context = gsaw__executor_context(self);
    gsaw_status status = context == NULL ? GSAW_OK : check_wait(self, context, what);
    if (status != GSAW_OK)
        return status;
    for (size_t i = 0; context != NULL && i < what->count; i++)
        gsaw__record_raise(self, gsaw__handle_record(self, what->tasks[i]),
                           gsaw__record_at(self, context->record)->priority);
    if (context != NULL) {
        context->awaited = what->tasks;
        context->awaited_count = what->count;
        context->awaits_any = what->is_any;
    }
    status = help(self, worker, what, which) ? GSAW_OK : GSAW_TIMEOUT;
    if (context != NULL)
        context->awaited = NULL;
    return status;
}

/* ---- the API ---- */

static gsaw_status wait_for(gsaw_scheduler *self, wait *what, size_t *which)
{
    if (is_forked(self))
        return gsaw__fail(what->error, GSAW_CLOSED, "%s", gsaw_status_text(GSAW_CLOSED));
    gsaw_worker *worker = gsaw__pool_worker_here(self->pool);
    size_t first = 0;
    gsaw__mutex_lock(&self->lock);
    gsaw_status status = join(self, what);
    if (status == GSAW_OK) {
        if (is_over(self, what, &first) || what->count == 0)
            status = GSAW_OK;
        else if (worker != NULL)
            status = wait_inside(self, worker, what, &first);
        else
            while (status == GSAW_OK && !is_over(self, what, &first))
                status =
                    sleep_until(self, &self->ended, what->deadline_ns) ? GSAW_OK : GSAW_TIMEOUT;
        part(self, what);
    }
    gsaw__mutex_unlock(&self->lock);
    if (status == GSAW_OK && which != NULL)
        *which = first;
    if (status == GSAW_TIMEOUT)
        return gsaw__fail(what->error, status, "%s", gsaw_status_text(status));
    return status;
}

gsaw_status gsaw_scheduler_wait(gsaw_scheduler *self, gsaw_handle task, uint64_t deadline_ns,
                                gsaw_error *error)
{
    return gsaw_scheduler_wait_these(self, &task, 1, deadline_ns, error);
}

gsaw_status gsaw_scheduler_wait_any(gsaw_scheduler *self, const gsaw_handle *tasks, size_t count,
                                    uint64_t deadline_ns, size_t *which)
{
    wait what = {.tasks = tasks, .count = count, .is_any = true, .deadline_ns = deadline_ns};
    return count == 0 ? GSAW_INVALID : wait_for(self, &what, which);
}

gsaw_status gsaw_scheduler_wait_these(gsaw_scheduler *self, const gsaw_handle *tasks, size_t count,
                                      uint64_t deadline_ns, gsaw_error *error)
{
    wait what = {.tasks = tasks, .count = count, .deadline_ns = deadline_ns, .error = error};
    return wait_for(self, &what, NULL);
}

/* Append names of the records that `is_one` picks, as many as fit. */
static gsaw_status fail_naming(gsaw_scheduler *self, gsaw_error *error, gsaw_status status,
                               bool running)
{
    char names[160] = "", room[24];
    size_t length = 0;
    for (uint32_t number = 0; number < self->record_count; number++) {
        const gsaw__record *record = gsaw__record_at(self, number);
        bool is_one = running ? record->state == GSAW_TASK_RUNNING
                              : (record->flags & GSAW_RECORD_ANNOUNCED) != 0;
        if (record->generation % 2 == 0 || !is_one)
            continue;
        int more = snprintf(names + length, sizeof names - length, "%s%s", length == 0 ? "" : ", ",
                            gsaw__record_name(self, number, room));
        if (more < 0 || (size_t)more >= sizeof names - length) {
            snprintf(names + length, sizeof names - length, "%s", length == 0 ? "..." : "");
            return gsaw__fail(error, status, "%s %s, ...",
                              running ? "still running:" : "never came:", names);
        }
        length += (size_t)more;
    }
    return gsaw__fail(error, status, "%s %s", running ? "still running:" : "never came:", names);
}

gsaw_status gsaw_scheduler_wait_all(gsaw_scheduler *self, uint64_t deadline_ns, gsaw_error *error)
{
    if (is_forked(self))
        return gsaw__fail(error, GSAW_CLOSED, "%s", gsaw_status_text(GSAW_CLOSED));
    if (gsaw__pool_worker_here(self->pool) != NULL)
        return gsaw__fail(error, GSAW_INVALID, "a task would wait for itself");
    gsaw_status status = GSAW_OK;
    gsaw__mutex_lock(&self->lock);
    while (status == GSAW_OK && gsaw__unended(self) != 0) {
        if (gsaw__is_stalled(self))
            status = fail_naming(self, error, GSAW_NOT_FOUND, false);
        else if (!sleep_until(self, &self->ended, deadline_ns))
            status = gsaw__fail(error, GSAW_TIMEOUT, "%s", gsaw_status_text(GSAW_TIMEOUT));
    }
    gsaw__mutex_unlock(&self->lock);
    return status;
}

gsaw_status gsaw__wait_for_room(gsaw_scheduler *self, size_t count, bool may_wait)
{
    while (gsaw__unended(self) != 0 && self->state == GSAW_SCHEDULER_OPEN &&
           gsaw__unended(self) + count > self->options.tasks_max &&
           !gsaw__is_stalled(self)) { /* else it may be what they wait for */
        if (!may_wait)
            return GSAW_AGAIN;
        sleep_until(self, &self->room, GSAW_NO_DEADLINE);
    }
    return GSAW_OK;
}

gsaw_status gsaw_scheduler_shutdown(gsaw_scheduler *self, gsaw_shutdown how, uint64_t deadline_ns,
                                    gsaw_error *error)
{
    if (is_forked(self))
        return gsaw__fail(error, GSAW_CLOSED, "%s", gsaw_status_text(GSAW_CLOSED));
    if (gsaw__pool_worker_here(self->pool) != NULL)
        return gsaw__fail(error, GSAW_INVALID, "a task would wait for itself");
    gsaw_status status = GSAW_OK;
    gsaw__mutex_lock(&self->lock);
    uint32_t state = how == GSAW_SHUTDOWN_CANCEL ? GSAW_SCHEDULER_CANCEL : GSAW_SCHEDULER_DRAIN;
    self->state = state > self->state ? state : self->state;
    gsaw__condition_broadcast(&self->room);
    if (self->state == GSAW_SCHEDULER_CANCEL)
        gsaw__cancel_all(self);
    while (status == GSAW_OK && gsaw__unended(self) != 0) {
        if (gsaw__is_stalled(self)) {
            gsaw__cancel_all(self);
        } else if (!sleep_until(self, &self->ended, deadline_ns)) {
            self->state = GSAW_SCHEDULER_CANCEL;
            gsaw__cancel_all(self);
            if (gsaw__unended(self) != 0)
                status = fail_naming(self, error, GSAW_TIMEOUT, true);
        }
    }
    gsaw__mutex_unlock(&self->lock);
    return status;
}
