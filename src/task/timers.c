/* timers.c - deadlines and retries: one thread that sleeps until the next is due; none without
 * them.
 * Keeps:   an entry of the queue is a record's, which knows its slot; gone when that has ended.
 * Threads: the timer thread, and all under the scheduler's lock.
 * Next:    scheduler.h */
#include "base/check.h"
#include "base/clock.h"
#include "task/scheduler.h"

#define RETRY (UINT64_C(1) << 32) /* in an item: of a retry, not of a deadline */

static void fire(gsaw_scheduler *self, uint64_t item)
{
    uint32_t number = (uint32_t)item;
    gsaw__record *record = gsaw__record_at(self, number);
    gsaw__cold *cold = gsaw__cold_at(self, record);
    if ((item & RETRY) != 0) {
        gsaw__queue_remove(&self->timers, cold->retry_slot);
        cold->retry_slot = GSAW_SLOT_NONE;
        record->flags &= (uint8_t)~GSAW_RECORD_RETRYING;
        self->retrying--;
        gsaw__record_ready(self, number);
        return;
    }
    gsaw__queue_remove(&self->timers, cold->deadline_slot);
    cold->deadline_slot = GSAW_SLOT_NONE;
    if (record->state == GSAW_TASK_RUNNING)
        gsaw__record_stop(record, GSAW_RECORD_LATE);
    else
        gsaw__record_expire(self, number);
}

static void serve(void *argument)
{
    gsaw_scheduler *self = argument;
    gsaw__mutex_lock(&self->lock);
    while (!self->timer_ends) {
        if (self->timers.count == 0) {
            gsaw__condition_wait(&self->timer_due, &self->lock);
            continue;
        }
        const gsaw__queue_entry *next = gsaw__queue_at(&self->timers, 0);
        if (gsaw__clock_ns() < next->sequence) {
            gsaw__condition_wait_until(&self->timer_due, &self->lock, next->sequence);
            continue;
        }
        fire(self, gsaw__queue_item(&self->timers, next->slot));
        gsaw__executor_execute(self);
    }
    gsaw__mutex_unlock(&self->lock);
}

gsaw_status gsaw__timers_start(gsaw_scheduler *self)
{
    if (self->has_timer)
        return GSAW_OK;
    gsaw__thread_options options = {.function = serve, .argument = self, .name = "gangsaw-timer"};
    if (self->pool->start(&self->timer, &options, NULL) != GSAW_OK)
        return GSAW_LIMIT;
    self->has_timer = true;
    return GSAW_OK;
}

void gsaw__timers_stop(gsaw_scheduler *self)
{
    if (!self->has_timer)
        return;
    gsaw__mutex_lock(&self->lock);
    self->timer_ends = true;
    gsaw__condition_signal(&self->timer_due);
    gsaw__mutex_unlock(&self->lock);
    gsaw__thread_join(&self->timer);
    self->has_timer = false;
}

static uint32_t set(gsaw_scheduler *self, uint64_t at_ns, uint64_t item)
{
    uint32_t slot = gsaw__queue_push(&self->timers, 0, at_ns, item);
    if (gsaw__queue_at(&self->timers, 0)->slot == slot)
        gsaw__condition_signal(&self->timer_due); /* earlier than what it sleeps for */
    return slot;
}

void gsaw__timer_set_deadline(gsaw_scheduler *self, uint32_t number)
{
    gsaw__cold *cold = gsaw__cold_at(self, gsaw__record_at(self, number));
    cold->deadline_slot = set(self, cold->deadline_ns, number);
}

void gsaw__timer_set_retry(gsaw_scheduler *self, uint32_t number, uint64_t at_ns)
{
    gsaw__cold *cold = gsaw__cold_at(self, gsaw__record_at(self, number));
    cold->retry_slot = set(self, at_ns, number | RETRY);
}

void gsaw__timers_clear(gsaw_scheduler *self, uint32_t number)
{
    gsaw__cold *cold = gsaw__cold_at(self, gsaw__record_at(self, number));
    if (cold->deadline_slot != GSAW_SLOT_NONE)
        gsaw__queue_remove(&self->timers, cold->deadline_slot);
    if (cold->retry_slot != GSAW_SLOT_NONE)
        gsaw__queue_remove(&self->timers, cold->retry_slot);
    cold->deadline_slot = cold->retry_slot = GSAW_SLOT_NONE;
}
