/* end.c - the states of tasks: ready, ended, and what becomes of those that wait for them.
 * Keeps:   legal transitions alone; every task ends once; no recursion, however long the chains.
 * Threads: under the scheduler's lock.
 * Next:    scheduler.h */
#include "base/check.h"
#include "base/clock.h"
#include "sync/progress.h"
#include "task/scheduler.h"

void gsaw__record_move(gsaw_scheduler *self, uint32_t number, gsaw_task_state to)
{
    gsaw__record *record = gsaw__record_at(self, number);
    gsaw_assert(gsaw_task_state_may_become((gsaw_task_state)record->state, to));
    self->counts[record->state] -= record->state != GSAW_TASK_NEW;
    self->counts[to]++;
    record->state = (uint8_t)to;
}

/* ---- ready ---- */

void gsaw__record_ready(gsaw_scheduler *self, uint32_t number)
{
    gsaw__record *record = gsaw__record_at(self, number);
    gsaw_assert(record->waits == 0);
    gsaw__record_move(self, number, GSAW_TASK_QUEUED);
    record->ready_at = self->picks;
    record->slot =
        gsaw__queue_push(&self->ready, gsaw__record_rank(self, record), record->sequence, number);
    record->previous = self->ready_last;
    record->next = 0;
    if (self->ready_last != 0)
        gsaw__record_at(self, self->ready_last - 1)->next = number + 1;
    else
        self->ready_first = number + 1;
    self->ready_last = number + 1;
    if (self->helpers != 0)
        gsaw__condition_broadcast(&self->ended);
}

void gsaw__record_unready(gsaw_scheduler *self, uint32_t number)
{
    gsaw__record *record = gsaw__record_at(self, number);
    bool is_held = (record->flags & GSAW_RECORD_HELD) != 0;
    gsaw__queue_remove(is_held ? &self->held : &self->ready, record->slot);
    record->slot = GSAW_SLOT_NONE;
    record->flags &= (uint8_t)~GSAW_RECORD_HELD;
    if (record->previous != 0)
        gsaw__record_at(self, record->previous - 1)->next = record->next;
    else
        self->ready_first = record->next;
    if (record->next != 0)
        gsaw__record_at(self, record->next - 1)->previous = record->previous;
    else
        self->ready_last = record->previous;
    record->next = record->previous = 0;
}

/* Raise one, and put it on the list if it waits for others. */
static void raise_one(gsaw_scheduler *self, uint32_t number, int32_t priority, uint32_t *list)
{
    gsaw__record *record = gsaw__record_at(self, number);
    if (record->priority >= priority)
        return;
    record->priority = priority;
    if (record->state == GSAW_TASK_QUEUED) {
        bool is_held = (record->flags & GSAW_RECORD_HELD) != 0;
        gsaw__queue_raise(is_held ? &self->held : &self->ready, record->slot,
                          gsaw__record_rank(self, record));
    } else if (record->state == GSAW_TASK_RUNNING ||
               (record->state == GSAW_TASK_WAITING && record->waits != 0)) {
        record->next = *list;
        *list = number + 1;
    }
}

void gsaw__record_raise(gsaw_scheduler *self, uint32_t number, int32_t priority)
{
    uint32_t list = 0; /* raised, and what they wait for still to be: by `next`, from 1 */
    raise_one(self, number, priority, &list);
    while (list != 0) {
        gsaw__record *record = gsaw__record_at(self, list - 1);
        list = record->next;
        record->next = 0;
        uint32_t step = 0, before;
        while ((before = gsaw__next_awaited(self, record, &step)) != GSAW_NONE)
            raise_one(self, before, priority, &list);
    }
}

/* ---- ended ---- */

/* The task itself ends: it is in no queue and holds nothing any more. */
static void close_record(gsaw_scheduler *self, uint32_t number, const gsaw__ending *how)
{
    gsaw__record *record = gsaw__record_at(self, number);
    if (record->state == GSAW_TASK_QUEUED)
        gsaw__record_unready(self, number);
    if ((record->flags & GSAW_RECORD_RETRYING) != 0) {
        record->flags &= (uint8_t)~GSAW_RECORD_RETRYING;
        self->retrying--;
    }
    if (record->cold != 0) {
        gsaw__timers_clear(self, number);
        if (self->options.times)
            gsaw__cold_at(self, record)->finished_ns = gsaw__clock_ns();
    }
    gsaw__record_move(self, number, how->state);
    record->status = (uint8_t)how->status;
    record->cause = how->cause;
    if (record->waiters != 0)
        gsaw__condition_broadcast(&self->ended);
    if (self->options.progress != NULL)
        gsaw__progress_count(self->options.progress, 0, 1);
}

/* Put a task that has ended on the list of those whose dependants are to be told. Held like one
 * that somebody waits for: another one on the list may be the last that leads to it. */
static uint32_t list_ended(const gsaw_scheduler *self, uint32_t number, uint32_t list)
{
    gsaw__record *record = gsaw__record_at(self, number);
    record->waiters++;
    record->next = list;
    return number + 1;
}

/* What waits for a record that has ended counts down; what was made to end by it is put on `list`.
 */
static uint32_t release_dependants(gsaw_scheduler *self, uint32_t number, bool cancels,
                                   uint32_t list)
{
    gsaw__record *record = gsaw__record_at(self, number);
    uint32_t link = record->dependants;
    record->dependants = 0;
    gsaw_handle cause =
        record->state == GSAW_TASK_SKIPPED ? record->cause : gsaw__record_handle(self, number);
    bool is_done = record->state == GSAW_TASK_DONE;
    while (link != 0) {
        gsaw__link *at = gsaw__link_at(self, link);
        uint32_t after = at->after;
        link = at->next_dependant;
        at->before = GSAW_NONE;
        gsaw__record *waiting = gsaw__record_at(self, after);
        waiting->waits--;
        if (gsaw__record_has_ended(waiting)) {
            if ((waiting->flags & GSAW_RECORD_FORGOTTEN) != 0)
                gsaw__record_release(self, after);
        } else if (is_done) {
            if (waiting->waits == 0 && waiting->state == GSAW_TASK_WAITING)
                gsaw__record_ready(self, after);
        } else if (waiting->state == GSAW_TASK_WAITING) {
            gsaw__ending how = {.state = cancels ? GSAW_TASK_CANCELLED : GSAW_TASK_SKIPPED,
                                .status = GSAW_CANCELLED,
                                .cause = cause};
            close_record(self, after, &how);
            list = list_ended(self, after, list);
        }
    }
    return list;
}

static void forget_ended(gsaw_scheduler *self, uint32_t number)
{
    gsaw__record *record = gsaw__record_at(self, number);
    if (self->options.forget)
        record->flags |= GSAW_RECORD_FORGOTTEN;
    if ((record->flags & GSAW_RECORD_FORGOTTEN) != 0)
        gsaw__record_release(self, number);
}

static void end_record(gsaw_scheduler *self, uint32_t number, const gsaw__ending *how)
{
    close_record(self, number, how);
    uint32_t list = list_ended(self, number, 0);
    while (list != 0) {
        uint32_t ended = list - 1;
        gsaw__record *record = gsaw__record_at(self, ended);
        list = record->next;
        record->next = 0;
        list = release_dependants(self, ended, how->cancels, list);
        record->waiters--;
        forget_ended(self, ended);
    }
    if (gsaw__unended(self) == 0 || gsaw__is_stalled(self))
        gsaw__condition_broadcast(&self->ended);
    if (self->options.tasks_max != 0)
        gsaw__condition_broadcast(&self->room);
}

void gsaw__record_stop(gsaw__record *record, uint8_t why)
{
    record->flags |= why;
    if (record->context != NULL)
        gsaw__store_relaxed(&record->context->stop, true); /* [S4] a flag, nothing hangs on it */
}

/* Ask all that runs to stop. False if some of it was just taken and has no context yet. */
static bool stop_running(gsaw_scheduler *self)
{
    uint64_t count = 0;
    for (const gsaw_context *at = self->running; at != NULL; at = at->next, count++)
        gsaw__record_stop(gsaw__record_at(self, at->record), GSAW_RECORD_STOP);
    return count == self->counts[GSAW_TASK_RUNNING];
}

void gsaw__cancel_all(gsaw_scheduler *self)
{
    gsaw__ending how = {.state = GSAW_TASK_CANCELLED, .status = GSAW_CANCELLED, .cancels = true};
    while (self->ready_first != 0)
        end_record(self, self->ready_first - 1, &how);
    if (stop_running(self) && self->counts[GSAW_TASK_WAITING] == 0)
        return; /* not all records for each of many failures */
    for (uint32_t number = 0; number < self->record_count; number++) {
        gsaw__record *record = gsaw__record_at(self, number);
        if (record->generation % 2 == 0)
            continue;
        if (record->state == GSAW_TASK_WAITING)
            end_record(self, number, &how);
        else if (record->state == GSAW_TASK_RUNNING)
            gsaw__record_stop(record, GSAW_RECORD_STOP);
    }
}

void gsaw__record_end(gsaw_scheduler *self, uint32_t number, const gsaw__ending *how)
{
    end_record(self, number, how);
    if (how->state == GSAW_TASK_FAILED && self->options.fail_fast)
        gsaw__cancel_all(self);
}

uint64_t gsaw__unended(const gsaw_scheduler *self)
{
    return self->counts[GSAW_TASK_WAITING] + self->counts[GSAW_TASK_QUEUED] +
           self->counts[GSAW_TASK_RUNNING];
}

bool gsaw__is_stalled(const gsaw_scheduler *self)
{
    if (self->counts[GSAW_TASK_WAITING] == 0 || self->retrying != 0 ||
        self->counts[GSAW_TASK_QUEUED] != 0 || self->counts[GSAW_TASK_RUNNING] != self->asleep)
        return false;
    for (const gsaw_context *at = self->running; at != NULL; at = at->next)
        if (self->innermost[gsaw_worker_index(at->worker)] == at && gsaw__wait_is_over(self, at))
            return false; /* it is about to wake up */
    return true;
}

bool gsaw__record_is_late(const gsaw_scheduler *self, const gsaw__record *record)
{
    if (record->cold == 0)
        return false;
    uint64_t deadline_ns = gsaw__cold_at(self, record)->deadline_ns;
    return deadline_ns != 0 && gsaw__clock_ns() >= deadline_ns;
}

void gsaw__record_expire(gsaw_scheduler *self, uint32_t number)
{
    gsaw__ending how = {.state = GSAW_TASK_FAILED, .status = GSAW_TIMEOUT};
    gsaw__record_set_text(self, number, "its deadline passed");
    gsaw__record_end(self, number, &how);
}

/* ---- forgotten ---- */

gsaw__dropped gsaw__record_forget(gsaw_scheduler *self, uint32_t number)
{
    gsaw__record *record = gsaw__record_at(self, number);
    gsaw__dropped dropped = {.value = record->value, .destroy = record->destroy};
    record->value = NULL;
    record->destroy = NULL;
    record->flags |= GSAW_RECORD_FORGOTTEN;
    if (gsaw__record_has_ended(record))
        gsaw__record_release(self, number);
    return dropped;
}

void gsaw__dropped_destroy(gsaw__dropped dropped)
{
    if (dropped.value != NULL && dropped.destroy != NULL)
        dropped.destroy(dropped.value);
}
