/* scheduler_fixture.h - what the tests of the scheduler share: a scheduler, a gate, a log.
 * Keeps:   functions get their text as argument, and the fixture from `current`.
 * Threads: the log is under its lock.
 * Next:    unit/test_scheduler.c, unit/test_scheduler_wait.c */
#ifndef GSAW_TESTS_SCHEDULER_FIXTURE_H
#define GSAW_TESTS_SCHEDULER_FIXTURE_H

#include <gangsaw/task.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/thread.h"

#define LOG_MAX 4096

/* What the tasks of a test share. */
typedef struct shared {
    gsaw_scheduler *scheduler;
    gsaw__mutex lock;
    gsaw__condition changed;
    bool is_open;      /* `gate` may go on */
    uint32_t entered;  /* tasks in `gate` */
    char log[LOG_MAX]; /* what ran, in order */
} shared;

static inline void open_with(shared *self, const gsaw_scheduler_options *given)
{
    memset(self, 0, sizeof *self);
    gsaw_scheduler_options options = *given;
    options.size = sizeof options;
    assert_int_equal(gsaw__mutex_init(&self->lock, "test", GSAW_RANK_LEAF), GSAW_OK);
    assert_int_equal(gsaw__condition_init(&self->changed), GSAW_OK);
    gsaw_error error = {0};
    if (gsaw_scheduler_new(&options, &self->scheduler, &error) != GSAW_OK)
        fail_msg("%s", error.text);
}

static inline void open_one(shared *self)
{
    open_with(self, &(gsaw_scheduler_options){.workers = 1, .seed = 1});
}

static inline void close_all(shared *self)
{
    gsaw_scheduler_free(self->scheduler);
    gsaw__condition_clear(&self->changed);
    gsaw__mutex_clear(&self->lock);
}

static inline void open_gate(shared *self)
{
    gsaw__mutex_lock(&self->lock);
    self->is_open = true;
    gsaw__condition_broadcast(&self->changed);
    gsaw__mutex_unlock(&self->lock);
}

static inline gsaw_status gate(gsaw_context *context, void *argument)
{
    (void)context;
    shared *self = argument;
    gsaw__mutex_lock(&self->lock);
    self->entered++;
    gsaw__condition_broadcast(&self->changed);
    while (!self->is_open)
        gsaw__condition_wait(&self->changed, &self->lock);
    gsaw__mutex_unlock(&self->lock);
    return GSAW_OK;
}

/* Keep the one worker busy until open_gate. */
static inline void hold(shared *self)
{
    gsaw_task_definition definition = {.function = gate, .argument = self, .priority = 1000000};
    assert_int_equal(gsaw_scheduler_schedule(self->scheduler, &definition, NULL, NULL), GSAW_OK);
    gsaw__mutex_lock(&self->lock);
    while (self->entered == 0)
        gsaw__condition_wait(&self->changed, &self->lock);
    gsaw__mutex_unlock(&self->lock);
}

static shared *current; /* of the running test */

static inline void write_log(const char *text)
{
    gsaw__mutex_lock(&current->lock);
    if (strlen(current->log) + strlen(text) + 2 < sizeof current->log) {
        if (current->log[0] != '\0')
            strcat(current->log, " ");
        strcat(current->log, text);
    }
    gsaw__mutex_unlock(&current->lock);
}

static inline gsaw_status say(gsaw_context *context, void *argument)
{
    (void)context;
    write_log(argument);
    return GSAW_OK;
}

static inline gsaw_status say_and_fail(gsaw_context *context, void *argument)
{
    write_log(argument);
    return gsaw_context_fail(context, GSAW_DAMAGED, "%s went wrong", (const char *)argument);
}

static inline gsaw_handle add(shared *self, const gsaw_task_definition *definition)
{
    gsaw_handle handle = 0;
    gsaw_error error = {0};
    gsaw_status status = gsaw_scheduler_schedule(self->scheduler, definition, &handle, &error);
    if (status != GSAW_OK)
        fail_msg("%s", error.text);
    return handle;
}

/* A literal as an argument. */
static inline void *text(const char *literal) { return (void *)(uintptr_t)literal; }

static inline gsaw_task_definition task_of(const char *id, int32_t priority)
{
    return (gsaw_task_definition){
        .id = id, .function = say, .argument = text(id), .priority = priority};
}

static inline void run_all(shared *self)
{
    open_gate(self);
    gsaw_error error = {0};
    if (gsaw_scheduler_wait_all(self->scheduler, GSAW_NO_DEADLINE, &error) != GSAW_OK)
        fail_msg("%s", error.text);
}

static inline gsaw_task_state state_of(shared *self, gsaw_handle task)
{
    gsaw_task_state state;
    assert_int_equal(gsaw_scheduler_get_status(self->scheduler, task, &state), GSAW_OK);
    return state;
}

static inline gsaw_task_result result_of(shared *self, const char *id)
{
    gsaw_task_result result;
    gsaw_handle handle = gsaw_scheduler_find(self->scheduler, id);
    assert_int_equal(gsaw_scheduler_result(self->scheduler, handle, &result), GSAW_OK);
    return result;
}

static inline gsaw_status stop_when_asked(gsaw_context *context, void *argument)
{
    shared *self = argument;
    gsaw__mutex_lock(&self->lock);
    self->entered++;
    gsaw__condition_broadcast(&self->changed);
    gsaw__mutex_unlock(&self->lock);
    while (!gsaw_context_is_cancelled(context))
        gsaw__thread_pause();
    return GSAW_CANCELLED;
}

static inline void wait_entered(shared *self, uint32_t count)
{
    gsaw__mutex_lock(&self->lock);
    while (self->entered < count)
        gsaw__condition_wait(&self->changed, &self->lock);
    gsaw__mutex_unlock(&self->lock);
}

#endif
